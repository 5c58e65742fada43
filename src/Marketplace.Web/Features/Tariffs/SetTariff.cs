using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Tariffs;

/// <summary>Everything a tariff says.</summary>
public sealed record TariffPlan
{
    public required Price DefaultLimitMargin { get; init; }

    public required Price FeedIn { get; init; }

    public required Price BalancingHeat { get; init; }

    public required Price BalancingCold { get; init; }

    public required IReadOnlyDictionary<Carrier, Price> NetworkFees { get; init; }

    public IReadOnlyList<(string Zone, Carrier Carrier, Price Fee)> ZoneFees { get; init; } = [];

    public IReadOnlyList<(Carrier Carrier, string Name, Price Rate)> Levies { get; init; } = [];

    public required Money StandingChargePerDay { get; init; }

    public Money CompensationPerHour { get; init; }

    public required int VatBasisPoints { get; init; }

    public required int PaymentDays { get; init; }
}

/// <summary>Makes a new version of a loop's tariff, from an hour on. What was settled and billed before keeps the version it had: an hour whose gate has
/// closed cannot get another.</summary>
/// <param name="Reason">Members read it.</param>
public sealed record SetTariff(int LoopId, DateTimeOffset ValidFrom, TariffPlan Plan, string Reason) : IRequest<int>, IOperatorAct, IGoverned
{
    public const int MostLevies = 20;

    GovernedArea IGoverned.Area => GovernedArea.Tariff;

    public string Subject => string.Create(CultureInfo.InvariantCulture,
        $"from {Instants.Iso(ValidFrom)}: fees {string.Join('/', Carriers.All.Select(carrier => Plan.NetworkFees.GetValueOrDefault(carrier).MicroPerKWh))}, zones {Plan.ZoneFees.Count}, levies {Plan.Levies.Count}, standing {Plan.StandingChargePerDay.Micro}, tax {Plan.VatBasisPoints}");
}

public sealed class SetTariffValidator : AbstractValidator<SetTariff>
{
    private const string PriceMessage = "Use a price from 0 to 10,000 ct/kWh.";
    private static readonly Price Highest = Price.FromUnitsPerKWh(100m);

    public SetTariffValidator()
    {
        RuleFor(request => request.ValidFrom).Must(MarketHour.IsStart).WithMessage("Choose a whole hour.");
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Say why; members will read it.").MaximumLength(500).WithMessage("Use at most 500 characters.");
        RuleFor(request => request.Plan.DefaultLimitMargin).Must(Fits).WithMessage(PriceMessage);
        RuleFor(request => request.Plan.FeedIn).Must(Fits).WithMessage(PriceMessage);
        RuleFor(request => request.Plan.BalancingHeat).Must(Fits).WithMessage(PriceMessage);
        RuleFor(request => request.Plan.BalancingCold).Must(Fits).WithMessage(PriceMessage);
        RuleFor(request => request.Plan.NetworkFees).Must(fees => Carriers.All.All(carrier => fees.TryGetValue(carrier, out var fee) && Fits(fee))).WithMessage(PriceMessage);
        RuleFor(request => request.Plan.ZoneFees).Must(fees => fees.All(fee => Fits(fee.Fee))).WithMessage(PriceMessage)
            .Must(fees => fees.Select(fee => (fee.Zone, fee.Carrier)).Distinct().Count() == fees.Count).WithMessage("Each zone can stand there once for a carrier.");
        RuleFor(request => request.Plan.Levies).Must(levies => levies.Count <= SetTariff.MostLevies).WithMessage("A tariff has at most 20 taxes and levies.")
            .Must(levies => levies.All(levy => levy.Name.Trim().Length is >= 2 and <= 80 && !levy.Name.Any(char.IsControl))).WithMessage("Give each tax or levy a name of 2 to 80 characters.")
            .Must(levies => levies.All(levy => Fits(levy.Rate))).WithMessage(PriceMessage)
            .Must(levies => levies.Select(levy => (levy.Carrier, levy.Name.Trim())).Distinct().Count() == levies.Count).WithMessage("A name can stand there once for a carrier.");
        RuleFor(request => request.Plan.StandingChargePerDay).Must(charge => charge >= Money.Zero && charge <= Money.FromCents(100_000)).WithMessage("Use an amount from 0 to 1000 a day.");
        RuleFor(request => request.Plan.CompensationPerHour).Must(rate => rate >= Money.Zero && rate <= Money.FromCents(100_000)).WithMessage("Use an amount from 0 to 1000 an hour.");
        RuleFor(request => request.Plan.VatBasisPoints).InclusiveBetween(0, 10_000).WithMessage("Use a rate from 0 to 100 %.");
        RuleFor(request => request.Plan.PaymentDays).InclusiveBetween(0, 90).WithMessage("Use 0 to 90 days.");
    }

