using Marketplace.Quantities;

namespace Marketplace.Billing.Tests;

internal static class Examples
{
    internal static readonly DateTimeOffset October = new(2026, 10, 1, 0, 0, 0, TimeSpan.Zero);
    internal static readonly DateTimeOffset November = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    internal static TariffTerms Tariff(int version = 1, int vat = 1900, long standingMicroPerDay = 250_000) => new()
    {
        Version = version,
        During = new Interval(October, November),
        StandingChargePerDay = Money.FromMicro(standingMicroPerDay),
        VatBasisPoints = vat,
        NetworkFees = new Dictionary<Carrier, Price> { [Carrier.Heat] = new(12_000), [Carrier.Cold] = new(9_000), [Carrier.Electricity] = new(30_000) },
    };

    internal static PositionSum Sum(int member, Carrier carrier, EnergySide side, string plant = "", int tariff = 1,
        long traded = 0, long metered = 0, long tradedMicro = 0, long imbalanceMicro = 0, long feeMicro = 0, long above = 0, long below = 0) => new()
        {
            Member = member,
            Carrier = carrier,
            Side = side,
            Plant = plant,
            TariffVersion = tariff,
            Hours = 744,
            Traded = new Energy(traded),
            Metered = new Energy(metered),
            Above = new Energy(above),
            Below = new Energy(below),
            TradedAmount = new Money(tradedMicro),
            ImbalanceAmount = new Money(imbalanceMicro),
            NetworkFee = new Money(feeMicro),
        };

    internal static BillingInputs Inputs(IReadOnlyList<PositionSum> positions, IReadOnlyList<SuppliedDays>? days = null,
        IReadOnlyList<RevenueShare>? shares = null, IReadOnlyList<TariffTerms>? tariffs = null, params string[] stores) => new()
        {
            Tariffs = tariffs ?? [Tariff()],
            Stores = stores.ToHashSet(StringComparer.Ordinal),
            Positions = positions,
            Days = days ?? [],
            Shares = shares ?? [],
        };
}
