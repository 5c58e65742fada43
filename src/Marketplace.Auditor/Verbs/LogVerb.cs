using System.Globalization;
using Marketplace.Ledger;
using Marketplace.Native.Crypto;

namespace Marketplace.Auditor.Verbs;

/// <summary>
/// Reads a whole published log, recomputes every tile from the entries, compares each with the one served and the root
/// with the checkpoint's. It keeps one bundle and the right edge of the tree in memory, whatever the log's size.
/// </summary>
internal static class LogVerb
{
    private const string Usage = "log URL-or-FOLDER [--policy FILE]";

    public static Verb Verb { get; } = new("log", Usage, "Reads a whole published log, recomputes every tile and the root, and compares.", Run);
    private const int Ahead = 8;
    private const int ProgressEvery = 4096;

    private static int Run(string[] args, Terminal terminal)
    {
        var arguments = new Arguments(args, "policy");
        var place = arguments.Exactly(1, Usage)[0];
        var policy = Given.Policy(arguments.One("policy"));
        using var source = new LogSource(place);
        var note = SignedNote.Parse(source.Checkpoint());
        var trusted = policy?.Open(note, new Ed25519());
        var checkpoint = trusted?.Checkpoint ?? Checkpoint.Parse(note.Text);
        var tree = new MerkleTree();
        var tiles = 0L;
        void Compare(TileId tile, ReadOnlySpan<byte> recomputed)
        {
            if (!source.Tile(tile).AsSpan().SequenceEqual(recomputed))
            {
                throw new NotVerifiedException($"{tile.Path} differs from the tile recomputed from the entries");
            }

            tiles++;
        }

        foreach (var entry in Entries(source, checkpoint.Size, terminal.Words))
        {
            tree.Append(entry.Span, (tile, bytes) =>
            {
                if (tile.Level != TileId.Entries)
                {
                    Compare(tile, bytes.Span);
                }
            });
        }

        for (var level = 0; level <= TileId.MaxLevel; level++)
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

        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"OK log: {Describe.Tree(checkpoint)}; {tiles} tiles recomputed from the entries; {Describe.Trust(trusted)}"));
        return Exit.Good;
    }

    // Bundles are fetched a few ahead, so that a distant log is not read at one bundle a round trip.
    private static IEnumerable<ReadOnlyMemory<byte>> Entries(LogSource source, long size, TextWriter words)
    {
        var fetching = new Queue<Task<IReadOnlyList<ReadOnlyMemory<byte>>>>();
        long next = 0;
        long done = 0;
        var bundles = (size + TileId.FullWidth - 1) / TileId.FullWidth;
        while (done < bundles)
        {
            for (; next < bundles && fetching.Count < Ahead; next++)
            {
                var bundle = TileId.Of(TileId.Entries, next, size);
                fetching.Enqueue(Task.Run(() => source.Bundle(bundle)));
            }

            foreach (var entry in fetching.Dequeue().GetAwaiter().GetResult())
            {
                yield return entry;
            }

            if (++done % ProgressEvery == 0)
            {
                words.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done * TileId.FullWidth} of {size} entries read"));
            }
        }
    }
}
