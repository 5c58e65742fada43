using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Charging;

/// <summary>Holds what charging meters took in an hour against what the hour's two periods allowed: readings are hourly, so the two count
/// together. Offers' deposits return but for what is due. Doing it twice changes nothing.</summary>
public sealed record SettleQuotas(int LoopId, int GroupId, DateTimeOffset Hour) : IRequest<Unit>, ISystemOnly, IRepeatableStep;

internal sealed class SettleQuotasHandler(Work work, ChargingGate gate, ChargingJournal journal, TimeProvider time) : IRequestHandler<SettleQuotas, Unit>
{
    public async Task<Unit> Handle(SettleQuotas request, CancellationToken cancellationToken)
    {
        var (db, loopId, groupId, hour) = (work.Db, request.LoopId, request.GroupId, request.Hour);
        DateTimeOffset[] periods = [hour, hour + QuotaGates.Period];
        await gate.ShutAsync(loopId, groupId, hour, cancellationToken);
        var steps = await db.ChargingSteps
            .Where(step => step.LoopId == loopId && step.GroupId == groupId && periods.Contains(step.Period) && step.Step != ChargingStepKind.Allocated)
            .Select(step => step.Step)
            .ToListAsync(cancellationToken);
        if (steps.Contains(ChargingStepKind.Settled))
        {
            return Unit.Value;
        }

        if (steps.Count(step => step == ChargingStepKind.Cleared) < periods.Length
            || !await db.HourSteps.AnyAsync(step => step.LoopId == loopId && step.Step == HourStepKind.Settled && step.Hour == hour, cancellationToken))
        {
            throw new RefusedException($"The hour {Instants.Iso(hour)} is not metered, or its quotas are not cleared.");
        }

        var allocations = await db.ChargingAllocations.AsNoTracking()
            .Where(row => row.LoopId == loopId && row.GroupId == groupId && periods.Contains(row.Period))
            .ToListAsync(cancellationToken);
        var uses = await UsesAsync(loopId, groupId, hour, periods, ChargingJournal.Lower(allocations), cancellationToken);
        await PostAsync(loopId, groupId, hour, uses, await HeldAsync(loopId, groupId, periods, cancellationToken), cancellationToken);
        await db.BulkInsertAsync(uses, cancellationToken);
        var slug = await db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
        await ChargingRecord.CommitAsync(
            work, loopId, groupId, hour, ChargingStepKind.Settled, ChargingRecord.Settlement(slug, groupId, hour, uses), time.GetUtcNow(), cancellationToken);
        return Unit.Value;
    }

    private async Task<List<ChargingUse>> UsesAsync(
        int loopId, int groupId, DateTimeOffset hour, DateTimeOffset[] periods, Price rate, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var points = await db.ChargingPoints.AsNoTracking()
            .Where(point => point.LoopId == loopId && point.GroupId == groupId && point.FromHour <= hour && (point.UntilHour == null || point.UntilHour > hour))
            .OrderBy(point => point.MemberId)
            .ToListAsync(cancellationToken);
        var quotas = (await db.ChargingQuotas.AsNoTracking()
            .Where(quota => quota.LoopId == loopId && quota.GroupId == groupId && periods.Contains(quota.Period))
            .ToListAsync(cancellationToken)).ToLookup(quota => quota.MemberId, quota => quota.Energy.WattHours);
        var nets = (await db.ChargingNets.AsNoTracking()
            .Where(net => net.LoopId == loopId && net.GroupId == groupId && periods.Contains(net.Period))
            .ToListAsync(cancellationToken)).ToLookup(net => net.MemberId, net => net.Energy.WattHours);
        var meters = points.Select(point => point.MeterId).ToList();
        var readings = (await db.Readings.AsNoTracking()
            .Where(reading => reading.LoopId == loopId && reading.Hour == hour && meters.Contains(reading.MeterId))
            .ToListAsync(cancellationToken))
            .GroupBy(reading => reading.MeterId)
            .ToDictionary(revisions => revisions.Key, revisions => revisions.MaxBy(reading => reading.Revision)!);
        return [.. points.Select(point =>
        {
            var traded = nets[point.MemberId].ToList();
            var allowance = PowerQuotas.Allowance(
                Energy.FromWh(quotas[point.MemberId].Sum()), Energy.FromWh(traded.Where(wh => wh > 0).Sum()), Energy.FromWh(-traded.Where(wh => wh < 0).Sum()));
            // Nobody pays a penalty for an estimate.
            Energy? used = readings.TryGetValue(point.MeterId, out var reading) && reading.Quality != ReadingQuality.Estimated ? reading.Energy : null;
            var (overUse, penalty) = used is { } metered ? PowerQuotas.Penalty(metered, allowance, rate) : (Energy.Zero, Money.Zero);
            return new ChargingUse
            {
                LoopId = loopId, GroupId = groupId, Hour = hour, MemberId = point.MemberId, Allowance = allowance, Used = used, OverUse = overUse, Penalty = penalty,
            };
        })];
    }

