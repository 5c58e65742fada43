using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Prices;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Consumption.Comparisons;

/// <summary>What a member took in a period beside the mean of other members of the same kind. Fewer than five others are not shown:
/// their mean would tell what single ones took.</summary>
public sealed record NeighboursLikeMe(int LoopId, int MemberId, Interval Period) : IRequest<Neighbours>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Kind">What kind of place they are: dwelling, office, school, …</param>
public sealed record Neighbours(string Kind, IReadOnlyList<NeighbourRow> Carriers);

/// <param name="Mean">Of the others; none where they are too few.</param>
/// <param name="Others">How many took any; 0 where they are too few, which must not be told either.</param>
public sealed record NeighbourRow(Carrier Carrier, Energy Own, Energy? Mean, int Others);

public sealed class NeighboursLikeMeValidator : AbstractValidator<NeighboursLikeMe>
{
    public NeighboursLikeMeValidator() => RuleFor(request => request.Period.Length).LessThanOrEqualTo(TimeSpan.FromDays(367))
        .OverridePropertyName("Period").WithMessage("Ask for at most a year at once.");
}

internal sealed class NeighboursLikeMeHandler(MarketplaceDb db) : IRequestHandler<NeighboursLikeMe, Neighbours>
{
    public async Task<Neighbours> Handle(NeighboursLikeMe request, CancellationToken cancellationToken)
    {
        var (loopId, from, to) = (request.LoopId, request.Period.Start, request.Period.End);
        var kind = await db.Members.Where(member => member.LoopId == loopId && member.Id == request.MemberId).Select(member => member.Kind).SingleAsync(cancellationToken);
        var alike = await db.Members.Where(member => member.LoopId == loopId && member.Kind == kind).Select(member => member.Id).ToArrayAsync(cancellationToken);
        var rows = await db.Database.SqlQuery<SumRow>($"""
            SELECT carrier AS "Carrier", coalesce(sum(metered) FILTER (WHERE member_id = {request.MemberId}), 0)::bigint AS "Own",
                   coalesce(sum(metered) FILTER (WHERE member_id <> {request.MemberId}), 0)::bigint AS "Sum",
                   (count(DISTINCT member_id) FILTER (WHERE member_id <> {request.MemberId}))::int AS "Others"
            FROM market.positions
            WHERE loop_id = {loopId} AND member_id = ANY ({alike}) AND hour >= {from} AND hour < {to}
              AND direction = {(short)MeterDirection.Consumption} AND plant_code = ''
            GROUP BY 1 HAVING count(*) FILTER (WHERE member_id = {request.MemberId}) > 0 ORDER BY 1
            """).ToListAsync(cancellationToken);
        return new Neighbours(kind, [.. rows.Select(row => row.Others < PricesOfPeriod.SmallestGroup
            ? new NeighbourRow((Carrier)row.Carrier, Energy.FromWh(row.Own), null, 0)
            : new NeighbourRow((Carrier)row.Carrier, Energy.FromWh(row.Own), Energy.FromWh(Rounding.DivideAwayFromZero(row.Sum, row.Others)), row.Others))]);
    }

    private sealed record SumRow(short Carrier, long Own, long Sum, int Others);
}
