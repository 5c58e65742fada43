using Shouldly;
using Xunit;

namespace Marketplace.Ledger.Tests;

public class TileTests
{
    [Theory]
    [InlineData(0, 1234067, 256, "tile/0/x001/x234/067")]
    [InlineData(0, 273, 112, "tile/0/273.p/112")]
    [InlineData(1, 0, 256, "tile/1/000")]
    [InlineData(-1, 1000, 1, "tile/entries/x001/000.p/1")]
    [InlineData(7, 999, 255, "tile/7/999.p/255")]
    public void Paths_are_written_and_read_back(int level, long index, int width, string path)
    {
        var tile = new TileId(level, index, width);
        tile.Path.ShouldBe(path);
        TileId.TryParse(path, out var read).ShouldBeTrue();
        read.ShouldBe(tile);
    }

    [Theory]
    [InlineData("tile/0/x000/001")]
    [InlineData("tile/0/1")]
    [InlineData("tile/0/0001")]
    [InlineData("tile/0/001/002")]
    [InlineData("tile/0/x001")]
    [InlineData("tile/0/001.p/0")]
    [InlineData("tile/0/001.p/256")]
    [InlineData("tile/0/001.p/01")]
    [InlineData("tile/0/001.p/")]
    [InlineData("tile/0/001.p")]
    [InlineData("tile/00/001")]
    [InlineData("tile/8/001")]
    [InlineData("tile/-1/001")]
    [InlineData("tile/data/001")]
    [InlineData("tile/entries")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/999")]
    [InlineData("tile/0/+01")]
    [InlineData("tile//001")]
    [InlineData("tile/0/../001")]
    [InlineData("/tile/0/001")]
    [InlineData("")]
    [InlineData(null)]
    public void Other_spellings_are_no_paths(string? path) => TileId.TryParse(path, out _).ShouldBeFalse();

    [Fact]
    public void Partial_widths_of_a_tree_of_70000()
    {
        TileId.Of(0, 272, 70000).IsFull.ShouldBeTrue();
        TileId.Of(0, 273, 70000).Width.ShouldBe(112);
        TileId.Of(1, 0, 70000).IsFull.ShouldBeTrue();
        TileId.Of(1, 1, 70000).Width.ShouldBe(17);
        TileId.Of(2, 0, 70000).Width.ShouldBe(1);
        TileId.WidthIn(0, 274, 70000).ShouldBe(0);
        TileId.WidthIn(3, 0, 70000).ShouldBe(0);
        TileId.WidthIn(1, 1, 65536).ShouldBe(0);
        new TileId(0, 273, 112).ExistsIn(70000).ShouldBeTrue();
        new TileId(0, 273, 113).ExistsIn(70000).ShouldBeFalse();
        new TileId(0, 273).ExistsIn(70000).ShouldBeFalse();
        new TileId(0, 12, 5).ExistsIn(70000).ShouldBeTrue();
    }

    [Fact]
    public void Bundles_are_read_as_written_and_no_other_way()
    {
        var bytes = new List<byte>();
        foreach (var entry in Vectors.ReferenceLeaves)
        {
            EntryBundle.Append(bytes, entry);
        }

        var bundle = bytes.ToArray();
        EntryBundle.Read(bundle, 8).Select(e => e.ToArray()).ShouldBe(Vectors.ReferenceLeaves);
        EntryBundle.ReadFirst(bundle, 3, out var used).Count.ShouldBe(3);
        used.ShouldBe(2 + 3 + 3);
        Should.Throw<NotVerifiedException>(() => EntryBundle.Read(bundle, 7));
        Should.Throw<NotVerifiedException>(() => EntryBundle.Read(bundle, 9));
        for (var cut = 0; cut < bundle.Length; cut++)
        {
            Should.Throw<NotVerifiedException>(() => EntryBundle.Read(bundle.AsMemory(0, cut), 8));
        }

        Should.Throw<ArgumentException>(() => EntryBundle.Append(bytes, new byte[65536]));
    }
}
