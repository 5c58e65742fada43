using System.Globalization;
using Marketplace.Ledger;

namespace Marketplace.Web.Features.Transparency;

/// <summary>Where each part of a loop's ledger has its page, and where it lies for programs.</summary>
public sealed record LedgerAddress(string Slug)
{
    /// <summary>The overview.</summary>
    public string Overview => $"/loops/{Slug}/ledger";

    /// <summary>All checkpoints.</summary>
    public string Checkpoints => Overview + "/checkpoints";

    /// <summary>All entries.</summary>
    public string Entries => Overview + "/entries";

    /// <summary>Search by hash or index.</summary>
    public string Search => Overview + "/search";

    /// <summary>How to check us.</summary>
    public string Check => Overview + "/check";

    /// <summary>The page that checks proof files, with this loop's policy at hand.</summary>
    public string Verify => "/verify?loop=" + Slug;

    /// <summary>The published log, as other programs read it.</summary>
    public string Log => $"/ledger/{Slug}";

    public string Checkpoint(long size) => string.Create(CultureInfo.InvariantCulture, $"{Checkpoints}/{size}");

    /// <summary>A checkpoint's note as a file.</summary>
    public string Note(long size) => Checkpoint(size) + "/note";

    public string Entry(long index) => string.Create(CultureInfo.InvariantCulture, $"{Entries}/{index}");

    public string EntriesOf(RecordKind kind) => string.Create(CultureInfo.InvariantCulture, $"{Entries}?kind={(int)kind}");

    /// <summary>The page of a tile or entry bundle.</summary>
    public string Tile(int level, long index) => level == TileId.Entries
        ? string.Create(CultureInfo.InvariantCulture, $"{Overview}/bundles/{index}")
        : string.Create(CultureInfo.InvariantCulture, $"{Overview}/tiles/{level}/{index}");

    /// <summary>Its bytes.</summary>
    public string Raw(TileId tile) => $"{Log}/{tile.Path}";
}
