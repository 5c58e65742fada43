using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Transparency.Records;
using Marketplace.Web.Pipeline;
using MediatR;
using Npgsql;

namespace Marketplace.Web.Features.Transparency;

/// <summary>One entry: where it stands, how the published root covers it and, for those entitled, what it stands for.</summary>
public sealed record ShowEntry(int LoopId, long Index) : IRequest<EntryView?>, IPublic;

/// <summary>Why an entry's content is shown, or not.</summary>
public enum ContentState
{
    /// <summary>The record is shown; it was compared with the entry.</summary>
    Open,

    /// <summary>It is somebody's own.</summary>
    Private,

    /// <summary>The secret behind it was destroyed.</summary>
    Erased,

    /// <summary>The record that is kept is not the one that was committed.</summary>
    Mismatch,
}

/// <summary>One step from the leaf to the root.</summary>
/// <param name="SiblingIsLeft">On which side the other hash stands.</param>
/// <param name="First">The first entry below the other hash.</param>
/// <param name="Last">The last entry below it.</param>
/// <param name="Sibling">The other hash.</param>
/// <param name="Result">The hash over both.</param>
/// <param name="Tile">Where the other hash, or the first part of it, is published.</param>
public sealed record PathStep(bool SiblingIsLeft, long First, long Last, TreeHash Sibling, TreeHash Result, TileId Tile);

/// <summary>A record as its holders may read it.</summary>
public sealed record EntryContent(ContentState State, CanonicalRecord? Record, string? Href);

/// <summary>An entry.</summary>
/// <param name="Anchor">The newest published checkpoint's size and root; null while none covers the entry.</param>
/// <param name="Path">From the leaf up; empty while no published checkpoint covers it.</param>
/// <param name="PathHolds">Whether the path, computed now, ends at the published root.</param>
/// <param name="SignedBy">The first signed checkpoint that covers it.</param>
/// <param name="AnchoredBy">The first published one.</param>
/// <param name="AnchoredAt">The earliest cosignature's time under that one; without witnesses, when it was published.</param>
/// <param name="Tiles">The tiles from the top down to the bundle.</param>
public sealed record EntryView(
    long Index, byte[] Entry, RecordKind Kind, int Version, TreeHash Commitment, TreeHash Leaf, long Size,
    (long Size, TreeHash Root)? Anchor, IReadOnlyList<PathStep> Path, bool PathHolds,
    (long Size, DateTimeOffset At)? SignedBy, (long Size, DateTimeOffset At)? AnchoredBy, DateTimeOffset? AnchoredAt, bool IsCosigned,
    IReadOnlyList<TileId> Tiles, EntryContent Content);

internal sealed class ShowEntryHandler(
    NpgsqlDataSource source, LoopNames loops, LogPolicies policies, IEd25519 ed25519, EntryRecords records) : IRequestHandler<ShowEntry, EntryView?>
{
    public async Task<EntryView?> Handle(ShowEntry request, CancellationToken cancellationToken)
    {
        var (loopId, index) = (request.LoopId, request.Index);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var size = (await LogTables.LatestSignedAsync(connection, loopId, cancellationToken))?.Size ?? 0;
        if (index < 0 || index >= size)
        {
            return null;
        }

        var bundle = TileId.Of(TileId.Entries, index / TileId.FullWidth, size);
        var bundles = await LogTables.TilesAsync(connection, loopId, [bundle], cancellationToken);
        if (!bundles.TryGetValue(bundle, out var bytes))
        {
            return null;
        }

        var slug = await loops.SlugOfAsync(loopId, cancellationToken);
        var entry = EntryBundle.Read(bytes, bundle.Width)[(int)(index % TileId.FullWidth)].ToArray();
        var leaf = MerkleHash.Leaf(entry);
        var published = await LogTables.LatestPublishedAsync(connection, loopId, cancellationToken);
        var checkpoint = published is null || index >= published.Size ? null : Checkpoint.Parse(SignedNote.Parse(Encoding.UTF8.GetBytes(published.Note)).Text);
        var path = checkpoint is null ? [] : await PathAsync(connection, loopId, index, leaf, checkpoint, cancellationToken);
        var signed = await LogReads.CheckpointsFromAsync(connection, loopId, index + 1, 1, cancellationToken);
        var first = await LogTables.FirstPublishedOverAsync(connection, loopId, index, cancellationToken);
        var cosigned = first is null
            ? []
            : CheckpointSignatures.Read(first.Note, await policies.EverAsync(request.LoopId, cancellationToken), ed25519).Where(s => s is { Holds: true, At: not null }).Select(s => s.At!.Value).ToList();
        var batch = await LogReads.BatchOverAsync(connection, loopId, index, cancellationToken);
        return new EntryView(
            index, entry, (RecordKind)entry[0], entry[1], new TreeHash(entry.AsSpan(2)), leaf, size,
            checkpoint is null ? null : (checkpoint.Size, checkpoint.Root),
            path,
            checkpoint is not null && (path.Count > 0 ? path[^1].Result : leaf) == checkpoint.Root,
            signed.Count > 0 ? (signed[0].Head.Size, signed[0].Head.SignedAt) : null,
            first is null ? null : (first.Size, first.PublishedAt),
            cosigned.Count > 0 ? cosigned.Min() : first?.PublishedAt,
            cosigned.Count > 0,
            TilesDownTo(index, size),
            batch is null
                ? new EntryContent(ContentState.Private, null, null)
                : await records.OpenAsync(connection, new EntryPlace(loopId, slug, batch.BatchId, batch.BatchKey, (int)(index - batch.FirstIndex)), entry, cancellationToken));
    }

    private static async Task<IReadOnlyList<PathStep>> PathAsync(
        NpgsqlConnection connection, int loopId, long index, TreeHash leaf, Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        var ranges = InclusionProof.Ranges(index, checkpoint.Size);
        var nodes = InclusionProof.NodesFor(index, checkpoint.Size).Select(node => node.TileAt(checkpoint.Size)).ToList();
        var tiles = await LogTables.TilesAsync(connection, loopId, nodes, cancellationToken);
        if (nodes.Exists(tile => !tiles.ContainsKey(tile)))
        {
            return [];
        }

        var hash = leaf;
        var steps = new List<PathStep>();
        foreach (var (start, end) in ranges)
        {
            var sibling = TreeNode.Fold(start, end, node => node.HashIn(tiles[node.TileAt(checkpoint.Size)]));
            var isLeft = end <= index;
            hash = isLeft ? MerkleHash.Node(sibling, hash) : MerkleHash.Node(hash, sibling);
            steps.Add(new PathStep(isLeft, start, end - 1, sibling, hash, TreeNode.Cover(start, end)[0].TileAt(checkpoint.Size)));
        }

        return steps;
    }

    /// <summary>The tiles whose hashes lie over an entry, from the top down, the bundle last.</summary>
    private static List<TileId> TilesDownTo(long index, long size)
    {
        var tiles = new List<TileId>();
        for (var level = TileId.MaxLevel; level >= 0; level--)
        {
            var at = index >> (TileId.Height * level);
            var tile = at / TileId.FullWidth;
            if (TileId.WidthIn(level, tile, size) > at % TileId.FullWidth)
            {
                tiles.Add(TileId.Of(level, tile, size));
            }
        }

        tiles.Add(TileId.Of(TileId.Entries, index / TileId.FullWidth, size));
        return tiles;
    }
}