    /// <summary>The deposits of offers by member. Those of a period published without trades went back with it.</summary>
    private async Task<Dictionary<int, Money>> HeldAsync(int loopId, int groupId, DateTimeOffset[] periods, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var withoutTrades = (await db.ChargingSteps.AsNoTracking()
            .Where(step => step.LoopId == loopId && step.GroupId == groupId && step.Step == ChargingStepKind.Cleared && periods.Contains(step.Period))
            .ToListAsync(cancellationToken))
            .Where(step => CanonicalRecord.Parse(step.Canonical).Fields.Any(field => field.Name == ChargingRecord.Cancelled))
            .Select(step => step.Period)
            .ToHashSet();
        var offers = await db.ChargingOrders.AsNoTracking()
            .Where(order => order.LoopId == loopId && order.GroupId == groupId && periods.Contains(order.Period) && order.Side == OrderSide.Sell && order.WithdrawnAt == null)
            .ToListAsync(cancellationToken);
        return offers.Where(order => !withoutTrades.Contains(order.Period))
            .GroupBy(order => order.MemberId)
            .ToDictionary(own => own.Key, own => Money.FromMicro(own.Sum(order => order.Deposit.Micro)));
    }

    private async Task PostAsync(
        int loopId, int groupId, DateTimeOffset hour, List<ChargingUse> uses, Dictionary<int, Money> held, CancellationToken cancellationToken)
    {
        var reference = ChargingJournal.Reference(groupId, hour, settlement: true);
        var members = uses.Where(use => use.Penalty > Money.Zero).Select(use => use.MemberId).Union(held.Keys).Order().ToList();
        var accounts = await journal.AccountsAsync(loopId, members, cancellationToken);
        var transfers = new List<Transfer>();
        foreach (var member in members)
        {
            var deposit = held.GetValueOrDefault(member);
            var penalty = uses.Find(use => use.MemberId == member)?.Penalty ?? Money.Zero;
            var (returned, due) = PowerQuotas.Settle(deposit, penalty);
            transfers.AddRange(accounts.Move(
                hour, TransferKind.QuotaPenalty, null, accounts[AccountKind.QuotaDeposit, member], accounts[AccountKind.QuotaPenalties], (penalty - due).Micro, reference));
            transfers.AddRange(accounts.Move(
                hour, TransferKind.QuotaPenalty, null, accounts[AccountKind.Unbilled, member], accounts[AccountKind.QuotaPenalties], due.Micro, reference));
            transfers.AddRange(accounts.Move(
                hour, TransferKind.QuotaDepositReturned, null, accounts[AccountKind.QuotaDeposit, member], accounts[AccountKind.Unbilled, member], returned.Micro, reference));
        }

        await journal.PostAsync(transfers, cancellationToken);
    }
}
