using Marketplace.Ledger;

namespace Marketplace.Auditor;

/// <summary>
/// The hash tiles of a published tree, each checked before it is used: those of the right edge must give the checkpoint's
/// root, and a full one must be what the tile above it says. So a false tile is named even where the hash asked for is right.
/// </summary>
internal sealed class CheckedTiles(LogSource source, Checkpoint checkpoint)
{
    private readonly Dictionary<TileId, byte[]> _tiles = [];
    private bool _edgeIsChecked;

    /// <summary>The hash of a complete subtree.</summary>
    /// <exception cref="NotVerifiedException">A tile is withheld, has another length or does not belong to the checkpoint's tree.</exception>
    public TreeHash HashOf(TreeNode node)
    {
        CheckEdge();
        return node.HashIn(Tile(node.TileAt(checkpoint.Size)));
    }

    private void CheckEdge()
    {
        if (_edgeIsChecked)
        {
            return;
        }

        var edge = new Dictionary<TileId, byte[]>();
        var root = TreeNode.Fold(0, checkpoint.Size, node =>
        {
            var id = node.TileAt(checkpoint.Size);
            return node.HashIn(edge.TryGetValue(id, out var bytes) ? bytes : edge[id] = source.Tile(id));
        });
        if (root != checkpoint.Root)
        {
            throw new NotVerifiedException("the tiles of the right edge do not give the checkpoint's root");
        }

        foreach (var (id, bytes) in edge)
        {
            _tiles.Add(id, bytes);
        }

        _edgeIsChecked = true;
    }

    private byte[] Tile(TileId id)
    {
        if (_tiles.TryGetValue(id, out var bytes))
        {
            return bytes;
        }

        bytes = source.Tile(id);
        var above = new TreeNode(TileId.Height * (id.Level + 1), id.Index);
        if (MerkleHash.Subtree(bytes) != above.HashIn(Tile(above.TileAt(checkpoint.Size))))
        {
            throw new NotVerifiedException($"{id.Path} is not what the tile above it says");
        }

        _tiles.Add(id, bytes);
        return bytes;
    }
}
