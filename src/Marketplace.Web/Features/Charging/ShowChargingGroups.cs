using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Charging;

/// <summary>The transformers of a loop, their terms, members and what waits for the operator.</summary>
public sealed record ShowChargingGroups(int LoopId) : IRequest<ChargingGroupsView>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Choices">Electricity meters that take energy and measure no charging yet, with their members' names.</param>
public sealed record ChargingGroupsView(
    DateTimeOffset Now, IReadOnlyList<ChargingGroupRow> Groups, IReadOnlyList<ChargingMeter> Choices, IReadOnlyList<ChargingFailure> Failures, IReadOnlyList<ChargingOverride> Overrides);

public sealed record ChargingGroupRow(ChargingGroup Group, ChargingTerms Terms, IReadOnlyList<ChargingMeter> Points, ChargingAllocation? Last);

public sealed record ChargingMeter(int MemberId, string Member, int MeterId, string Code);

internal sealed class ShowChargingGroupsHandler(MarketplaceDb db, TimeProvider time) : IRequestHandler<ShowChargingGroups, ChargingGroupsView>
{
    public async Task<ChargingGroupsView> Handle(ShowChargingGroups request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var clock = await db.Clocks.AsNoTracking().SingleAsync(clock => clock.LoopId == loopId, cancellationToken);
        var now = clock.MarketTime(time.GetUtcNow());
        var meters = await (
            from meter in db.Meters
            join member in db.Members on new { meter.LoopId, Id = meter.MemberId } equals new { member.LoopId, member.Id }
            where meter.LoopId == loopId && meter.Carrier == Carrier.Electricity && meter.Direction == MeterDirection.Consumption && meter.PlantCode == null && meter.InServiceUntil == null
            orderby member.Name, meter.Id
            select new ChargingMeter(member.Id, member.Name, meter.Id, meter.Code)).ToListAsync(cancellationToken);
        var points = await db.ChargingPoints.AsNoTracking().Where(point => point.LoopId == loopId && point.UntilHour == null).ToListAsync(cancellationToken);
        var rows = new List<ChargingGroupRow>();
        foreach (var group in await db.ChargingGroups.AsNoTracking().Where(group => group.LoopId == loopId).OrderBy(group => group.Id).ToListAsync(cancellationToken))
        {
            rows.Add(new ChargingGroupRow(
                group,
                await db.ChargingTerms.AsNoTracking().Where(terms => terms.LoopId == loopId && terms.GroupId == group.Id).OrderByDescending(terms => terms.Version).FirstAsync(cancellationToken),
                [.. meters.Where(meter => points.Exists(point => point.GroupId == group.Id && point.MeterId == meter.MeterId))],
                await db.ChargingAllocations.AsNoTracking().Where(row => row.LoopId == loopId && row.GroupId == group.Id).OrderByDescending(row => row.Period).FirstOrDefaultAsync(cancellationToken)));
        }

        return new ChargingGroupsView(
            now, rows, [.. meters.Where(meter => !points.Exists(point => point.MeterId == meter.MeterId))],
            await db.ChargingFailures.AsNoTracking().Where(failure => failure.LoopId == loopId).OrderBy(failure => failure.Period).Take(50).ToListAsync(cancellationToken),
            await db.ChargingOverrides.AsNoTracking().Where(row => row.LoopId == loopId && row.Period >= now).OrderBy(row => row.Period).Take(50).ToListAsync(cancellationToken));
    }
}
