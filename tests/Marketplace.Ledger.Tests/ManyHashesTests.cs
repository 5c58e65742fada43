using System.Security.Cryptography;
using Shouldly;
using Xunit;

namespace Marketplace.Ledger.Tests;

/// <summary>The fast way of hashing and committing beside the plain one, which is its twin.</summary>
public class ManyHashesTests
{
    [Fact]
    public void Messages_of_one_length_hash_as_the_platform_hashes_each()
    {
        var random = new Random(1);
        for (var length = 1; length <= 260; length++)
        {
            for (var count = 0; count <= (2 * ManyHashes.Lanes) + 1; count++)
            {
                var messages = new byte[length * count];
                random.NextBytes(messages);
                var hashes = new byte[count * TreeHash.Length];
                ManyHashes.OfEqual(messages, length, hashes);
                for (var i = 0; i < count; i++)
                {
                    hashes.AsSpan(i * 32, 32).SequenceEqual(SHA256.HashData(messages.AsSpan(i * length, length))).ShouldBeTrue($"length {length}, {i} of {count}");
                }
            }
        }
    }

    [Fact]
    public void Messages_of_any_lengths_hash_as_the_platform_hashes_each()
    {
        var random = new Random(2);
        for (var round = 0; round < 300; round++)
        {
            var lengths = Enumerable.Range(0, random.Next(40)).Select(_ => random.Next(5) == 0 ? random.Next(3000) : random.Next(130)).ToArray();
            var ends = lengths.Select((_, i) => lengths.Take(i + 1).Sum()).ToArray();
            var messages = new byte[lengths.Sum()];
            random.NextBytes(messages);
            var hashes = new byte[lengths.Length * TreeHash.Length];
            ManyHashes.OfAny(messages, ends, hashes);
            for (var i = 0; i < lengths.Length; i++)
            {
                hashes.AsSpan(i * 32, 32).SequenceEqual(SHA256.HashData(messages.AsSpan(ends[i] - lengths[i], lengths[i]))).ShouldBeTrue($"round {round}, message {i}");
            }
        }
    }

    [Fact]
    public void Bytes_that_do_not_fit_are_refused()
    {
        Should.Throw<ArgumentException>(() => ManyHashes.OfEqual(new byte[7], 2, new byte[96]));
        Should.Throw<ArgumentException>(() => ManyHashes.OfEqual(new byte[6], 2, new byte[95]));
        Should.Throw<ArgumentException>(() => ManyHashes.OfEqual([], 0, []));
        Should.Throw<ArgumentException>(() => ManyHashes.OfAny(new byte[3], [1, 2], new byte[64]));
        Should.Throw<ArgumentException>(() => ManyHashes.OfAny(new byte[3], [2, 1, 3], new byte[96]));
        Should.Throw<ArgumentException>(() => ManyHashes.OfAny(new byte[3], [3], new byte[31]));
        Should.Throw<ArgumentException>(() => MerkleHash.Subtree(new byte[3 * 32]));
        Should.Throw<ArgumentException>(() => MerkleHash.Subtree([]));
    }

    [Fact]
    public void Many_records_are_committed_to_as_one_by_one()
    {
        var random = new Random(3);
        var records = Enumerable.Range(0, 500).Select(i =>
        {
            var secret = new byte[32];
            var canonical = new byte[random.Next(300)];
            random.NextBytes(secret);
            random.NextBytes(canonical);
            return new RecordToCommit(secret, (RecordKind)(1 + (i % 14)), (byte)(1 + (i % 3)), $"reading/{new string('ü', i % 90)}{i}", canonical);
        }).ToArray();
        var entries = new byte[records.Length * Commitment.Length];
        Commitment.OfAll(records, entries);
        for (var i = 0; i < records.Length; i++)
        {
            var r = records[i];
            var salt = HMACSHA256.HashData(r.Secret.Span, [(byte)r.Kind, r.Version, .. Vectors.Bytes(r.RecordKey)]);
            Commitment.Salt(r.Secret.Span, r.Kind, r.Version, r.RecordKey).ShouldBe(salt);
            entries.AsSpan(i * Commitment.Length, Commitment.Length).ToArray().ShouldBe(Commitment.Of(r.Kind, r.Version, salt, r.Canonical.Span));
        }

        Should.Throw<ArgumentException>(() => Commitment.OfAll(records, new byte[34]));
        Should.Throw<ArgumentException>(() => Commitment.OfAll([records[0] with { Secret = new byte[65] }], new byte[34]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(34)]
    public void A_tree_grows_by_many_entries_as_one_by_one(int length)
    {
        var random = new Random(4);
        var (single, many, bundled) = (new MerkleTree(), new MerkleTree(), new MerkleTree());
        var (one, all, bundles) = (new List<string>(), new List<string>(), new List<string>());
        static TileCompleted Into(List<string> list) => (tile, bytes) => list.Add(tile.Path + Convert.ToHexString(bytes.Span));
        foreach (var count in new[] { 0, 1, 254, 1, 256, 255, 700, 3, 64_500, 1, 511 })
        {
            var entries = new byte[count * length];
            random.NextBytes(entries);
            many.AppendAll(entries, length, Into(all));
            for (var i = 0; i < count; i++)
            {
                single.Append(entries.AsSpan(i * length, length), Into(one));
            }

            for (var i = 0; i < count;)
            {
                var some = Enumerable.Range(i, Math.Min(count - i, TileId.FullWidth - (int)(bundled.Size % TileId.FullWidth)))
                    .Select(n => new ReadOnlyMemory<byte>(entries, n * length, length)).ToList();
                bundled.AppendBundle(some, MerkleHash.Leaves(some), Into(bundles));
                i += some.Count;
            }

            foreach (var other in new[] { many, bundled })
            {
                other.Size.ShouldBe(single.Size);
                other.Root().ShouldBe(single.Root());
                other.TailBundle().ShouldBe(single.TailBundle());
            }

            all.ShouldBe(one);
            bundles.ShouldBe(one);
        }

        Should.Throw<ArgumentException>(() => many.AppendAll(new byte[35], 34, (_, _) => { }));
        Should.Throw<ArgumentException>(() => bundled.AppendBundle([new byte[1]], [], (_, _) => { }));
    }
}
