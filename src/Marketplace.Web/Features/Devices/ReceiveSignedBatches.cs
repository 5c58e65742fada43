using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Devices;

/// <summary>
/// Takes in batches that devices signed. Each is judged by itself, and each reading in it: what is refused is named with its rule and takes
/// nothing else with it. A batch's number is used up with it; the same batch again changes nothing.
/// </summary>
/// <param name="OnlyDevice">The one device whose batches may come this way; null for any of the loop.</param>
public sealed record ReceiveSignedBatches(int LoopId, IReadOnlyList<SignedBatch> Batches, int? OnlyDevice = null)
    : IRequest<IReadOnlyList<BatchOutcome>>, IGuarded, IChange
{
    /// <summary>Readings in one transaction at most, unless one batch alone has more.</summary>
    public const int MostReadings = 20_000;

    public bool Permits(Actor actor) => actor.MayDeliver(LoopId);
}

/// <summary>Who may bring readings that are not their own.</summary>
internal static class DeliveryAccess
{
    public static bool MayDeliver(this Actor actor, int loopId) =>
        actor.Operates(loopId) || actor.Roles.Any(held => held.LoopId == loopId && held.Role == Role.Technician);
}

/// <summary>What became of a batch.</summary>
public enum BatchState
{
    Stored = 1,

    /// <summary>The very same batch has been taken in before: nothing was changed.</summary>
    Known = 2,
    Refused = 3,
}

/// <summary>A reading of a batch that was refused.</summary>
/// <param name="Index">Its place in the batch, from 0.</param>
public sealed record RefusedItem(int Index, string Rule, string Reason);

/// <summary>What became of a batch and of its readings.</summary>
/// <param name="Rule">Why the batch as a whole was refused; null otherwise.</param>
/// <param name="Stored">Readings stored, corrections included.</param>
/// <param name="Unchanged">Good readings whose value stood there already.</param>
public sealed record BatchOutcome(
    string Device, long Sequence, BatchState State, string? Rule, string? Reason, int Stored, int Corrected, int Unchanged, IReadOnlyList<RefusedItem> Refused)
{
    public static BatchOutcome RefusedFor(string device, long sequence, string rule, string reason) =>
        new(device, sequence, BatchState.Refused, rule, reason, 0, 0, 0, []);
}

