using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;
using Npgsql;

namespace Marketplace.Web.Features.Transparency;

/// <summary>One checkpoint in full; its growth from the one before is checked while it is read.</summary>
public sealed record ShowCheckpoint(int LoopId, long Size) : IRequest<CheckpointView?>, IPublic;

/// <summary>How many entries of a kind there are, and how many of them are new.</summary>
public sealed record KindCount(RecordKind Kind, long Added, long Total);

/// <summary>A checkpoint.</summary>
/// <param name="Note">As published, or as signed while it is not.</param>
/// <param name="Renewals">When the same checkpoint was published again, on idle days.</param>
/// <param name="PreviousSize">The checkpoint before; null for the first.</param>
/// <param name="Grew">Whether the tree before is a prefix of this one; null where there is none before.</param>
/// <param name="ProofHashes">How many hashes that took.</param>
public sealed record CheckpointView(
    long Size, TreeHash Root, string Note, DateTimeOffset SignedAt, DateTimeOffset? PublishedAt, IReadOnlyList<DateTimeOffset> Renewals,
    IReadOnlyList<SignatureRow> Signatures, IReadOnlyList<KindCount> Kinds, long? PreviousSize, long? NextSize, bool? Grew, int ProofHashes);

internal sealed class ShowCheckpointHandler(NpgsqlDataSource source, LogPolicies policies, IEd25519 ed25519)
    : IRequestHandler<ShowCheckpoint, CheckpointView?>
{
    private const int MostRenewals = 30;

    public async Task<CheckpointView?> Handle(ShowCheckpoint request, CancellationToken cancellationToken)
    {
        var policy = await policies.EverAsync(request.LoopId, cancellationToken);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var found = await LogReads.CheckpointsAsync(connection, request.LoopId, request.Size, 2, cancellationToken);
        if (found.Count == 0 || found[0].Head.Size != request.Size)
        {
            return null;
        }

        var signed = found[0].Head;
        var before = found.Count > 1 ? found[1].Head : null;
        var after = await LogReads.CheckpointsFromAsync(connection, request.LoopId, request.Size + 1, 1, cancellationToken);
        var publications = await LogReads.PublicationsAsync(connection, request.LoopId, request.Size, MostRenewals, cancellationToken);
        var note = publications.Count > 0 ? publications[^1].Note : signed.Note;
        var (grew, hashes) = before is null ? ((bool?)null, 0) : await GrewAsync(connection, request.LoopId, before, signed, cancellationToken);
        return new CheckpointView(
            signed.Size,
            signed.Root,
            note,
            signed.SignedAt,
            publications.Count > 0 ? publications[0].PublishedAt : null,
            [.. publications.Skip(1).Select(publication => publication.PublishedAt)],
            CheckpointSignatures.Read(note, policy, ed25519),
            Kinds(before?.Kinds ?? [], signed.Kinds),
            before?.Size,
            after.Count > 0 ? after[0].Head.Size : null,
            grew,
            hashes);
    }

    internal static IReadOnlyList<KindCount> Kinds(long[] before, long[] now) =>
        [.. now.Select((total, i) => new KindCount((RecordKind)(i + 1), total - (i < before.Length ? before[i] : 0), total))
            .Where(kind => kind.Total > 0).OrderByDescending(kind => kind.Added).ThenBy(kind => kind.Kind)];

    private static async Task<(bool? Grew, int Hashes)> GrewAsync(
        NpgsqlConnection connection, int loopId, SignedCheckpoint before, SignedCheckpoint now, CancellationToken cancellationToken)
    {
        var nodes = ConsistencyProof.NodesFor(before.Size, now.Size).ToList();
        var tiles = await LogTables.TilesAsync(connection, loopId, nodes.Select(node => node.TileAt(now.Size)), cancellationToken);
        if (nodes.Exists(node => !tiles.ContainsKey(node.TileAt(now.Size))))
        {
            return (false, 0);
        }

        var proof = ConsistencyProof.Make(before.Size, now.Size, node => node.HashIn(tiles[node.TileAt(now.Size)]));
        return (ConsistencyProof.Verify(before.Size, now.Size, before.Root, now.Root, proof), proof.Count);
    }
}

/// <summary>A checkpoint's note as a file: what one keeps to compare later.</summary>
public sealed record CheckpointNote(int LoopId, long Size) : IRequest<string?>, IPublic;

internal sealed class CheckpointNoteHandler(NpgsqlDataSource source) : IRequestHandler<CheckpointNote, string?>
{
    public async Task<string?> Handle(CheckpointNote request, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var published = await LogReads.PublicationsAsync(connection, request.LoopId, request.Size, 1, cancellationToken);
        if (published.Count > 0)
        {
            return published[0].Note;
        }

        var signed = await LogReads.CheckpointsAsync(connection, request.LoopId, request.Size, 1, cancellationToken);
        return signed.Count > 0 && signed[0].Head.Size == request.Size ? signed[0].Head.Note : null;
    }
}
