using System.Text;
using Shouldly;
using Xunit;

namespace Marketplace.Ledger.Tests;

public class ProofFileTests
{
    private static readonly SignerKey Log = SignerKey.Parse(Vectors.PeterPrivate, Vectors.Ed25519);

    private static byte[] Entry(int i) => Commitment.Of(RecordKind.Bill, 1, new byte[32], Vectors.Bytes($"bill/v1\nnumber {i}\n"));

    private static byte[] ProofFile()
    {
        var log = new MemoryLog().Append(Enumerable.Range(0, 300).Select(Entry)).Publish();
        var checkpoint = new Checkpoint(Log.Verifier.Name, 300, log.Root);
        var opening = Commitment.Open(RecordKind.Bill, 1, new byte[32], Vectors.Bytes("bill/v1\nnumber 270\n"));
        return Encoding.UTF8.GetBytes(new TlogProof(opening, 270, InclusionProof.Make(270, 300, log.HashOf), checkpoint.Sign(Log)).ToString());
    }

    private static void Check(ReadOnlySpan<byte> file)
    {
        var proof = TlogProof.Parse(file);
        var trusted = LedgerPolicy.OfLog(Log.Verifier).Open(proof.Note, Vectors.Ed25519);
        var leaf = MerkleHash.Leaf(Commitment.OfOpening(proof.Extra is { } e ? e.Span : throw new NotVerifiedException("no opening")));
        if (!proof.Proves(leaf, trusted.Checkpoint))
        {
            throw new NotVerifiedException("does not prove");
        }
    }

    [SharedVectorFact]
    public void The_published_proof_file_verifies()
    {
        var file = File.ReadAllBytes(Path.Combine(Vectors.Folder()!, "derived-1000-777.tlog-proof"));
        var leaf = MerkleHash.Leaf(File.ReadAllBytes(Path.Combine(Vectors.Folder()!, "derived-1000-777.leaf")));
        var proof = TlogProof.Parse(file);
        proof.Index.ShouldBe(777);
        var trusted = LedgerPolicy.OfLog(VerifierKey.Parse(Vectors.Peter)).Open(proof.Note, Vectors.Ed25519);
        trusted.Checkpoint.Size.ShouldBe(1000);
        proof.Proves(leaf, trusted.Checkpoint).ShouldBeTrue();
        proof.Proves(MerkleHash.Leaf("entry 778"u8), trusted.Checkpoint).ShouldBeFalse();
        proof.ToString().ShouldBe(Encoding.UTF8.GetString(file));
        var ours = new MemoryLog().Append(Enumerable.Range(0, 1000).Select(i => Vectors.Bytes($"entry {i}"))).Publish();
        ours.Root.ShouldBe(trusted.Checkpoint.Root);
        InclusionProof.Make(777, 1000, ours.HashOf).ShouldBe(proof.Hashes);
    }

    [Fact]
    public void Commitments_are_pinned()
    {
        // Computed once by another program; a change here is a broken promise to every holder of a proof.
        var salt = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();
        Convert.ToHexStringLower(Commitment.Of(RecordKind.Reading, 1, salt, "reading/v1\n"u8))
            .ShouldBe("0101b2aaf2d3e52de6cfdbedd768a90e93531eadf928f9df16b7c7be0d3fb4216f90");
        Convert.ToHexStringLower(Commitment.Salt(salt, RecordKind.Reading, 1, "meter-1/2019-12-03T00:00:00Z"))
            .ShouldBe("a13cf4e33c5ba3b246e7e733d05d77425c46ca74961a4ab3f5a59e56346d0dac");
        Commitment.OfOpening(Commitment.Open(RecordKind.Vote, 2, salt, "x"u8)).ShouldBe(Commitment.Of(RecordKind.Vote, 2, salt, "x"u8));
        Should.Throw<NotVerifiedException>(() => Commitment.OfOpening(new byte[33]));
        Should.Throw<ArgumentException>(() => Commitment.Of(RecordKind.Vote, 1, new byte[31], []));
        Enum.GetValues<RecordKind>().Select(k => $"{(byte)k} {k}").ShouldBe(
        [
            "1 Reading", "2 Order", "3 OrderBook", "4 ClearingResult", "5 Settlement", "6 Bill", "7 ContractVersion", "8 Acceptance",
            "9 Vote", "10 TokenMovement", "11 DeviceKey", "12 OperatorAction", "13 MeterIndex", "14 PredecessorLog", "15 Deal", "16 ChargingQuota", "17 Forecast", "18 AccessGrant",
            "19 DisputeOutcome", "21 Template", "22 Contract", "23 ContractResult", "24 Agreement", "25 Proposal", "27 Decision",
        ]);
    }

    [Fact]
    public void A_canonical_record_is_lines_a_person_can_read()
    {
        var record = CanonicalRecord.Of("reading", 1)
            .Add("meter", "B07/heat")
            .Add("start", new DateTimeOffset(2019, 12, 3, 1, 0, 0, TimeSpan.FromHours(1)))
            .Add("energyWh", -12000)
            .Add("day", new DateOnly(2019, 12, 3))
            .Add("note", "")
            .Add("place", "Café, 2nd floor");
        var bytes = record.ToBytes();
        Encoding.UTF8.GetString(bytes).ShouldBe("reading/v1\nmeter B07/heat\nstart 2019-12-03T00:00:00Z\nenergyWh -12000\nday 2019-12-03\nnote \nplace Café, 2nd floor\n");
        var read = CanonicalRecord.Parse(bytes);
        read.Title.ShouldBe("reading/v1");
        read.Fields.ShouldBe(record.Fields);
        read.ToBytes().ShouldBe(bytes);
    }

    [Fact]
    public void A_record_cannot_smuggle_in_a_line()
    {
        var record = CanonicalRecord.Of("reading", 1);
        Should.Throw<ArgumentException>(() => record.Add("a", "1\nb 2"));
        Should.Throw<ArgumentException>(() => record.Add("a", "1\r"));
        Should.Throw<ArgumentException>(() => record.Add("a b", "1"));
        Should.Throw<ArgumentException>(() => record.Add("a\nb", "1"));
        Should.Throw<ArgumentException>(() => record.Add("", "1"));
        Should.Throw<ArgumentException>(() => CanonicalRecord.Of("reading/v1\nx", 1));
        Should.Throw<ArgumentException>(() => CanonicalRecord.Of("reading", 0));
        Should.Throw<ArgumentException>(() => CanonicalRecord.Of("reading", 1).Add("a", "\ud800").ToBytes());
        foreach (var text in new[] { "", "reading", "reading/v0\n", "reading/v1", "reading/v1\nx", "reading/v1\nx\n", "reading/v1\n\n", "reading/v01\n" })
        {
            Should.Throw<NotVerifiedException>(() => CanonicalRecord.Parse(Vectors.Bytes(text)), text);
        }

        Should.Throw<NotVerifiedException>(() => CanonicalRecord.Parse([.. "reading/v1\nx "u8, 0xff, .. "\n"u8]));
    }
}
