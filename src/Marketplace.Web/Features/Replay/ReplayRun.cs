using System.Diagnostics;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Replay;

/// <summary>Carries a folder of recorded readings through the whole market: readings in and on the ledger, every hour closed,
/// cleared and settled, the period billed. Stopped at any point, the same call goes on where it stopped.</summary>
public sealed class ReplayRun(
    Requests requests, MarketDay marketDay, Sequencer sequencer, IDbContextFactory<MarketplaceDb> databases, NpgsqlDataSource database)
{
    /// <param name="say">Told how far it is, in words.</param>
    /// <exception cref="BrokenInvariantException">A rule that must hold does not.</exception>
    /// <exception cref="RefusedException">The folder cannot become this loop.</exception>
    public async Task<(ReplaySummaryReport Report, int LoopId)> RunAsync(ReplayFolder folder, ulong? seed, Action<string> say, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var memory = new MemoryWatch(database);
        var plan = ReplayPlan.Of(folder, seed);
        var span = folder.Span!.Value;
        var hours = (int)(span.Length / MarketHour.Length);

        var loopId = await requests.Send(new SetUpLoop(plan.Loop), Actor.System, cancellationToken);
        await RequireSameAsync(loopId, plan.Loop, cancellationToken);
        await KnowConditionsAsync(loopId, folder, cancellationToken);
        var rejected = await ImportAsync(loopId, folder, span, say, cancellationToken);

        var done = await StepsDoneAsync(loopId, cancellationToken);
        if (done > 0)
        {
            say($"Going on after {done / 3} of {hours} hours.");
        }

        while (await marketDay.AdvanceAsync(loopId, null, most: 3 * 24, stopOnFailure: true, _ => done++, cancellationToken) > 0)
        {
            await memory.LookAsync(cancellationToken);
            say($"Hour {Math.Min(hours, done / 3)} of {hours} cleared and settled.");
        }

        var issued = await requests.Send(new IssueBills(loopId, span, span.End), Actor.System, cancellationToken);
        if (issued.Run is not { } run)
        {
            throw new RefusedException($"The period cannot be billed: {issued.Reason}");
        }

        say($"{run.Documents} bills and statements issued.");
        var head = await sequencer.IntegrateAsync(loopId, cancellationToken);
        if (!await sequencer.PublishAsync(loopId, cancellationToken))
        {
            say("The last checkpoint still waits for its cosignatures.");
        }

        await memory.LookAsync(cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var audit = new ReplayAudit(connection, loopId);
        await audit.CheckAsync(hours, run, cancellationToken);
        var root = await LedgerRootAsync(connection, loopId, audit, cancellationToken);
        return (await ReportAsync(audit, folder, plan, run, rejected, head.Size, root, watch.Elapsed, memory, cancellationToken), loopId);
    }

    /// <summary>A loop of that name may be something else: a live loop, or a replay of a folder with other hours.</summary>
    private async Task RequireSameAsync(int loopId, LoopPlan plan, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        if (loop.Kind != LoopKind.Replay || loop.FirstHour != plan.FirstHour || loop.EndsAt != plan.EndsAt
            || !(loop.Seed ?? []).AsSpan().SequenceEqual(plan.Seed))
        {
            throw new RefusedException(
                $"There is a loop '{plan.Slug}' already that is not this replay (other hours, another seed, or no replay). Rename the folder to replay it beside.");
        }
    }

    private async Task KnowConditionsAsync(int loopId, ReplayFolder folder, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var known = (await db.Conditions.Where(row => row.LoopId == loopId).Select(row => row.Hour).ToListAsync(cancellationToken)).ToHashSet();
        await db.BulkInsertAsync(
            [.. folder.Conditions.Where(conditions => !known.Contains(conditions.Hour)).Select(conditions => new HourConditions
            {
                LoopId = loopId,
                Hour = conditions.Hour,
                AirTempC = conditions.AirTempC,
                GhiWm2 = conditions.GhiWm2,
                ImportPrice = conditions.ImportPrice,
                CarbonGramsPerKWh = conditions.CarbonGramsPerKWh,
            })],
            cancellationToken);
    }

    /// <summary>A day at a time: bounded memory, and a key for each day, so that a day taken in is not taken in again.</summary>
    private async Task<long> ImportAsync(int loopId, ReplayFolder folder, Interval span, Action<string> say, CancellationToken cancellationToken)
    {
        var rejected = 0L;
        foreach (var day in span.Steps(TimeSpan.FromDays(1)))
        {
            var during = new Interval(day, day.AddDays(1) < span.End ? day.AddDays(1) : span.End);
            var delivered = folder.Meters.SelectMany(meter => folder.DeliveredBy(meter, during)).ToList();
            if (delivered.Count > 0)
            {
                var received = await requests.Send(new ReceiveReadings(loopId, Instants.Iso(day), delivered), Actor.System, cancellationToken);
                rejected += received.Rejected.Count;
            }
        }

        say($"{folder.ReadingCount} readings of {folder.Meters.Count} meters taken in and committed.");
        return rejected;
    }

    private async Task<int> StepsDoneAsync(int loopId, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.HourSteps.CountAsync(step => step.LoopId == loopId, cancellationToken);
    }

    private static async Task<string> LedgerRootAsync(NpgsqlConnection connection, int loopId, ReplayAudit audit, CancellationToken cancellationToken)
    {
        var committed = await audit.ScalarAsync<long>("SELECT coalesce(sum(entry_count), 0)::bigint FROM ledger.batches WHERE loop_id = $1", cancellationToken);
        await using var command = new NpgsqlCommand("SELECT size, root FROM ledger.checkpoints WHERE loop_id = $1 ORDER BY size DESC LIMIT 1", connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken) || reader.GetInt64(0) != committed)
        {
            throw new BrokenInvariantException("every commitment is under the signed checkpoint", $"{committed} commitments");
        }

        audit.Add("every commitment is under the signed checkpoint");
        return Convert.ToBase64String(reader.GetFieldValue<byte[]>(1));
    }

    private static async Task<ReplaySummaryReport> ReportAsync(
        ReplayAudit audit, ReplayFolder folder, ReplayPlan plan, BillRun run, long rejected, long ledgerSize, string ledgerRoot, TimeSpan elapsed,
        MemoryWatch memory, CancellationToken cancellationToken) => new()
        {
            Loop = plan.Loop.Slug,
            Folder = Path.GetFileName(folder.Path),
            Currency = plan.Loop.Currency,
            From = plan.Loop.FirstHour,
            Until = plan.Loop.EndsAt!.Value,
            Members = plan.Loop.Members.Count,
            Participants = folder.Participants.Count,
            ReadingsIn = await audit.ScalarAsync<long>("SELECT count(*) FROM market.readings WHERE loop_id = $1 AND quality <> 2", cancellationToken),
            ReadingsRejected = folder.Problems.RowsRefused + rejected,
            ReadingsEstimated = await audit.ScalarAsync<long>("SELECT count(*) FROM market.readings WHERE loop_id = $1 AND quality = 2", cancellationToken),
            Commitments = ledgerSize,
            Hours = (int)((plan.Loop.EndsAt.Value - plan.Loop.FirstHour) / MarketHour.Length),
            HoursCleared = await audit.ScalarAsync<int>("SELECT count(*)::int FROM market.results WHERE loop_id = $1", cancellationToken),
            Carriers = await audit.CarriersAsync(cancellationToken),
            StoreLossKWh = await audit.ScalarAsync<decimal>("SELECT coalesce(sum(lost), 0) / 1000 FROM market.store_levels WHERE loop_id = $1", cancellationToken),
            Welfare = await audit.ScalarAsync<decimal>("SELECT coalesce(sum(welfare), 0) / 1000000 FROM market.results WHERE loop_id = $1", cancellationToken),
            Bills = run.Documents,
            SumOfBills = run.BillsCents / 100m,
            SumOfCredits = run.CreditsCents / 100m,
            NetworkFees = run.NetworkFees.Amount,
            StandingCharges = run.StandingCharges.Amount,
            Vat = run.Vat.Amount,
            Imbalance = run.Imbalance.Amount,
            Rounding = run.Rounding.Amount + run.Trades.Amount,
            LedgerSize = ledgerSize,
            LedgerRoot = ledgerRoot,
            Assumptions = plan.Sentences,
            InvariantsHeld = audit.Held,
            Seconds = decimal.Round((decimal)elapsed.TotalSeconds, 1, MidpointRounding.AwayFromZero),
            PeakMemoryMegabytes = MemoryWatch.OwnPeakMegabytes,
            PostgresPeakMemoryMegabytes = memory.PostgresPeakMegabytes,
        };
}
