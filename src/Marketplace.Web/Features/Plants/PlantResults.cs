using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Plants;

/// <summary>What a member's plants gave, took, earned and paid in a period; settled hours only.</summary>
public sealed record PlantResults(int LoopId, int MemberId, Interval Period, Grain Grain) : IRequest<IReadOnlyList<PlantResult>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <summary>One plant, carrier and step. Given and taken energy are both zero or more; income is above zero, expense too.</summary>
/// <param name="Given">Measured.</param>
/// <param name="GivenTraded">Accepted in auctions.</param>
/// <param name="Sales">What was accepted, at the auctions' prices.</param>
/// <param name="Purchases">What was bought, at the auctions' prices.</param>
/// <param name="Imbalance">Paid for differences between measured and traded; below zero it was received.</param>
/// <param name="EstimatedHours">Hours in which any measured part is estimated.</param>
public sealed record PlantResult(
    string PlantCode, Interval At, Carrier Carrier, Energy Given, Energy GivenTraded, Energy Taken, Money Sales, Money Purchases,
    Money Imbalance, Money NetworkFee, int EstimatedHours)
{
    /// <summary>What is left of it, before VAT and before investors' shares.</summary>
    public Money Revenue => Sales - Purchases - Imbalance - NetworkFee;
}

public sealed class PlantResultsValidator : AbstractValidator<PlantResults>
{
    public PlantResultsValidator() => RuleFor(request => request.Period.Length).LessThanOrEqualTo(TimeSpan.FromDays(367))
        .OverridePropertyName("Period").WithMessage("Ask for at most a year at once.");
}

internal sealed class PlantResultsHandler(MarketplaceDb db) : IRequestHandler<PlantResults, IReadOnlyList<PlantResult>>
{
    public Task<IReadOnlyList<PlantResult>> Handle(PlantResults request, CancellationToken cancellationToken) =>
        ResultsOfPlants.ReadAsync(db, request.LoopId, [request.MemberId], null, request.Period, request.Grain, cancellationToken);
}

/// <summary>The sums behind pages about plants.</summary>
internal static class ResultsOfPlants
{
    /// <param name="owners">Members whose positions are read: they come first in the table's key.</param>
    /// <param name="plants">Only these plants; null for all.</param>
    public static async Task<IReadOnlyList<PlantResult>> ReadAsync(
        MarketplaceDb db, int loopId, int[] owners, string[]? plants, Interval period, Grain grain, CancellationToken cancellationToken)
    {
        var (from, to) = (period.Start, period.End);
        var calendar = (await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken)).Calendar;

        // Hours are told apart in UTC: on the day the clock is set back, two of them have the same local name.
        var zone = grain == Grain.Hour ? "UTC" : calendar.Zone.Id;
        var rows = await db.Database.SqlQuery<SumRow>($"""
            SELECT plant_code AS "PlantCode", date_trunc({grain.SqlName()}, hour AT TIME ZONE {zone}) AS "At", carrier AS "Carrier",
                   sum(-least(metered, 0))::bigint AS "Given", sum(-least(traded, 0))::bigint AS "GivenTraded", sum(greatest(metered, 0))::bigint AS "Taken",
                   sum(CASE WHEN direction = 2 THEN -traded_amount ELSE 0 END)::bigint AS "Sales",
                   sum(CASE WHEN direction = 1 THEN traded_amount ELSE 0 END)::bigint AS "Purchases",
                   sum(imbalance_amount)::bigint AS "Imbalance", sum(network_fee)::bigint AS "NetworkFee",
                   (count(*) FILTER (WHERE estimated))::int AS "EstimatedHours"
            FROM market.positions
            WHERE loop_id = {loopId} AND member_id = ANY ({owners}) AND hour >= {from} AND hour < {to}
              AND plant_code <> '' AND ({plants}::text[] IS NULL OR plant_code = ANY ({plants}::text[]))
            GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """).ToListAsync(cancellationToken);
        return [.. rows.Select(row => new PlantResult(
            row.PlantCode,
            grain == Grain.Hour
                ? MarketMoment.HourOf(new DateTimeOffset(DateTime.SpecifyKind(row.At, DateTimeKind.Unspecified), TimeSpan.Zero))
                : calendar.Step(grain, DateOnly.FromDateTime(row.At)),
            (Carrier)row.Carrier,
            Energy.FromWh(row.Given), Energy.FromWh(row.GivenTraded), Energy.FromWh(row.Taken),
            Money.FromMicro(row.Sales), Money.FromMicro(row.Purchases), Money.FromMicro(row.Imbalance), Money.FromMicro(row.NetworkFee), row.EstimatedHours))];
    }

    private sealed record SumRow(
        string PlantCode, DateTime At, short Carrier, long Given, long GivenTraded, long Taken,
        long Sales, long Purchases, long Imbalance, long NetworkFee, int EstimatedHours);
}

/// <summary>Sums over plants' rows.</summary>
public static class PlantSums
{
    public static Energy GivenOf(this IEnumerable<PlantResult> rows) => rows.Aggregate(Energy.Zero, (sum, row) => sum + row.Given);

    public static Energy AcceptedOf(this IEnumerable<PlantResult> rows) => rows.Aggregate(Energy.Zero, (sum, row) => sum + row.GivenTraded);

    public static Energy TakenOf(this IEnumerable<PlantResult> rows) => rows.Aggregate(Energy.Zero, (sum, row) => sum + row.Taken);

    public static Money SalesOf(this IEnumerable<PlantResult> rows) => rows.Aggregate(Money.Zero, (sum, row) => sum + row.Sales);

    public static Money PurchasesOf(this IEnumerable<PlantResult> rows) => rows.Aggregate(Money.Zero, (sum, row) => sum + row.Purchases);

    public static Money RevenueOf(this IEnumerable<PlantResult> rows) => rows.Aggregate(Money.Zero, (sum, row) => sum + row.Revenue);

    /// <summary>What a kWh accepted in auctions brought on average.</summary>
    public static Price? PriceReceived(this IReadOnlyCollection<PlantResult> rows)
    {
        var accepted = rows.AcceptedOf();
        return accepted == Energy.Zero ? null : Price.FromMicroPerKWh((long)decimal.Round(rows.SalesOf().Micro * 1000m / accepted.WattHours, MidpointRounding.AwayFromZero));
    }
}
