using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Charging;

/// <summary>Shares a transformer's margin of a period among those who asked for it. Doing it twice changes nothing.</summary>
public sealed record AllocateQuotas(int LoopId, int GroupId, DateTimeOffset Period) : IRequest<Unit>, ISystemOnly, IRepeatableStep;

internal sealed class AllocateQuotasHandler(Work work, ChargingGate gate, MarketTime marketTime, TimeProvider time) : IRequestHandler<AllocateQuotas, Unit>
{
    public async Task<Unit> Handle(AllocateQuotas request, CancellationToken cancellationToken)
    {
        var (db, loopId, groupId, period) = (work.Db, request.LoopId, request.GroupId, request.Period);
        await gate.ShutAsync(loopId, groupId, period, cancellationToken);
        if (await db.ChargingSteps.AnyAsync(
            step => step.LoopId == loopId && step.GroupId == groupId && step.Step == ChargingStepKind.Allocated && step.Period == period, cancellationToken))
        {
            return Unit.Value;
        }

        if (await marketTime.NowAsync(loopId, cancellationToken) < QuotaGates.Of(period).Allocation)
        {
            throw new RefusedException($"Quotas for {Instants.Iso(period)} are not due yet.");
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var terms = await TermsAsync(db, loopId, groupId, period, cancellationToken);
        var margin = await db.ChargingOverrides
            .Where(margin => margin.LoopId == loopId && margin.GroupId == groupId && margin.Period == period)
            .Select(margin => (long?)margin.MarginWatts)
            .SingleOrDefaultAsync(cancellationToken) ?? terms.MarginWatts[ChargingPeriods.SlotOf(loop.Calendar, period)];
        var demands = await DemandsAsync(loop, groupId, period, cancellationToken);
        var shares = PowerQuotas.Of(margin, [.. demands.Select(demand => demand.Watts)]);
        if (shares.QuotaWatts.Sum() > margin)
        {
            throw new BrokenInvariantException("quotas together never exceed the margin", $"{shares.QuotaWatts.Sum()} W of {margin} W");
        }

        var quotas = demands.Select((demand, i) => new ChargingQuota
        {
            LoopId = loopId,
            GroupId = groupId,
            Period = period,
            MemberId = demand.Member,
            Position = i,
            DemandWatts = demand.Watts,
            QuotaWatts = shares.QuotaWatts[i],
            ShownHundredthsOfKilowatt = shares.ShownHundredthsOfKilowatt(i),
            Energy = PowerQuotas.EnergyOf(shares.QuotaWatts[i], QuotaGates.Period),
        }).ToList();
        var allocation = new ChargingAllocation
        {
            LoopId = loopId, GroupId = groupId, Period = period, MarginWatts = margin, DemandedWatts = shares.DemandedWatts,
            Pricing = terms.Pricing, PenaltyRate = terms.PenaltyRate,
        };
        await db.BulkInsertAsync([allocation], cancellationToken);
        await db.BulkInsertAsync(quotas, cancellationToken);
        await ChargingRecord.CommitAsync(
            work, loopId, groupId, period, ChargingStepKind.Allocated, ChargingRecord.Allocation(loop.Slug, allocation, shares.Beta, quotas), time.GetUtcNow(), cancellationToken);
        return Unit.Value;
    }

    internal static Task<ChargingTerms> TermsAsync(MarketplaceDb db, int loopId, int groupId, DateTimeOffset period, CancellationToken cancellationToken) =>
        db.ChargingTerms.AsNoTracking()
            .Where(terms => terms.LoopId == loopId && terms.GroupId == groupId && terms.ValidFrom <= period)
            .OrderByDescending(terms => terms.Version)
            .FirstAsync(cancellationToken);

    /// <summary>What was asked for the period itself, and of all others what they ask for on each working day; by member's number.</summary>
    private async Task<List<(int Member, long Watts)>> DemandsAsync(Loop loop, int groupId, DateTimeOffset period, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var members = await db.ChargingPoints
            .Where(point => point.LoopId == loop.Id && point.GroupId == groupId && point.FromHour <= period && (point.UntilHour == null || point.UntilHour > period))
            .Select(point => point.MemberId)
            .ToListAsync(cancellationToken);
        var said = await db.ChargingDemands
            .Where(demand => demand.LoopId == loop.Id && demand.GroupId == groupId && demand.Period == period)
            .ToDictionaryAsync(demand => demand.MemberId, demand => demand.Watts, cancellationToken);
        if (ChargingPeriods.IsWorkingDay(loop.Calendar, period))
        {
            var slot = ChargingPeriods.SlotOf(loop.Calendar, period);
            var habits = await db.ChargingHabits.AsNoTracking()
                .Where(habit => habit.LoopId == loop.Id && habit.GroupId == groupId && habit.Slot == slot && habit.ValidFrom <= period)
                .ToListAsync(cancellationToken);
            foreach (var habit in habits.GroupBy(habit => habit.MemberId).Select(own => own.MaxBy(habit => habit.ValidFrom)!))
            {
                said.TryAdd(habit.MemberId, habit.Watts);
            }
        }

        return [.. members.Distinct().Order().Where(member => said.GetValueOrDefault(member) > 0).Select(member => (member, said[member]))];
    }
}