internal sealed class ReceiveSignedBatchesHandler(
    Work work, DeviceBook book, DeviceGate gate, SignedReadings readings, ReadingStore store, Sequencer sequencer, MarketTime marketTime, TimeProvider time)
    : IRequestHandler<ReceiveSignedBatches, IReadOnlyList<BatchOutcome>>
{
    public async Task<IReadOnlyList<BatchOutcome>> Handle(ReceiveSignedBatches request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var outcomes = new BatchOutcome?[request.Batches.Count];
        var slug = await work.Db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
        var market = await marketTime.NowAsync(loopId, cancellationToken);

        // While this runs no device is revoked, blocked or retired: whoever does so waits, and after it nothing more comes in.
        await book.HoldAsync(loopId, cancellationToken);
        var admitted = await gate.AdmitAsync(loopId, request.Batches, request.OnlyDevice, outcomes, cancellationToken);

        // Nor does anybody else add readings to this loop.
        await store.LockAsync(loopId, cancellationToken);
        var waiting = await UnusedAsync(loopId, admitted, outcomes, cancellationToken);
        var isStored = waiting.Count > 0;
        while (waiting.Count > 0)
        {
            // Two batches that give the same hour are two deliveries: the later one corrects.
            var (wave, later) = Split(waiting);
            await readings.StoreAsync(loopId, slug, market, wave, outcomes, cancellationToken);
            waiting = later;
        }

        await NoteAsync(loopId, request.Batches, outcomes, cancellationToken);
        if (isStored)
        {
            // If we crash before this has run, the log's keeper integrates what waits.
            work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
        }

        return [.. outcomes.Select(outcome => outcome ?? throw new BrokenInvariantException("Every batch has an outcome", "One has none"))];
    }

    private async Task<List<AdmittedBatch>> UnusedAsync(
        int loopId, List<AdmittedBatch> admitted, BatchOutcome?[] outcomes, CancellationToken cancellationToken)
    {
        var unused = new List<AdmittedBatch>(admitted.Count);
        if (admitted.Count == 0)
        {
            return unused;
        }

        var used = new Dictionary<(int, long), byte[]>();
        await using (var command = await store.CommandAsync(
            """
            SELECT b.device_id, b.sequence, b.hash FROM unnest($2, $3) AS sent (device_id, sequence)
            JOIN market.device_batches b ON b.loop_id = $1 AND b.device_id = sent.device_id AND b.sequence = sent.sequence
            """,
            cancellationToken,
            ReadingStore.Parameter(loopId), ReadingStore.Parameter(admitted.Select(one => one.Device.Id).ToArray()),
            ReadingStore.Parameter(admitted.Select(one => one.Batch.Sequence).ToArray())))
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                used.TryAdd((reader.GetInt32(0), reader.GetInt64(1)), reader.GetFieldValue<byte[]>(2));
            }
        }

        foreach (var one in admitted)
        {
            var key = (one.Device.Id, one.Batch.Sequence);
            if (!used.TryGetValue(key, out var hash))
            {
                used.Add(key, one.Batch.Hash);
                unused.Add(one);
                continue;
            }

            outcomes[one.Place] = hash.AsSpan().SequenceEqual(one.Batch.Hash)
                ? new BatchOutcome(one.Batch.Device, one.Batch.Sequence, BatchState.Known, null, null, 0, 0, one.Batch.Readings.Count, [])
                : BatchOutcome.RefusedFor(one.Batch.Device, one.Batch.Sequence, "sequence-reused", "Another batch of this device had this number. Each number is used once.");
        }

        return unused;
    }

    private static (List<AdmittedBatch> Wave, List<AdmittedBatch> Later) Split(List<AdmittedBatch> waiting)
    {
        if (waiting.Count == 1)
        {
            return (waiting, []);
        }

        var taken = new Dictionary<(int Device, string Register, DateTimeOffset Start), int>();
        var (wave, later) = (new List<AdmittedBatch>(waiting.Count), new List<AdmittedBatch>());
        var deferred = new HashSet<int>();
        var several = waiting.GroupBy(one => one.Device.Id).Where(device => device.Skip(1).Any()).Select(device => device.Key).ToHashSet();
        foreach (var one in waiting)
        {
            // Hours meet only between batches of one device.
            if (!several.Contains(one.Device.Id))
            {
                wave.Add(one);
                continue;
            }

            // A device's batches keep their order among themselves.
            if (deferred.Contains(one.Device.Id) || one.Batch.Readings.Any(reading => taken.TryGetValue((one.Device.Id, reading.Register, reading.Start), out var by) && by != one.Place))
            {
                deferred.Add(one.Device.Id);
                later.Add(one);
                continue;
            }

            foreach (var reading in one.Batch.Readings)
            {
                taken.TryAdd((one.Device.Id, reading.Register, reading.Start), one.Place);
            }

            wave.Add(one);
        }

        return (wave, later);
    }

    /// <summary>Notes when each device was heard of last, and why something of it was refused, for the operator's page.</summary>
    private async Task NoteAsync(int loopId, IReadOnlyList<SignedBatch> batches, BatchOutcome?[] outcomes, CancellationToken cancellationToken)
    {
        var (seen, refused) = (new HashSet<string>(), new Dictionary<string, string>());
        for (var i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i] is { State: not BatchState.Refused })
            {
                seen.Add(batches[i].Device);
            }

            if ((outcomes[i]?.Reason ?? (outcomes[i]?.Refused is [var first, ..] ? first.Reason : null)) is { } reason)
            {
                refused[batches[i].Device] = reason.Length > 300 ? reason[..300] : reason;
            }
        }

        await using var command = await store.CommandAsync(
            """
            UPDATE market.devices d SET
                last_seen_at = CASE WHEN n.seen THEN $2 ELSE d.last_seen_at END,
                last_refused_at = CASE WHEN n.refusal IS NULL THEN d.last_refused_at ELSE $2 END,
                last_refusal = coalesce(n.refusal, d.last_refusal)
            FROM unnest($3, $4, $5) AS n (code, seen, refusal) WHERE d.loop_id = $1 AND d.code = n.code
            """,
            cancellationToken);
        var codes = seen.Union(refused.Keys).Order(StringComparer.Ordinal).ToArray();
        command.Parameters.Add(ReadingStore.Parameter(loopId));
        command.Parameters.Add(ReadingStore.Parameter(time.GetUtcNow()));
        command.Parameters.Add(ReadingStore.Parameter(codes));
        command.Parameters.Add(ReadingStore.Parameter(codes.Select(seen.Contains).ToArray()));
        command.Parameters.Add(ReadingStore.Parameter(codes.Select(code => refused.GetValueOrDefault(code)).ToArray()));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
