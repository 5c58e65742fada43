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
    NpgsqlDataSource source, LoopNames loops, LogKeys keys, LogPolicies policies, Cosigning cosigning, LogAlarms alarms, TimeProvider clock, ILogger<Sequencer> log)
{
    private const string EdgeChanged =
        "The stored right edge of the tree (ledger.edges) is not the one that was signed: somebody or something has changed it.";

    /// <summary>
    /// Integrates and signs all that waits. Without witnesses the checkpoint is published in the same transaction; with
    /// them it is published in the background as soon as the policy is met, or at the next <see cref="PublishAsync"/>.
    /// </summary>
    /// <exception cref="LedgerConflictException">This installation's key is not the log's.</exception>
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

    private bool IsStale(Standing standing) => clock.GetUtcNow() - standing.PublishedAt > Cosigning.IdleRenewal;

    private async Task StepAsync(NpgsqlConnection connection, int loopId, string slug, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var state = await LogWriter.TakeUpAsync(connection, transaction, loopId, cancellationToken);
        if (state.HaltedBecause is not null || (state.Latest is not null && state.Pending.Count == 0))
        {
            return;
        }

        if (state.Edge is not { } tree)
        {
            await transaction.RollbackAsync(cancellationToken);
            await alarms.HaltAsync(connection, loopId, slug, IncidentCause.Changed, EdgeChanged, null, cancellationToken);
            return;
        }

        var trust = await LogTrust.ReadAsync(connection, transaction, loopId, cancellationToken);
        var signers = await SignersAsync(connection, transaction, loopId, slug, trust, cancellationToken);
        var (step, kinds) = Grow(loopId, tree, state);
        using (LedgerTrace.Start(LedgerTrace.Tile, loopId)?.SetTag("tiles", step.Completed.Count))
        {
            await LogWriter.WriteTreeAsync(connection, transaction, loopId, step, cancellationToken);
        }

        var checkpoint = new Checkpoint(signers[0].Verifier.Name, tree.Size, tree.Root());
        using (LedgerTrace.Start(LedgerTrace.Sign, loopId)?.SetTag("size", checkpoint.Size))
        {
            var note = signers.Skip(1).Aggregate(checkpoint.Sign(signers[0]), (signed, old) => signed.With(old.Sign(signed.Text))).ToString();
            var signed = new SignedCheckpoint(checkpoint.Size, checkpoint.Root, note, kinds, clock.GetUtcNow());
            var wished = policies.Wished(slug, trust);
            await LogWriter.WriteSignedAsync(connection, transaction, loopId, signed, wished.Witnesses.Count == 0 ? wished.Text : null, cancellationToken);
        }

        using (LedgerTrace.Start(LedgerTrace.Commit, loopId)?.SetTag("size", checkpoint.Size))
        {
            await transaction.CommitAsync(cancellationToken);
        }

        LedgerLog.Signed(log, slug, checkpoint.Size, step.Placements.Count);
    }

    private static (LogStep Step, long[] Kinds) Grow(int loopId, MerkleTree tree, LogState state)
    {
        using var activity = LedgerTrace.Start(LedgerTrace.Integrate, loopId)?.SetTag("batches", state.Pending.Count);
        var completed = new List<(TileId, byte[])>();
        var placements = new List<(long, long, int)>();
        var kinds = (long[])(state.Latest?.Kinds ?? []).Clone();
        foreach (var pending in state.Pending)
        {
            placements.Add((pending.BatchId, tree.Size, pending.Entries.Length / Commitment.Length));
            for (var at = 0; at < pending.Entries.Length; at += Commitment.Length)
            {
                var kind = pending.Entries[at];
                if (kind > kinds.Length)
                {
                    Array.Resize(ref kinds, kind);
                }

                kinds[kind - 1]++;
            }

            tree.AppendAll(pending.Entries, Commitment.Length, (tile, bytes) => completed.Add((tile, bytes.ToArray())));
        }

        return (new LogStep(tree, completed, placements), kinds);
    }

    /// <summary>The key that signs, and for a while after a change the one before it.</summary>
    private async Task<List<SignerKey>> SignersAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, string slug, LogTrust trust, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var key = keys.Of(slug, trust.KeyNumber);
        if (trust.Keys.Count == 0)
        {
            await LogWriter.StartAsync(connection, transaction, loopId, key.Verifier, now, cancellationToken);
            return [key];
        }

        var current = trust.Keys[^1];
        if (current.Vkey != key.Verifier.ToString())
        {
            await transaction.RollbackAsync(cancellationToken);
            var words = $"The log of loop '{slug}' signs with the key {current.Vkey}, but this installation's master key and origin give {key.Verifier}. Restore the master key, or change the log's key on record; signing with another unannounced would fork the log";
            await alarms.RaiseAsync(connection, loopId, slug, IncidentTopic.Key, IncidentCause.WrongKey, words, null, cancellationToken);
            throw new LedgerConflictException(words);
        }

        await alarms.EndAsync(connection, loopId, IncidentTopic.Key, "The log's key is there again", cancellationToken);
        if (trust.Keys.Count > 1 && current.OldSignsUntil > now && keys.Of(slug, trust.Keys[^2].Number) is { } old && old.Verifier.ToString() == trust.Keys[^2].Vkey)
        {
            return [key, old];
        }

        return [key];
    }

    private static async Task<Standing> StandingAsync(NpgsqlConnection connection, int loopId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT (SELECT size FROM ledger.checkpoints WHERE loop_id = $1 ORDER BY size DESC LIMIT 1),
                   p.size, p.published_at,
                   EXISTS (SELECT FROM ledger.pending WHERE loop_id = $1),
                   (SELECT CASE WHEN is_raised THEN words END FROM ledger.incidents WHERE loop_id = $1 AND topic = 'signing' ORDER BY incident_id DESC LIMIT 1)
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
