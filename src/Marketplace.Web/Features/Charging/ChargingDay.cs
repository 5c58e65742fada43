using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Charging;

/// <summary>Carries the charging groups of a loop to what its market clock says is due. Each step is a request with its period as argument
/// and happens once; a period that fails is recorded and waits, and the others go on.</summary>
public sealed partial class ChargingDay(
    NpgsqlDataSource database, IDbContextFactory<MarketplaceDb> databases, Requests requests, Sequencer sequencer, TimeProvider time, ILogger<ChargingDay> log)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <summary>Does what is due, at most <paramref name="most"/> steps, and says how many it did. One runner a loop at a time.</summary>
    public async Task<int> AdvanceAsync(int loopId, int most, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var groups = await db.ChargingGroups.AsNoTracking().Where(group => group.LoopId == loopId).OrderBy(group => group.Id).ToListAsync(cancellationToken);
        if (groups.Count == 0)
        {
            return 0;
        }

        await using var holder = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await holder.BeginTransactionAsync(cancellationToken);
        if (!await TryLockAsync(holder, transaction, loopId, cancellationToken))
        {
            return 0;
        }

        var endsAt = await db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.EndsAt).SingleAsync(cancellationToken);
        var clock = await db.Clocks.AsNoTracking().SingleAsync(clock => clock.LoopId == loopId, cancellationToken);
        var now = clock.MarketTime(time.GetUtcNow());
        var done = 0;
        foreach (var group in groups)
        {
            done += await AdvanceAsync(db, group, endsAt, now, most - done, cancellationToken);
        }

        if (done > 0)
        {
            await sequencer.IntegrateAsync(loopId, cancellationToken);
        }

        return done;
    }

    private async Task<int> AdvanceAsync(
        MarketplaceDb db, ChargingGroup group, DateTimeOffset? endsAt, DateTimeOffset now, int most, CancellationToken cancellationToken)
    {
        var (loopId, groupId, done) = (group.LoopId, group.Id, 0);
        var last = await db.ChargingSteps
            .Where(step => step.LoopId == loopId && step.GroupId == groupId && step.Step == ChargingStepKind.Allocated)
            .MaxAsync(step => (DateTimeOffset?)step.Period, cancellationToken);
        for (var period = last + QuotaGates.Period ?? group.FirstHour;
            done < most && QuotaGates.Of(period).Allocation <= now && (endsAt is null || period < endsAt);
            period += QuotaGates.Period)
        {
            if (!await TryAsync(db, group, period, ChargingStepKind.Allocated, new AllocateQuotas(loopId, groupId, period), cancellationToken))
            {
                break;
            }

            done++;
        }

        foreach (var period in await db.ChargingSteps
            .Where(step => step.LoopId == loopId && step.GroupId == groupId && step.Step == ChargingStepKind.Allocated
                && !db.ChargingSteps.Any(later => later.LoopId == loopId && later.GroupId == groupId && later.Step == ChargingStepKind.Cleared && later.Period == step.Period))
            .OrderBy(step => step.Period).Select(step => step.Period).Take(most).ToListAsync(cancellationToken))
        {
            if (QuotaGates.Of(period).OrdersUntil <= now
                && await TryAsync(db, group, period, ChargingStepKind.Cleared, new ClearQuotas(loopId, groupId, period), cancellationToken))
            {
                done++;
            }
        }

        foreach (var hour in await HoursToSettleAsync(db, group, most, cancellationToken))
        {
            done += await TryAsync(db, group, hour, ChargingStepKind.Settled, new SettleQuotas(loopId, groupId, hour), cancellationToken) ? 1 : 0;
        }

        return done;
    }

    /// <summary>Hours that the market has settled and whose two periods are cleared.</summary>
    private static Task<List<DateTimeOffset>> HoursToSettleAsync(MarketplaceDb db, ChargingGroup group, int most, CancellationToken cancellationToken) => db.HourSteps
        .Where(settled => settled.LoopId == group.LoopId && settled.Step == HourStepKind.Settled && settled.Hour >= group.FirstHour
            && !db.ChargingSteps.Any(step => step.LoopId == group.LoopId && step.GroupId == group.Id && step.Step == ChargingStepKind.Settled && step.Period == settled.Hour)
            && db.ChargingSteps.Count(step => step.LoopId == group.LoopId && step.GroupId == group.Id && step.Step == ChargingStepKind.Cleared
                && step.Period >= settled.Hour && step.Period < settled.Hour.AddHours(1)) == 2)
        .OrderBy(settled => settled.Hour).Select(settled => settled.Hour).Take(most).ToListAsync(cancellationToken);

    private async Task<bool> TryAsync(
        MarketplaceDb db, ChargingGroup group, DateTimeOffset period, ChargingStepKind step, IRequest<Unit> request, CancellationToken cancellationToken)
    {
        var failures = db.ChargingFailures.Where(row => row.LoopId == group.LoopId && row.GroupId == group.Id && row.Period == period && row.Step == step);
        var failed = await failures.AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        if (failed is not null && time.GetUtcNow() < failed.At + Wait(failed.Attempts))
        {
            return false;
        }

        try
        {
            await requests.Send(request, Actor.System, cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            LogFailure(fault, group.Name, step, period);
            var reason = fault is RefusedException or BrokenInvariantException ? fault.Message : $"{fault.GetType().Name}: {fault.Message}";
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO market.charging_failures (loop_id, group_id, period, step, at, attempts, reason)
                VALUES ({group.LoopId}, {group.Id}, {period}, {(short)step}, {time.GetUtcNow()}, 1, {reason})
                ON CONFLICT (loop_id, group_id, period, step) DO UPDATE
                SET at = excluded.at, attempts = charging_failures.attempts + 1, reason = excluded.reason
                """,
                cancellationToken);
            return false;
        }

        if (failed is not null)
        {
            await failures.ExecuteDeleteAsync(cancellationToken);
        }

        return true;
    }

    /// <summary>Each failed try doubles the wait, up to an hour.</summary>
    private static TimeSpan Wait(int attempts) =>
        attempts >= 12 ? LongestWait : TimeSpan.FromSeconds(Math.Min(LongestWait.TotalSeconds, Math.Pow(2, attempts)));

    // Held by the transaction, so that it ends with the connection whatever happens.
    private static async Task<bool> TryLockAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = FormattableString.Invariant($"charging day/{loopId}") });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Group}: {Step} of {Period} failed and will be tried again")]
    private partial void LogFailure(Exception failure, string group, ChargingStepKind step, DateTimeOffset period);
}
