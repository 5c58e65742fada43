using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>Computes the documents of a loop's period from the sums of its settled hours. Every position ends on exactly one
/// document, so that the exact sums of a member's documents are what the journal holds for the member's unbilled hours.</summary>
public static class Invoicing
{
    /// <summary>The documents, by member and role. A member without any line gets none. A charge without a plant goes on the first of the
    /// member's documents, on a bill of its own if there is none.</summary>
    /// <exception cref="ArgumentException">A position or day names a tariff that is not among the tariffs, or a charge a kind that is none.</exception>
    public static IReadOnlyList<BillDocument> Documents(BillingInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var tariffs = inputs.Tariffs.ToDictionary(tariff => tariff.Version);
        TariffTerms Tariff(int version) => tariffs.TryGetValue(version, out var terms)
            ? terms
            : throw new ArgumentException($"Tariff {version} is not among those of the period", nameof(inputs));

        var lines = new Dictionary<(int Member, DocumentRole Role), List<BillLine>>();
        List<BillLine> LinesOf(int member, DocumentRole role)
        {
            if (!lines.TryGetValue((member, role), out var list))
            {
                lines.Add((member, role), list = []);
            }

            return list;
        }

        var order = inputs.Tariffs.Select((tariff, i) => (tariff.Version, i)).ToDictionary(pair => pair.Version, pair => pair.i);
        foreach (var sum in inputs.Positions
            .OrderBy(sum => sum.Plant, StringComparer.Ordinal)
            .ThenBy(sum => order.GetValueOrDefault(sum.TariffVersion))
            .ThenBy(sum => sum.Carrier)
            .ThenBy(sum => sum.Side))
        {
            var role = RoleOf(sum, inputs.Stores);
            LinesOf(sum.Member, role).AddRange(OfPositions(sum, role, Tariff(sum.TariffVersion)));
        }

        foreach (var days in inputs.Days.Where(days => days.Days > 0).OrderBy(days => order.GetValueOrDefault(days.TariffVersion)))
        {
            var tariff = Tariff(days.TariffVersion);
            if (tariff.StandingChargePerDay != Money.Zero)
            {
                LinesOf(days.Member, DocumentRole.Consumer).Add(StandingCharge(days, tariff));
            }
        }

        var closing = inputs.Tariffs[^1];
        foreach (var charge in inputs.Charges
            .OrderBy(charge => charge.Kind).ThenBy(charge => charge.Plant, StringComparer.Ordinal).ThenBy(charge => charge.Carrier))
        {
            var role = charge.Plant.Length > 0
                ? DocumentRole.Storage
                : lines.Keys.Where(key => key.Member == charge.Member).Select(key => (DocumentRole?)key.Role).Min() ?? DocumentRole.Consumer;
            LinesOf(charge.Member, role).Add(ChargeLine(charge, role, closing));
        }

        foreach (var share in inputs.Shares.OrderBy(share => share.Plant, StringComparer.Ordinal).ThenBy(share => share.Investor))
        {
            var ownersRole = inputs.Stores.Contains(share.Plant) ? DocumentRole.Storage : DocumentRole.Producer;
            LinesOf(share.Owner, ownersRole).Add(ShareLine(share, BillLineKind.SharePaid, share.Amount, closing.Version));
            LinesOf(share.Investor, DocumentRole.Investor).Add(ShareLine(share, BillLineKind.ShareReceived, -share.Amount, closing.Version));
        }

        return
        [
            .. lines.Where(entry => entry.Value.Count > 0)
                .OrderBy(entry => entry.Key.Member).ThenBy(entry => entry.Key.Role)
                .Select(entry => new BillDocument(entry.Key.Member, entry.Key.Role, entry.Value)),
        ];
    }

    private static DocumentRole RoleOf(PositionSum sum, IReadOnlySet<string> stores) =>
        stores.Contains(sum.Plant) ? DocumentRole.Storage
        : sum.Plant.Length == 0 && sum.Side == EnergySide.Taken ? DocumentRole.Consumer
        : DocumentRole.Producer;

