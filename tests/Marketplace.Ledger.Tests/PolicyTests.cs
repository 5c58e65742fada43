using System.Security.Cryptography;
using Shouldly;
using Xunit;

namespace Marketplace.Ledger.Tests;

public class PolicyTests
{
    private static readonly SignerKey Log = SignerKey.Parse(Vectors.PeterPrivate, Vectors.Ed25519);
    private static readonly SignerKey[] Witnesses =
        [.. "abcd".Select(c => new SignerKey($"{c}.example", SignatureType.Cosignature, SHA256.HashData([(byte)c]), Vectors.Ed25519))];

    private static readonly string Stakeholders = $"""
        # the loop's stakeholders
        log {Log.Verifier} https://loop.example/ledger
        witness A {Witnesses[0].Verifier} https://a.example
        witness B {Witnesses[1].Verifier}
        witness C	{Witnesses[2].Verifier}
          witness D {Witnesses[3].Verifier}

        group producers any A B
        group all-three all producers C D
        quorum all-three
        """;

    private static SignedNote Note(params int[] cosigners)
    {
        var note = new Checkpoint(Log.Verifier.Name, 1, MerkleHash.Leaf([])).Sign(Log);
        return cosigners.Aggregate(note, (n, w) => n.With(Witnesses[w].Sign(n.Text, 1700000000 + w)));
    }

    [Fact]
    public void A_quorum_of_any_producer_and_two_others()
    {
        var policy = LedgerPolicy.Parse(Stakeholders);
        policy.Logs.ShouldHaveSingleItem().Url.ShouldBe("https://loop.example/ledger");
        policy.Witnesses.Count.ShouldBe(4);
        policy.Quorum.ShouldBe("all-three");
        var opened = policy.Open(Note(1, 2, 3), Vectors.Ed25519);
        opened.Cosignatures.Select(c => (c.Key.Name, c.UnixSeconds)).ShouldBe([("b.example", 1700000001), ("c.example", 1700000002), ("d.example", 1700000003)]);
        policy.Open(Note(0, 1, 2, 3), Vectors.Ed25519).Cosignatures.Count.ShouldBe(4);
        Should.Throw<NotVerifiedException>(() => policy.Open(Note(0, 1, 2), Vectors.Ed25519)).Message.ShouldContain("do not meet the quorum");
        Should.Throw<NotVerifiedException>(() => policy.Open(Note(2, 3), Vectors.Ed25519));
        Should.Throw<NotVerifiedException>(() => policy.Open(Note(), Vectors.Ed25519));
        policy.OpenLogOnly(Note(), Vectors.Ed25519).Checkpoint.Size.ShouldBe(1);
    }

    [Fact]
    public void A_checkpoint_must_be_the_logs_own()
    {
        var policy = LedgerPolicy.Parse(Stakeholders);
        var otherOrigin = new Checkpoint("other.example", 1, MerkleHash.Leaf([])).Sign(Log);
        Should.Throw<NotVerifiedException>(() => policy.OpenLogOnly(otherOrigin, Vectors.Ed25519)).Message.ShouldContain("'other.example'");
        var cosignedOnly = new SignedNote(Note().Text, [Witnesses[0].Sign(Note().Text, 5)]);
        Should.Throw<NotVerifiedException>(() => policy.OpenLogOnly(cosignedOnly, Vectors.Ed25519)).Message.ShouldContain("not signed by the log");
        var emptyWithRoot = new Checkpoint(Log.Verifier.Name, 0, MerkleHash.Leaf([])).Sign(Log);
        Should.Throw<NotVerifiedException>(() => policy.OpenLogOnly(emptyWithRoot, Vectors.Ed25519)).Message.ShouldContain("size 0");
    }

    [Theory]
    [InlineData("", "no quorum")]
    [InlineData("quorum none\nquorum none", "line 2")]
    [InlineData("quorum X", "not defined")]
    [InlineData("group g any X\nquorum g", "line 1")]
    [InlineData("group g 2 A B\ngroup h any A\nquorum h", "member already")]
    [InlineData("group g 3 A B\nquorum g", "neither")]
    [InlineData("group g 0 A B\nquorum g", "neither")]
    [InlineData("group g +1 A B\nquorum g", "neither")]
    [InlineData("group none any A\nquorum none", "taken")]
    [InlineData("group A any B\nquorum none", "taken")]
    [InlineData("witness E vkey\nquorum none", "verifier key")]
    [InlineData("quorum\tA\u0001\n", "control")]
    [InlineData("quorums A", "none of")]
    public void A_policy_that_cannot_be_understood_names_its_line(string rest, string expected)
    {
        var head = $"witness A {Witnesses[0].Verifier}\nwitness B {Witnesses[1].Verifier}\n";
        Should.Throw<FormatException>(() => LedgerPolicy.Parse(head + rest)).Message.ShouldContain(expected.Replace("line 2", "line 4", StringComparison.Ordinal).Replace("line 1", "line 3", StringComparison.Ordinal));
    }

    [Fact]
    public void A_key_listed_twice_or_of_the_wrong_type_is_refused()
    {
        Should.Throw<FormatException>(() => LedgerPolicy.Parse($"witness A {Witnesses[0].Verifier}\nwitness B {Witnesses[0].Verifier}\nquorum A\n"));
        Should.Throw<FormatException>(() => LedgerPolicy.Parse($"witness A {Log.Verifier}\nquorum A\n"));
        Should.Throw<FormatException>(() => LedgerPolicy.Parse($"log {Log.Verifier}\nlog {Log.Verifier}\nquorum none\n"));
    }
}
