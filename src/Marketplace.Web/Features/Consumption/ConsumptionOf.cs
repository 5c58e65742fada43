using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Consumption;

/// <summary>What a member's own meters took from the loop in a period: metered against traded, prices, costs. Settled hours only.</summary>
public sealed record ConsumptionOf(int LoopId, int MemberId, Interval Period, Grain Grain) : IRequest<IReadOnlyList<ConsumptionRow>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Price">The auction's price; of longer steps the average, weighted by what was traded.</param>
/// <param name="Energy">Cost of what was traded, at the auction's price.</param>
/// <param name="Imbalance">Cost of the difference between metered and traded; below zero it was paid back.</param>
/// <param name="EstimatedHours">Hours in which any metered part is estimated.</param>
public sealed record ConsumptionRow(
    Interval At, Carrier Carrier, Energy Metered, Energy Traded, Price? Price, Money Energy, Money Imbalance, Money NetworkFee, int EstimatedHours)
{
    /// <summary>All of it, before standing charge and VAT.</summary>
    public Money Cost => Energy + Imbalance + NetworkFee;
}

public sealed class ConsumptionOfValidator : AbstractValidator<ConsumptionOf>
{
    public ConsumptionOfValidator() => RuleFor(request => request.Period.Length).LessThanOrEqualTo(TimeSpan.FromDays(367))
        .OverridePropertyName("Period").WithMessage("Ask for at most a year at once.");
}

internal sealed class ConsumptionOfHandler(MarketplaceDb db) : IRequestHandler<ConsumptionOf, IReadOnlyList<ConsumptionRow>>
{
    public async Task<IReadOnlyList<ConsumptionRow>> Handle(ConsumptionOf request, CancellationToken cancellationToken)
    {
        var (loopId, memberId, from, to) = (request.LoopId, request.MemberId, request.Period.Start, request.Period.End);
        if (request.Grain == Grain.Hour)
        {
            var hours = await db.Positions.AsNoTracking()
                .Where(position => position.LoopId == loopId && position.MemberId == memberId && position.Hour >= from && position.Hour < to
                    && position.Direction == MeterDirection.Consumption && position.PlantCode == "")
                .OrderBy(position => position.Hour).ThenBy(position => position.Carrier)
                .ToListAsync(cancellationToken);
            return [.. hours.Select(hour => new ConsumptionRow(
                MarketMoment.HourOf(hour.Hour), hour.Carrier, hour.Metered, hour.Traded, hour.Price,
                hour.TradedAmount, hour.ImbalanceAmount, hour.NetworkFee, hour.Estimated ? 1 : 0))];
        }

        var calendar = (await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken)).Calendar;
        var rows = await db.Database.SqlQuery<SumRow>($"""
            SELECT date_trunc({request.Grain.SqlName()}, hour AT TIME ZONE {calendar.Zone.Id})::date AS "Day", carrier AS "Carrier",
                   sum(metered)::bigint AS "Metered", sum(traded)::bigint AS "Traded",
                   round(sum(traded_amount) * 1000 / nullif(sum(traded), 0))::bigint AS "Price",
                   sum(traded_amount)::bigint AS "Energy", sum(imbalance_amount)::bigint AS "Imbalance", sum(network_fee)::bigint AS "NetworkFee",
                   (count(*) FILTER (WHERE estimated))::int AS "EstimatedHours"
            FROM market.positions
            WHERE loop_id = {loopId} AND member_id = {memberId} AND hour >= {from} AND hour < {to}
              AND direction = {(short)MeterDirection.Consumption} AND plant_code = ''
            GROUP BY 1, 2 ORDER BY 1, 2
            """).ToListAsync(cancellationToken);
        return [.. rows.Select(row => new ConsumptionRow(
            calendar.Step(request.Grain, row.Day), (Carrier)row.Carrier, Energy.FromWh(row.Metered), Energy.FromWh(row.Traded),
            row.Price is { } price ? Price.FromMicroPerKWh(price) : null,
            Money.FromMicro(row.Energy), Money.FromMicro(row.Imbalance), Money.FromMicro(row.NetworkFee), row.EstimatedHours))];
    }

    private sealed record SumRow(
        DateOnly Day, short Carrier, long Metered, long Traded, long? Price, long Energy, long Imbalance, long NetworkFee, int EstimatedHours);
}

/// <summary>Sums over consumption.</summary>
public static class ConsumptionSums
{
    public static Energy MeteredOf(this IEnumerable<ConsumptionRow> rows) => rows.Aggregate(Energy.Zero, (sum, row) => sum + row.Metered);

    public static Energy TradedOf(this IEnumerable<ConsumptionRow> rows) => rows.Aggregate(Energy.Zero, (sum, row) => sum + row.Traded);

    public static Money CostOf(this IEnumerable<ConsumptionRow> rows) => rows.Aggregate(Money.Zero, (sum, row) => sum + row.Cost);

    /// <summary>What a kWh cost on average, all told; none where nothing was metered.</summary>
    public static Price? AveragePrice(this IReadOnlyCollection<ConsumptionRow> rows)
    {
        var metered = rows.MeteredOf();
        return metered == Energy.Zero ? null : Price.FromMicroPerKWh((long)decimal.Round(rows.CostOf().Micro * 1000m / metered.WattHours, MidpointRounding.AwayFromZero));
    }
}