    private static IEnumerable<BillLine> OfPositions(PositionSum sum, DocumentRole role, TariffTerms tariff)
    {
        var vat = role == DocumentRole.Consumer ? VatRate.Standard(tariff.VatBasisPoints) : VatRate.Exempt;
        var main = (role, sum.Side) switch
        {
            (DocumentRole.Consumer, _) => BillLineKind.Energy,
            (DocumentRole.Storage, EnergySide.Taken) => BillLineKind.Charge,
            (DocumentRole.Storage, _) => BillLineKind.Discharge,
            (_, EnergySide.Taken) => BillLineKind.Input,
            _ => BillLineKind.Sale,
        };
        if (sum.Traded != Energy.Zero || sum.TradedAmount != Money.Zero)
        {
            yield return Line(main, sum.Traded, sum.TradedAmount, new LineTrace(main.Name(), sum.TariffVersion,
            [
                new("side", (long)sum.Side),
                new("hours", sum.Hours),
                new("estimatedHours", sum.EstimatedHours),
                new("tradedWh", sum.Traded.WattHours),
                .. Price("lowestMicroPerKWh", sum.LowestPrice),
                .. Price("highestMicroPerKWh", sum.HighestPrice),
                new("exactMicro", sum.TradedAmount.Micro),
            ]));
        }

        if (sum.Above != Energy.Zero || sum.Below != Energy.Zero || sum.ImbalanceAmount != Money.Zero)
        {
            yield return Line(BillLineKind.Imbalance, sum.Metered - sum.Traded, sum.ImbalanceAmount, new LineTrace(BillLineKind.Imbalance.Name(), sum.TariffVersion,
            [
                new("side", (long)sum.Side),
                new("hours", sum.Hours),
                new("estimatedHours", sum.EstimatedHours),
                new("tradedWh", sum.Traded.WattHours),
                new("meteredWh", sum.Metered.WattHours),
                new("aboveWh", sum.Above.WattHours),
                new("belowWh", sum.Below.WattHours),
                new("exactMicro", sum.ImbalanceAmount.Micro),
            ]));
        }

        if (sum.Wished != Energy.Zero || sum.WishMet != Energy.Zero || sum.WishPremium != Money.Zero)
        {
            yield return Line(BillLineKind.Preference, sum.WishMet, sum.WishPremium, new LineTrace(BillLineKind.Preference.Name(), sum.TariffVersion,
            [
                new("side", (long)sum.Side),
                new("hours", sum.Hours),
                new("wishedWh", sum.Wished.WattHours),
                new("metWh", sum.WishMet.WattHours),
                new("exactMicro", sum.WishPremium.Micro),
            ]));
        }

        if (sum.NetworkFee != Money.Zero)
        {
            yield return Line(BillLineKind.NetworkFee, sum.Metered, sum.NetworkFee, new LineTrace(BillLineKind.NetworkFee.Name(), sum.TariffVersion,
            [
                new("side", (long)sum.Side),
                new("hours", sum.Hours),
                new("estimatedHours", sum.EstimatedHours),
                new("meteredWh", sum.Metered.WattHours),
                new("rateMicroPerKWh", tariff.NetworkFees[sum.Carrier].MicroPerKWh),
                new("exactMicro", sum.NetworkFee.Micro),
            ]));
        }

        BillLine Line(BillLineKind kind, Energy quantity, Money exact, LineTrace trace) =>
            new() { Kind = kind, Carrier = sum.Carrier, Plant = sum.Plant, Quantity = quantity.WattHours, Exact = exact, Vat = vat, Trace = trace };
    }

    private static IEnumerable<KeyValuePair<string, long>> Price(string name, Price? price) =>
        price is { } known ? [new(name, known.MicroPerKWh)] : [];

    private static BillLine StandingCharge(SuppliedDays days, TariffTerms tariff)
    {
        var exact = Money.FromMicro(checked(tariff.StandingChargePerDay.Micro * days.Days));
        return new BillLine
        {
            Kind = BillLineKind.StandingCharge,
            Quantity = days.Days,
            Exact = exact,
            Vat = VatRate.Standard(tariff.VatBasisPoints),
            Trace = new LineTrace(BillLineKind.StandingCharge.Name(), tariff.Version,
            [
                new("days", days.Days),
                new("rateMicroPerDay", tariff.StandingChargePerDay.Micro),
                new("exactMicro", exact.Micro),
            ]),
        };
    }

    /// <summary>A penalty pays for no service, and neither does a compensation, so that no tax falls on them; the other charges are taxed as what they stand on.</summary>
    private static BillLine ChargeLine(ChargeSum charge, DocumentRole role, TariffTerms tariff) => new()
    {
        Kind = charge.Kind.IsCharge() ? charge.Kind : throw new ArgumentException($"{charge.Kind} is a line of settled hours", nameof(charge)),
        Carrier = charge.Carrier,
        Plant = charge.Plant,
        Quantity = charge.Kind.Unit() == "hours" ? charge.Hours : charge.Energy.WattHours,
        Exact = charge.Amount,
        Vat = role == DocumentRole.Consumer && charge.Kind is not (BillLineKind.ChargingPenalty or BillLineKind.Curtailment) ? VatRate.Standard(tariff.VatBasisPoints) : VatRate.Exempt,
        Trace = new LineTrace(charge.Kind.Name(), tariff.Version,
        [
            new("hours", charge.Hours),
            new("energyWh", charge.Energy.WattHours),
            new("exactMicro", charge.Amount.Micro),
        ]),
    };

    private static BillLine ShareLine(RevenueShare share, BillLineKind kind, Money exact, int tariffVersion) => new()
    {
        Kind = kind,
        Plant = share.Plant,
        Quantity = share.ShareMillionths,
        Exact = exact,
        Vat = VatRate.Exempt,
        Trace = new LineTrace(kind.Name(), tariffVersion,
        [
            new("revenueMicro", share.Revenue.Micro),
            new("shareMillionths", share.ShareMillionths),
            new("investor", share.Investor),
            new("exactMicro", exact.Micro),
        ]),
    };
}
