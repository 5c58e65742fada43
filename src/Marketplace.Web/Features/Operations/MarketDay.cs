using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Auctions;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Operations;

/// <summary>Where the readings, weather and orders of a generated loop come from. A loop of real meters has none: its data arrives by itself.</summary>
public interface ILoopSource
{
    /// <summary>Before the gate of an hour closes.</summary>
    Task BeforeGateAsync(Loop loop, DateTimeOffset hour, CancellationToken cancellationToken);

    /// <summary>After an hour was delivered, before it is settled.</summary>
    Task DeliverAsync(Loop loop, DateTimeOffset hour, CancellationToken cancellationToken);
}

/// <summary>Carries a loop's market forward, step by step, to what its clock says is due. Each step is a request with its hour
/// as argument and happens once, whoever asks and how often.</summary>
public sealed partial class MarketDay(
    NpgsqlDataSource database, IDbContextFactory<MarketplaceDb> databases, Requests requests, Sequencer sequencer, MarketEvents events,
    TimeProvider time, ILogger<MarketDay> log)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <summary>Does what is due, at most <paramref name="most"/> steps, and says how many it did. One runner a loop at a time;
    /// where another is at it, this one does nothing.</summary>
    /// <param name="onStep">Told of each step done.</param>
    /// <exception cref="BrokenInvariantException">Only with <paramref name="stopOnFailure"/>; otherwise a failed step is recorded and tried again later.</exception>
    public async Task<int> AdvanceAsync(
        int loopId, ILoopSource? source, int most, bool stopOnFailure, Action<DueStep>? onStep, CancellationToken cancellationToken)
    {
        await using var lockHolder = await database.OpenConnectionAsync(cancellationToken);
        if (!await TryLockAsync(lockHolder, loopId, cancellationToken))
        {
            return 0;
        }

        try
        {
            var (loop, clock, progress, failures) = await LoadAsync(loopId, cancellationToken);
            var done = 0;
            var billed = false;
            while (done < most && DueStep.Next(loop, progress) is { } step && step.DueAt <= clock.MarketTime(time.GetUtcNow()))
            {
                var failure = failures.Find(failure => failure.Hour == step.Hour && failure.Step == step.Step);
                if (!stopOnFailure && failure is not null && time.GetUtcNow() < failure.At + Wait(failure.Attempts))
                {
                    break;
                }

                try
                {
                    await DoAsync(loop, step, source, cancellationToken);
                }
                catch (Exception fault) when (!stopOnFailure && fault is not OperationCanceledException)
                {
                    LogFailure(fault, loop.Slug, step.Step, step.Hour);
                    await RecordFailureAsync(loopId, step, fault, cancellationToken);
                    break;
                }

                if (failure is not null)
                {
                    await ForgetFailureAsync(failure, cancellationToken);
                }

                // At the end of each month, and once in each run: what a crash or a correction left to bill.
                if (step.Step == HourStepKind.Settled && (!billed || IsMonthsEnd(loop, step.Hour)))
                {
                    billed = true;
                    await BillOrLogAsync(loop, stopOnFailure, cancellationToken);
                }

                progress = step.Step switch
                {
                    HourStepKind.Closed => progress with { Closed = step.Hour },
                    HourStepKind.Cleared => progress with { Cleared = step.Hour },
                    HourStepKind.Settled => progress with { Settled = step.Hour },
                    _ => throw new InvalidOperationException($"No step {step.Step}"),
                };
                done++;
                events.Publish(new MarketEvent(loopId, step.Step, step.Hour));
                onStep?.Invoke(step);
            }

            if (done > 0)
            {
                await sequencer.IntegrateAsync(loopId, cancellationToken);
            }

            return done;
        }
        finally
        {
            await UnlockAsync(lockHolder, loopId);
        }
    }

    private async Task DoAsync(Loop loop, DueStep step, ILoopSource? source, CancellationToken cancellationToken)
    {
        switch (step.Step)
        {
            case HourStepKind.Closed:
                if (source is not null)
                {
                    await source.BeforeGateAsync(loop, step.Hour, cancellationToken);
                }

                await SendAsync(new CloseGate(loop.Id, step.Hour), cancellationToken);
                break;
            case HourStepKind.Cleared:
                // After a crash between the gate's commit and the signature, the book is still to be signed.
                await sequencer.IntegrateAsync(loop.Id, cancellationToken);
                await SendAsync(new ClearHour(loop.Id, step.Hour), cancellationToken);
                break;
            case HourStepKind.Settled:
                if (source is not null)
                {
                    await source.DeliverAsync(loop, step.Hour, cancellationToken);
                }

                await SendAsync(new EstimateMissing(loop.Id, step.Hour), cancellationToken);
                await SendAsync(new SettleHour(loop.Id, step.Hour), cancellationToken);
                break;
            default:
                throw new InvalidOperationException($"No step {step.Step}");
        }
    }

    private static bool IsMonthsEnd(Loop loop, DateTimeOffset hour) => loop.Calendar.Month(loop.Calendar.DayOf(hour)).End == hour + MarketHour.Length;

    private async Task BillOrLogAsync(Loop loop, bool stopOnFailure, CancellationToken cancellationToken)
    {
        try
        {
            await BillAsync(loop, cancellationToken);
        }
        catch (Exception fault) when (!stopOnFailure && fault is not OperationCanceledException)
        {
            // The hour itself is settled. The period stays open in the release queue, and the next hour tries again.
            LogBilling(fault, loop.Slug);
        }
    }

    /// <summary>Bills the months that are over and revises what was corrected since. A replay bills its own period instead. What a crash
    /// or a fault left undone is done with the next hour; what is blocked waits in the operator's release queue.</summary>
    private async Task BillAsync(Loop loop, CancellationToken cancellationToken)
    {
        if (loop.Kind == LoopKind.Replay)
        {
            return;
        }

        var due = await SendAsync(new OpenBillPeriods(loop.Id), cancellationToken);
        foreach (var (period, issueAt) in due.Periods)
        {
            await SendAsync(new IssueBills(loop.Id, period, issueAt), cancellationToken);
        }

        if (due.Revisions)
        {
            await SendAsync(new ReviseBills(loop.Id), cancellationToken);
        }
    }

    private Task<T> SendAsync<T>(IRequest<T> request, CancellationToken cancellationToken) => requests.Send(request, Actor.System, cancellationToken);

    private async Task<(Loop Loop, MarketClock Clock, MarketProgress Progress, List<HourFailure> Failures)> LoadAsync(int loopId, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var clock = await db.Clocks.AsNoTracking().SingleAsync(clock => clock.LoopId == loopId, cancellationToken);
        var failures = await db.HourFailures.AsNoTracking().Where(failure => failure.LoopId == loopId).ToListAsync(cancellationToken);
        return (loop, clock, await ProgressAsync(db, loopId, cancellationToken), failures);
    }

    public static async Task<MarketProgress> ProgressAsync(MarketplaceDb db, int loopId, CancellationToken cancellationToken)
    {
        async Task<DateTimeOffset?> LastAsync(HourStepKind kind) => await db.HourSteps
            .Where(step => step.LoopId == loopId && step.Step == kind)
            .OrderByDescending(step => step.Hour)
            .Select(step => (DateTimeOffset?)step.Hour)
            .FirstOrDefaultAsync(cancellationToken);
        return new MarketProgress(await LastAsync(HourStepKind.Closed), await LastAsync(HourStepKind.Cleared), await LastAsync(HourStepKind.Settled));
    }

    private async Task ForgetFailureAsync(HourFailure failure, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.HourFailures
            .Where(row => row.LoopId == failure.LoopId && row.Hour == failure.Hour && row.Step == failure.Step)
            .ExecuteDeleteAsync(cancellationToken);
    }

    /// <summary>Each failed try doubles the wait: 2 s, 4 s, 8 s, … one hour.</summary>
    private static TimeSpan Wait(int attempts) =>
        attempts >= 12 ? LongestWait : TimeSpan.FromSeconds(Math.Min(LongestWait.TotalSeconds, Math.Pow(2, attempts)));

    private async Task RecordFailureAsync(int loopId, DueStep step, Exception failure, CancellationToken cancellationToken)
    {
        var reason = failure is RefusedException or BrokenInvariantException ? failure.Message : $"{failure.GetType().Name}: {failure.Message}";
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.hour_failures (loop_id, hour, step, at, attempts, reason)
            VALUES ({loopId}, {step.Hour}, {(short)step.Step}, {time.GetUtcNow()}, 1, {reason})
            ON CONFLICT (loop_id, hour, step) DO UPDATE
            SET at = excluded.at, attempts = hour_failures.attempts + 1, reason = excluded.reason
            """,
            cancellationToken);
    }

    private static async Task<bool> TryLockAsync(NpgsqlConnection connection, int loopId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = LockName(loopId) });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task UnlockAsync(NpgsqlConnection connection, int loopId)
    {
        await using var command = new NpgsqlCommand("SELECT pg_advisory_unlock(hashtextextended($1, 0))", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = LockName(loopId) });
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private static string LockName(int loopId) => FormattableString.Invariant($"market day/{loopId}");

    [LoggerMessage(Level = LogLevel.Error, Message = "{Loop}: bills could not be issued and will be tried again")]
    private partial void LogBilling(Exception failure, string loop);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Loop}: {Step} of {Hour} failed and will be tried again")]
    private partial void LogFailure(Exception failure, string loop, HourStepKind step, DateTimeOffset hour);
}
