using Marketplace.Data;
using Marketplace.Ledger;
using Npgsql;

namespace Marketplace.Web.Features.Ledger;

/// <summary>Where a log stands after a step.</summary>
/// <param name="Size">Entries in the tree, all under a signed checkpoint.</param>
/// <param name="PublishedSize">Entries under the published checkpoint.</param>
/// <param name="HaltedBecause">Why nothing is signed any more, if so.</param>
public sealed record LogHead(long Size, long PublishedSize, string? HaltedBecause);

/// <summary>
/// Takes what waits at the door into the tree: integrate, tile, sign, in one transaction; then cosign and publish. One
/// writer at a time for each loop, by an advisory lock. Killed between any two steps, it is repaired by running it again.
/// </summary>
public sealed class Sequencer(
    NpgsqlDataSource source, LoopNames loops, LogKeys keys, LogPolicies policies, Cosigning cosigning, TimeProvider clock, ILogger<Sequencer> log)
{
    /// <summary>
    /// Integrates and signs all that waits. Without witnesses the checkpoint is published in the same transaction; with
    /// them it is published in the background as soon as the policy is met, or at the next <see cref="PublishAsync"/>.
    /// </summary>
    /// <exception cref="LedgerConflictException">The stored log is not the one that was signed, or its key is another.</exception>
    public async Task<LogHead> IntegrateAsync(int loopId, CancellationToken cancellationToken)
    {
        var slug = await loops.SlugOfAsync(loopId, cancellationToken);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var standing = await StandingAsync(connection, loopId, cancellationToken);
        while (standing.HaltedBecause is null && (standing.IsWaiting || standing.Size is null))
        {
            await StepAsync(connection, loopId, slug, cancellationToken);
            standing = await StandingAsync(connection, loopId, cancellationToken);
        }

        var head = new LogHead(standing.Size ?? 0, standing.PublishedSize, standing.HaltedBecause);
        if (head.PublishedSize < head.Size || standing.Size is not null && IsStale(standing))
        {
            cosigning.Wake(loopId);
        }

        return head;
    }

    /// <summary>Collects cosignatures for the last signed checkpoint and publishes it once they meet the policy.</summary>
    /// <returns>Whether the last signed checkpoint is published.</returns>
    public Task<bool> PublishAsync(int loopId, CancellationToken cancellationToken) => cosigning.PublishAsync(loopId, cancellationToken);

    /// <summary>How far a batch has come.</summary>
    public async Task<EntryState> StateOfAsync(int loopId, long batchId, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await LogTables.StateOfAsync(connection, loopId, batchId, cancellationToken);
    }

    /// <summary>Lets a halted log sign again, once somebody has made sure that it continues what was published.</summary>
    public async Task ResumeAsync(int loopId, string why, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(why);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await LogWriter.RecordIncidentAsync(connection, loopId, halts: false, why, clock.GetUtcNow(), cancellationToken);
    }

    private bool IsStale(Standing standing) => clock.GetUtcNow() - standing.PublishedAt > Cosigning.IdleRenewal;

    private async Task StepAsync(NpgsqlConnection connection, int loopId, string slug, CancellationToken cancellationToken)
    {
        var key = keys.Of(slug);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var state = await LogWriter.TakeUpAsync(connection, transaction, loopId, cancellationToken);
        if (state.HaltedBecause is not null || (state.Latest is not null && state.Pending.Count == 0))
        {
            return;
        }

        if (state.Vkey is null)
        {
            await LogWriter.StartAsync(connection, transaction, loopId, key.Verifier, clock.GetUtcNow(), cancellationToken);
        }
        else if (state.Vkey != key.Verifier.ToString())
        {
            throw new LedgerConflictException(
                $"The log of loop '{slug}' was started under the key {state.Vkey}, but this node's master key and origin give {key.Verifier}. Restore the master key; signing with another would fork the log");
        }

        var completed = new List<(TileId, byte[])>();
        var placements = new List<(long, long, int)>();
        var kinds = (long[])(state.Latest?.Kinds ?? []).Clone();
        foreach (var pending in state.Pending)
        {
            placements.Add((pending.BatchId, state.Tree.Size, pending.Entries.Length / Commitment.Length));
            for (var at = 0; at < pending.Entries.Length; at += Commitment.Length)
            {
                var kind = pending.Entries[at];
                if (kind > kinds.Length)
                {
                    Array.Resize(ref kinds, kind);
                }

                kinds[kind - 1]++;
            }

            state.Tree.AppendAll(pending.Entries, Commitment.Length, (tile, bytes) => completed.Add((tile, bytes.ToArray())));
        }

        var checkpoint = new Checkpoint(key.Verifier.Name, state.Tree.Size, state.Tree.Root());
        var note = checkpoint.Sign(key).ToString();
        var signed = new SignedCheckpoint(checkpoint.Size, checkpoint.Root, note, kinds, clock.GetUtcNow());
        var isPublished = policies.Of(slug).Witnesses.Count == 0;
        await LogWriter.WriteAsync(connection, transaction, loopId, new LogStep(state.Tree, completed, placements, signed, isPublished), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        LedgerLog.Signed(log, slug, checkpoint.Size, placements.Count);
    }

    private static async Task<Standing> StandingAsync(NpgsqlConnection connection, int loopId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT (SELECT size FROM ledger.checkpoints WHERE loop_id = $1 ORDER BY size DESC LIMIT 1),
                   p.size, p.published_at,
                   EXISTS (SELECT FROM ledger.pending WHERE loop_id = $1),
                   (SELECT CASE WHEN halts THEN words END FROM ledger.incidents WHERE loop_id = $1 ORDER BY incident_id DESC LIMIT 1)
            FROM (SELECT 1) AS one
            LEFT JOIN LATERAL (SELECT size, published_at FROM ledger.publications WHERE loop_id = $1 ORDER BY size DESC, publication_id DESC LIMIT 1) p ON true
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new Standing(
            await reader.IsDBNullAsync(0, cancellationToken) ? null : reader.GetInt64(0),
            await reader.IsDBNullAsync(1, cancellationToken) ? 0 : reader.GetInt64(1),
            await reader.IsDBNullAsync(2, cancellationToken) ? DateTimeOffset.MinValue : reader.GetFieldValue<DateTimeOffset>(2),
            reader.GetBoolean(3),
            await reader.IsDBNullAsync(4, cancellationToken) ? null : reader.GetString(4));
    }

    private sealed record Standing(long? Size, long PublishedSize, DateTimeOffset PublishedAt, bool IsWaiting, string? HaltedBecause);
}