    private static bool Fits(Price price) => price >= Price.Zero && price <= Highest;
}

internal sealed class SetTariffHandler(TariffBook book) : IRequestHandler<SetTariff, int>
{
    public Task<int> Handle(SetTariff request, CancellationToken cancellationToken) => book.SetAsync(request, cancellationToken);
}

/// <summary>Where new versions of tariffs are written, by whoever decided them: the operator, or the members by a vote.</summary>
public sealed class TariffBook(Work work, Gate gate, CurrentActor current, TimeProvider time)
{
    /// <summary>Writes a version in the caller's transaction.</summary>
    /// <returns>Its number.</returns>
    public async Task<int> SetAsync(SetTariff request, CancellationToken cancellationToken)
    {
        var (db, plan) = (work.Db, request.Plan);
        var loop = await db.Loops.FromSql($"SELECT * FROM market.loops WHERE id = {request.LoopId} FOR UPDATE").AsNoTracking().SingleAsync(cancellationToken);
        await gate.PassAsync(loop, request.ValidFrom, cancellationToken, nameof(request.ValidFrom), "What was closed, settled or billed keeps its tariff. Choose a later day.");
        var zones = await db.Zones.Where(zone => zone.LoopId == loop.Id && zone.ValidFrom <= request.ValidFrom).Select(zone => zone.Code).ToListAsync(cancellationToken);
        if (plan.ZoneFees.Select(fee => fee.Zone).FirstOrDefault(zone => !zones.Contains(zone)) is { } unknown)
        {
            throw new RefusedException(nameof(plan.ZoneFees), $"There is no zone {unknown} then.");
        }

        var version = (await db.Tariffs.Where(tariff => tariff.LoopId == loop.Id).MaxAsync(tariff => (int?)tariff.Version, cancellationToken) ?? 0) + 1;
        var tariff = new Tariff
        {
            LoopId = loop.Id, Version = version, ValidFrom = request.ValidFrom, DefaultLimitMargin = plan.DefaultLimitMargin, FeedIn = plan.FeedIn,
            BalancingHeat = plan.BalancingHeat, BalancingCold = plan.BalancingCold, NetworkFeeHeat = plan.NetworkFees[Carrier.Heat],
            NetworkFeeCold = plan.NetworkFees[Carrier.Cold], NetworkFeeElectricity = plan.NetworkFees[Carrier.Electricity],
            StandingChargePerDay = plan.StandingChargePerDay, CompensationPerHour = plan.CompensationPerHour, VatBasisPoints = plan.VatBasisPoints,
            PaymentDays = plan.PaymentDays, Reason = request.Reason.Trim(), SetBy = current.Actor.AccountId, SetAt = time.GetUtcNow(),
        };
        foreach (var (zone, carrier, fee) in plan.ZoneFees)
        {
            tariff.ZoneFees.Add(new TariffZoneFee { LoopId = loop.Id, Version = version, Zone = zone, Carrier = carrier, Fee = fee });
        }

        foreach (var (i, levy) in plan.Levies.Index())
        {
            tariff.Levies.Add(new TariffLevy { LoopId = loop.Id, Version = version, Number = (short)(i + 1), Name = levy.Name.Trim(), Carrier = levy.Carrier, Rate = levy.Rate });
        }

        db.Tariffs.Add(tariff);
        await db.SaveChangesAsync(cancellationToken);
        return version;
    }
}
