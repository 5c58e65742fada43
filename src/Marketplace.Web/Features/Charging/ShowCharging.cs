using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Charging;

/// <summary>How a member stands at the transformer it charges behind: what it may say now, what it got, and how the last periods went.</summary>
public sealed record ShowCharging(int LoopId, int MemberId) : IRequest<ChargingView?>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

/// <param name="Now">Market time.</param>
/// <param name="Demand">The first period whose gate for demands is open.</param>
/// <param name="Trading">The period whose quotas are published and whose bids and offers are still taken, if there is one.</param>
public sealed record ChargingView(
    ChargingGroup Group, DateTimeOffset Now, int Rate, DateTimeOffset Demand, DateTimeOffset? Trading, QuotaPricing Pricing, Price PenaltyRate,
    IReadOnlyList<ChargingHabit> Habits, IReadOnlyList<ChargingDemand> Demands, IReadOnlyList<ChargingOrder> Open,
    IReadOnlyList<ChargingRow> Periods, IReadOnlyList<ChargingUse> Uses, IReadOnlyList<ChargingTrade> LastTrades, DateTimeOffset? LastTraded);

/// <summary>A period as one member sees it.</summary>
public sealed record ChargingRow(ChargingAllocation Allocation, ChargingQuota? Quota, ChargingNet? Net, bool Cleared)
{
    public Energy Allowed => (Quota?.Energy ?? Energy.Zero) + (Net?.Energy ?? Energy.Zero);
}

internal sealed class ShowChargingHandler(MarketplaceDb db, TimeProvider time) : IRequestHandler<ShowCharging, ChargingView?>
{
    private const int Shown = 24;

    public async Task<ChargingView?> Handle(ShowCharging request, CancellationToken cancellationToken)
    {
        var (loopId, memberId) = (request.LoopId, request.MemberId);
        var point = await db.ChargingPoints.AsNoTracking()
            .Where(point => point.LoopId == loopId && point.MemberId == memberId)
            .OrderBy(point => point.UntilHour != null).ThenByDescending(point => point.FromHour)
            .FirstOrDefaultAsync(cancellationToken);
        if (point is null)
        {
            return null;
        }

        var groupId = point.GroupId;
        var group = await db.ChargingGroups.AsNoTracking().SingleAsync(group => group.LoopId == loopId && group.Id == groupId, cancellationToken);
        var clock = await db.Clocks.AsNoTracking().SingleAsync(clock => clock.LoopId == loopId, cancellationToken);
        var now = clock.MarketTime(time.GetUtcNow());
        var demand = ChargingPeriods.FirstWith(now, gates => gates.DemandsUntil);
        demand = demand < point.FromHour ? point.FromHour : demand;
        var terms = await db.ChargingTerms.AsNoTracking()
            .Where(terms => terms.LoopId == loopId && terms.GroupId == groupId && (terms.ValidFrom <= demand || terms.Version == 1))
            .OrderByDescending(terms => terms.Version).FirstAsync(cancellationToken);
        var allocations = await db.ChargingAllocations.AsNoTracking()
            .Where(row => row.LoopId == loopId && row.GroupId == groupId).OrderByDescending(row => row.Period).Take(Shown).ToListAsync(cancellationToken);
        var since = allocations.Count == 0 ? demand : allocations[^1].Period;
        var quotas = await db.ChargingQuotas.AsNoTracking()
            .Where(row => row.LoopId == loopId && row.GroupId == groupId && row.MemberId == memberId && row.Period >= since).ToDictionaryAsync(row => row.Period, cancellationToken);
        var nets = await db.ChargingNets.AsNoTracking()
            .Where(row => row.LoopId == loopId && row.GroupId == groupId && row.MemberId == memberId && row.Period >= since).ToDictionaryAsync(row => row.Period, cancellationToken);
        var cleared = (await db.ChargingSteps
            .Where(step => step.LoopId == loopId && step.GroupId == groupId && step.Step == ChargingStepKind.Cleared && step.Period >= since)
            .Select(step => step.Period).ToListAsync(cancellationToken)).ToHashSet();
        var trading = allocations.Where(row => !cleared.Contains(row.Period) && now < QuotaGates.Of(row.Period).OrdersUntil).Select(row => (DateTimeOffset?)row.Period).FirstOrDefault();
        var habits = (await db.ChargingHabits.AsNoTracking()
            .Where(habit => habit.LoopId == loopId && habit.GroupId == groupId && habit.MemberId == memberId).ToListAsync(cancellationToken))
            .GroupBy(habit => habit.Slot).Select(own => own.MaxBy(habit => habit.ValidFrom)!).Where(habit => habit.Watts > 0).OrderBy(habit => habit.Slot).ToList();
        DateTimeOffset? lastTraded = cleared.Count == 0 ? null : cleared.Max();
        return new ChargingView(
            group, now, clock.Rate, demand, trading, terms.Pricing, terms.PenaltyRate, habits,
            await db.ChargingDemands.AsNoTracking()
                .Where(row => row.LoopId == loopId && row.GroupId == groupId && row.MemberId == memberId && row.Period >= demand && row.Watts > 0)
                .OrderBy(row => row.Period).Take(Shown).ToListAsync(cancellationToken),
            trading is not { } period ? [] : await db.ChargingOrders.AsNoTracking()
                .Where(order => order.LoopId == loopId && order.GroupId == groupId && order.MemberId == memberId && order.Period == period && order.WithdrawnAt == null)
                .OrderBy(order => order.Id).ToListAsync(cancellationToken),
            [.. allocations.Select(row => new ChargingRow(row, quotas.GetValueOrDefault(row.Period), nets.GetValueOrDefault(row.Period), cleared.Contains(row.Period)))],
            await db.ChargingUses.AsNoTracking()
                .Where(use => use.LoopId == loopId && use.GroupId == groupId && use.MemberId == memberId).OrderByDescending(use => use.Hour).Take(Shown / 2).ToListAsync(cancellationToken),
            await db.ChargingTrades.AsNoTracking()
                .Where(trade => trade.LoopId == loopId && trade.GroupId == groupId && trade.Period == lastTraded).OrderBy(trade => trade.Number).ToListAsync(cancellationToken),
            lastTraded);
    }
}
