using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace Marketplace.Ledger.Tests;

public class TreeTests
{
    private static IEnumerable<byte[]> Numbered(int count) => Enumerable.Range(0, count).Select(i => Vectors.Bytes($"entry {i}"));

    [Fact]
    public void Hashes_are_those_of_RFC_6962()
    {
        MerkleHash.Empty.ToHex().ShouldBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        MerkleHash.Leaf([]).ToHex().ShouldBe("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        MerkleHash.Leaf("L123456"u8).ToHex().ShouldBe("395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
        System.Security.Cryptography.SHA256.HashData([1, .. "N123"u8, .. "N456"u8])
            .ShouldBe(Convert.FromHexString("aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"));
        var node = System.Security.Cryptography.SHA256.HashData([1, .. MerkleHash.Empty.ToBytes(), .. MerkleHash.Leaf([]).ToBytes()]);
        MerkleHash.Node(MerkleHash.Empty, MerkleHash.Leaf([])).ToBytes().ShouldBe(node);
    }

    [Fact]
    public void Reference_entries_give_the_reference_roots()
    {
        var log = new MemoryLog();
        for (var i = 0; i < Vectors.ReferenceLeaves.Length; i++)
        {
            log.Append(Vectors.ReferenceLeaves[i]);
            log.Root.ToHex().ShouldBe(Vectors.ReferenceRoots[i]);
        }
    }

    [Theory]
    [InlineData(5, 8, "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms= yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA= 037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=")]
    [InlineData(2, 3, "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=")]
    public void Inclusion_vectors(int index, int size, string expected)
    {
        var log = new MemoryLog().Append(Vectors.ReferenceLeaves.Take(size)).Publish();
        var proof = InclusionProof.Make(index, size, log.HashOf);
        string.Join(' ', proof).ShouldBe(expected);
        InclusionProof.Verify(index, size, MerkleHash.Leaf(Vectors.ReferenceLeaves[index]), proof, Vectors.Hex(Vectors.ReferenceRoots[size - 1])).ShouldBeTrue();
    }

    [Theory]
    [InlineData(6, 8, "DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o= yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA= 037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=")]
    [InlineData(2, 5, "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4= vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=")]
    public void Consistency_vectors(int oldSize, int size, string expected)
    {
        var log = new MemoryLog().Append(Vectors.ReferenceLeaves.Take(size)).Publish();
        var proof = ConsistencyProof.Make(oldSize, size, log.HashOf);
        string.Join(' ', proof).ShouldBe(expected);
        ConsistencyProof.Verify(oldSize, size, Vectors.Hex(Vectors.ReferenceRoots[oldSize - 1]), Vectors.Hex(Vectors.ReferenceRoots[size - 1]), proof).ShouldBeTrue();
    }

    [Fact]
    public void Every_proof_of_a_small_tree_is_the_naive_twins_and_no_other_is_accepted()
    {
        for (var size = 1; size <= 40; size++)
        {
            var log = new MemoryLog().Append(Numbered(size)).Publish();
            log.Root.ToBytes().ShouldBe(NaiveTree.Mth(log.Entries));
            for (var index = 0; index < size; index++)
            {
                var proof = InclusionProof.Make(index, size, log.HashOf);
                proof.Select(h => h.ToBytes()).ShouldBe(NaiveTree.Path(index, log.Entries));
                var leaf = MerkleHash.Leaf(log.Entries[index]);
                for (var at = -1; at <= size; at++)
                {
                    InclusionProof.Verify(at, size, leaf, proof, log.Root).ShouldBe(at == index);
                }

                InclusionProof.Verify(index, size, leaf, [.. proof, leaf], log.Root).ShouldBeFalse();
                InclusionProof.Verify(index, size, leaf, [leaf, .. proof], log.Root).ShouldBeFalse();
                if (proof.Count > 0)
                {
                    InclusionProof.Verify(index, size, leaf, [.. proof.Skip(1)], log.Root).ShouldBeFalse();
                    InclusionProof.Verify(index, size, leaf, [.. proof.SkipLast(1)], log.Root).ShouldBeFalse();
                }
            }

            for (var old = 0; old <= size; old++)
            {
                var oldRoot = new TreeHash(NaiveTree.Mth([.. log.Entries.Take(old)]));
                var proof = ConsistencyProof.Make(old, size, log.HashOf);
                proof.Select(h => h.ToBytes()).ShouldBe(old == 0 ? [] : NaiveTree.Proof(old, log.Entries));
                ConsistencyProof.Verify(old, size, oldRoot, log.Root, proof).ShouldBeTrue();
                ConsistencyProof.Verify(old, size, oldRoot, log.Root, [.. proof, log.Root]).ShouldBeFalse();
                ConsistencyProof.Verify(old, size, MerkleHash.Leaf("other"u8), log.Root, proof).ShouldBeFalse();
                ConsistencyProof.Verify(old, size, oldRoot, MerkleHash.Leaf("other"u8), proof).ShouldBe(old == 0);
                if (proof.Count > 0)
                {
                    ConsistencyProof.Verify(old, size, oldRoot, log.Root, [.. proof.SkipLast(1)]).ShouldBeFalse();
                    ConsistencyProof.Verify(old, size, oldRoot, log.Root, [.. proof.Skip(1)]).ShouldBeFalse();
                }
            }
        }
    }

    [Fact]
    public void Larger_trees_agree_with_the_naive_twin()
    {
        var shapes = (from size in Gen.Choose(1, 1400) from index in Gen.Choose(0, size - 1) from old in Gen.Choose(0, size) select (size, index, old)).ToArbitrary();
        Prop.ForAll(shapes, shape =>
        {
            var log = new MemoryLog().Append(Numbered(shape.size)).Publish();
            var inclusion = InclusionProof.Make(shape.index, shape.size, log.HashOf);
            var consistency = ConsistencyProof.Make(shape.old, shape.size, log.HashOf);
            var oldRoot = new TreeHash(NaiveTree.Mth([.. log.Entries.Take(shape.old)]));
            return log.Root.ToBytes().AsSpan().SequenceEqual(NaiveTree.Mth(log.Entries))
                && inclusion.Select(h => h.ToHex()).SequenceEqual(NaiveTree.Path(shape.index, log.Entries).Select(Convert.ToHexStringLower))
                && InclusionProof.Verify(shape.index, shape.size, MerkleHash.Leaf(log.Entries[shape.index]), inclusion, log.Root)
                && ConsistencyProof.Verify(shape.old, shape.size, oldRoot, log.Root, consistency);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(25));
    }

    [Fact]
    public void Every_flipped_byte_of_a_proof_is_caught()
    {
        var log = new MemoryLog().Append(Numbered(300)).Publish();
        var inclusion = InclusionProof.Make(270, 300, log.HashOf);
        var consistency = ConsistencyProof.Make(270, 300, log.HashOf);
        var oldRoot = new MemoryLog().Append(Numbered(270)).Root;
        var leaf = MerkleHash.Leaf(log.Entries[270]);
        ConsistencyProof.Verify(270, 300, oldRoot, log.Root, consistency).ShouldBeTrue();
        for (var at = 0; at < TreeHash.Length; at++)
        {
            for (var i = 0; i < inclusion.Count; i++)
            {
                InclusionProof.Verify(270, 300, leaf, [.. inclusion.Select((h, j) => j == i ? Flip(h, at) : h)], log.Root).ShouldBeFalse();
            }

            for (var i = 0; i < consistency.Count; i++)
            {
                ConsistencyProof.Verify(270, 300, oldRoot, log.Root, [.. consistency.Select((h, j) => j == i ? Flip(h, at) : h)]).ShouldBeFalse();
            }

            InclusionProof.Verify(270, 300, Flip(leaf, at), inclusion, log.Root).ShouldBeFalse();
            InclusionProof.Verify(270, 300, leaf, inclusion, Flip(log.Root, at)).ShouldBeFalse();
            ConsistencyProof.Verify(270, 300, Flip(oldRoot, at), log.Root, consistency).ShouldBeFalse();
            ConsistencyProof.Verify(270, 300, oldRoot, Flip(log.Root, at), consistency).ShouldBeFalse();
        }
    }

    [Fact]
    public void Sizes_no_tree_has_are_answered_with_no()
    {
        InclusionProof.Verify(0, 0, MerkleHash.Empty, [], MerkleHash.Empty).ShouldBeFalse();
        InclusionProof.Verify(long.MaxValue - 1, long.MaxValue, MerkleHash.Empty, [], MerkleHash.Empty).ShouldBeFalse();
        ConsistencyProof.Verify(3, 2, MerkleHash.Empty, MerkleHash.Empty, []).ShouldBeFalse();
        ConsistencyProof.Verify(-1, 2, MerkleHash.Empty, MerkleHash.Empty, []).ShouldBeFalse();
        ConsistencyProof.Verify(1L << 62, long.MaxValue, MerkleHash.Empty, MerkleHash.Empty, []).ShouldBeFalse();
    }

    [Fact]
    public void A_tree_taken_up_again_from_its_tails_goes_on_as_if_never_put_down()
    {
        var straight = new MerkleTree();
        var resumed = new MerkleTree();
        foreach (var entry in Numbered(66_000))
        {
            var before = new List<string>();
            var after = new List<string>();
            straight.Append(entry, (t, b) => before.Add(t.Path + Convert.ToHexString(b.Span)));
            resumed.Append(entry, (t, b) => after.Add(t.Path + Convert.ToHexString(b.Span)));
            after.ShouldBe(before);
            if (resumed.Size % 8191 == 0 || resumed.Size > 65_990)
            {
                resumed = new MerkleTree(resumed.Size, [.. Enumerable.Range(0, 8).Select(l => (ReadOnlyMemory<byte>)resumed.Tail(l))], resumed.TailBundle());
                resumed.Root().ShouldBe(straight.Root());
            }
        }

        Should.Throw<NotVerifiedException>(() => new MerkleTree(3, [], ReadOnlyMemory<byte>.Empty));
    }

    private static TreeHash Flip(TreeHash hash, int at)
    {
        var bytes = hash.ToBytes();
        bytes[at] ^= 0x40;
        return new TreeHash(bytes);
    }
}
