using FluentValidation;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Charging;

/// <summary>States what a member wants to charge with in a period. Said again before the gate, the last word counts; zero takes it back.</summary>
/// <param name="EveryWorkingDay">Also at this half hour of each Monday to Friday that follows, unless the member says otherwise for a day.</param>
public sealed record StateDemand(int LoopId, int GroupId, int MemberId, DateTimeOffset Period, long Watts, bool EveryWorkingDay = false) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

/// <summary>Ends a repeated demand from the next period of its half hour whose gate is open.</summary>
public sealed record EndHabit(int LoopId, int GroupId, int MemberId, short Slot) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

public sealed class StateDemandValidator : AbstractValidator<StateDemand>
{
    public StateDemandValidator()
    {
        RuleFor(request => request.Period).Must(ChargingPeriods.IsStart).WithMessage("Choose a half hour.");
        RuleFor(request => request.Watts).WattsWithinBounds();
    }
}

internal sealed class StateDemandHandler(Work work, ChargingGate gate, MarketTime marketTime, TimeProvider time)
    : IRequestHandler<StateDemand, Unit>, IRequestHandler<EndHabit, Unit>
{
    private static readonly TimeSpan Furthest = TimeSpan.FromDays(31);

    public async Task<Unit> Handle(StateDemand request, CancellationToken cancellationToken)
    {
        var (db, loopId, groupId, memberId, period) = (work.Db, request.LoopId, request.GroupId, request.MemberId, request.Period);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var point = await PointAsync(db, loopId, groupId, memberId, period, cancellationToken);
        if (period - await marketTime.NowAsync(loopId, cancellationToken) > Furthest)
        {
            throw new RefusedException(nameof(request.Period), "Choose a period in the next 31 days.");
        }

        var capacity = await db.Meters.Where(meter => meter.LoopId == loopId && meter.Id == point.MeterId).Select(meter => meter.CapacityWatts).SingleAsync(cancellationToken);
        if (capacity < request.Watts)
        {
            throw new RefusedException([new Problem(
                nameof(request.Watts), $"Your charging connection carries at most {capacity / 1000m:0.###} kW.", "capacity")]);
        }

        await gate.PassDemandAsync(loop, groupId, period, cancellationToken);
        var now = time.GetUtcNow();
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.charging_demands (loop_id, group_id, period, member_id, watts, stated_at) VALUES ({loopId}, {groupId}, {period}, {memberId}, {request.Watts}, {now})
            ON CONFLICT (loop_id, group_id, period, member_id) DO UPDATE SET watts = excluded.watts, stated_at = excluded.stated_at
            """,
            cancellationToken);
        if (request.EveryWorkingDay)
        {
            await SetHabitAsync(loopId, groupId, memberId, (short)ChargingPeriods.SlotOf(loop.Calendar, period), period, request.Watts, cancellationToken);
        }

        return Unit.Value;
    }

    public async Task<Unit> Handle(EndHabit request, CancellationToken cancellationToken)
    {
        var now = await marketTime.NowAsync(request.LoopId, cancellationToken);
        var from = ChargingPeriods.FirstWith(now, gates => gates.DemandsUntil);
        await SetHabitAsync(request.LoopId, request.GroupId, request.MemberId, request.Slot, from, 0, cancellationToken);
        return Unit.Value;
    }

    /// <summary>The member's charging point at a group, for those who have one.</summary>
    internal static async Task<ChargingPoint> PointAsync(
        MarketplaceDb db, int loopId, int groupId, int memberId, DateTimeOffset period, CancellationToken cancellationToken) =>
        await db.ChargingPoints.AsNoTracking()
            .Where(point => point.LoopId == loopId && point.GroupId == groupId && point.MemberId == memberId
                && point.FromHour <= period && (point.UntilHour == null || point.UntilHour > period))
            .FirstOrDefaultAsync(cancellationToken)
        ?? throw new RefusedException("Period", "You have no charging point at this transformer in that period.");

    private Task<int> SetHabitAsync(
        int loopId, int groupId, int memberId, short slot, DateTimeOffset from, long watts, CancellationToken cancellationToken) =>
        work.Db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.charging_habits (loop_id, group_id, member_id, slot, valid_from, watts) VALUES ({loopId}, {groupId}, {memberId}, {slot}, {from}, {watts})
            ON CONFLICT (loop_id, group_id, slot, member_id, valid_from) DO UPDATE SET watts = excluded.watts
            """,
            cancellationToken);
}
