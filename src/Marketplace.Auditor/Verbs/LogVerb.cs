using System.Globalization;
using Marketplace.Ledger;
using Marketplace.Native.Crypto;

namespace Marketplace.Auditor.Verbs;

/// <summary>
/// Reads a whole published log, recomputes every tile from the entries, compares each with the one served and the root
/// with the checkpoint's. Bundles are read and hashed on all processors, a few ahead; memory holds those and the right edge
/// of the tree, whatever the log's size.
/// </summary>
internal static class LogVerb
{
    private const string Usage = "log URL-or-FOLDER [--policy FILE] [--keep FOLDER]";

    public static Verb Verb { get; } = new("log", Usage, "Reads a whole published log, recomputes every tile and the root, and compares.", Run);
    private const int Ahead = 16;
    private const int ProgressEvery = 4096;

    private static int Run(string[] args, Terminal terminal)
    {
        var arguments = new Arguments(args, "policy", "keep");
        var place = arguments.Exactly(1, Usage)[0];
        var policy = Given.Policy(arguments.One("policy"));
        using var source = new LogSource(place, arguments.One("keep"));
        var published = source.Checkpoint();
        var note = SignedNote.Parse(published);
        var trusted = policy?.Open(note, new Ed25519());
        var checkpoint = trusted?.Checkpoint ?? Given.Checkpoint(note);
        var tree = new MerkleTree();
        var tiles = 0L;
        void Compare(TileId tile, ReadOnlySpan<byte> recomputed, byte[]? served = null)
        {
            if (!(served ?? source.Tile(tile)).AsSpan().SequenceEqual(recomputed))
            {
                throw new NotVerifiedException($"{tile.Path} differs from the tile recomputed from the entries");
            }

            tiles++;
        }

        foreach (var part in Parts(source, checkpoint.Size, terminal.Words))
        {
            Compare(part.Tile, part.Leaves, part.Served);
            tree.AppendBundle(part.Entries, part.Leaves, (tile, bytes) =>
            {
                if (tile.Level > 0)
                {
                    Compare(tile, bytes.Span);
                }
            });
        }

        for (var level = 1; level <= TileId.MaxLevel; level++)
        {
            var tail = tree.Tail(level);
            if (tail.Length > 0)
            {
                Compare(TileId.Of(level, TileId.CountIn(level, checkpoint.Size) / TileId.FullWidth, checkpoint.Size), tail);
            }
        }

        var root = tree.Root();
        if (root != checkpoint.Root)
        {
            throw new NotVerifiedException($"the entries give the root {root}, but the checkpoint says {checkpoint.Root}");
        }

        source.KeepCheckpoint(published);
        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"OK log: {Describe.Tree(checkpoint)}; {tiles} tiles recomputed from the entries; {Describe.Trust(trusted)}"));
        return Exit.Good;
    }

    // A few ahead, so that a distant log is not read at one bundle a round trip. Each is read, hashed and beside it its tile
    // read by one worker.
    private static IEnumerable<Part> Parts(LogSource source, long size, TextWriter words)
    {
        var fetching = new Queue<Task<Part>>();

        // The reads block; the pool would start only as many at once as there are processors.
        ThreadPool.SetMinThreads(Ahead + 1, 1);
        long next = 0;
        long done = 0;
        var bundles = (size + TileId.FullWidth - 1) / TileId.FullWidth;
        while (done < bundles)
        {
            for (; next < bundles && fetching.Count < Ahead; next++)
            {
                var index = next;
                fetching.Enqueue(Task.Run(() => Part.Read(source, index, size)));
            }

            yield return fetching.Dequeue().GetAwaiter().GetResult();
            if (++done % ProgressEvery == 0)
            {
                words.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done * TileId.FullWidth} of {size} entries read"));
            }
        }
    }

    private sealed record Part(TileId Tile, IReadOnlyList<ReadOnlyMemory<byte>> Entries, byte[] Leaves, byte[] Served)
    {
        public static Part Read(LogSource source, long index, long size)
        {
            var tile = TileId.Of(0, index, size);
            var entries = source.Bundle(TileId.Of(TileId.Entries, index, size));
            return new Part(tile, entries, MerkleHash.Leaves(entries), source.Tile(tile));
        }
    }
}
