using System.Security.Cryptography;
using System.Text;
using Shouldly;
using Xunit;

namespace Marketplace.Ledger.Tests;

/// <summary>An hour commits to one reading of each meter; of two readings of a meter only one can be shown.</summary>
public sealed class MeterIndexTests : IDisposable
{
    private static readonly SignerKey Log = SignerKey.Parse(Vectors.PeterPrivate, Vectors.Ed25519);
    private static readonly DateTimeOffset Hour = new(2026, 3, 1, 5, 0, 0, TimeSpan.Zero);
    private static readonly byte[] HourKey = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("meter-");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(1000)]
    public void Each_meter_of_an_hour_is_proved_and_no_other_reading_of_it(int meters)
    {
        var places = Enumerable.Range(0, meters).Select(i => Place($"meter-{i}", i)).ToList();
        var index = new MeterIndex(places);
        index.Count.ShouldBe(meters);
        new MeterIndex(places.AsEnumerable().Reverse()).Root.ShouldBe(index.Root);
        MeterIndex.Parse(index.ToBytes()).Root.ShouldBe(index.Root);
        foreach (var place in places)
        {
            var way = index.Prove(place.Label);
            MeterIndex.Verify(place, way, index.Root).ShouldBeTrue();
            MeterIndex.Verify(place with { Commitment = Value(-1) }, way, index.Root).ShouldBeFalse();
            MeterIndex.Verify(place with { Label = Value(-2) }, way, index.Root).ShouldBeFalse();
            MeterIndex.Verify(place, [.. way, MerkleHash.Empty], index.Root).ShouldBeFalse();
            MeterIndex.Verify(place, [.. way.Skip(1)], index.Root).ShouldBe(way.Count == 0);
        }

        Should.Throw<ArgumentException>(() => index.Prove(Value(-2)));
    }

    [Fact]
    public void A_tree_that_holds_a_meter_twice_still_shows_one_reading_only()
    {
        // Built against the rules, with the second reading where a reader of the label never comes.
        var first = Place("meter-1", 1);
        var second = Place("meter-1", 2);
        var bit = (first.Label.ToBytes()[0] & 0x80) != 0;
        var (a, b) = (MerkleHash.Leaf([.. first.Label.ToBytes(), .. first.Commitment.ToBytes()]), MerkleHash.Leaf([.. second.Label.ToBytes(), .. second.Commitment.ToBytes()]));
        var root = bit ? MerkleHash.Node(b, a) : MerkleHash.Node(a, b);

        MeterIndex.Verify(first, [b], root).ShouldBeTrue();
        MeterIndex.Verify(second, [a], root).ShouldBeFalse();
        Should.Throw<ArgumentException>(() => new MeterIndex([first, second]));
    }

    [Fact]
    public void The_record_and_the_tree_are_pinned()
    {
        var index = new MeterIndex([Place("meter-1", 1), Place("meter-2", 2), Place("meter-3", 3)]);
        // Computed once by another program; a change here is a broken promise to every holder of a proof.
        index.Root.ToHex().ShouldBe("302fbf55a3b7a08660d9a61eeaab6330a7354f9206c1b954f840142d094ac9ac");
        Encoding.UTF8.GetString(MeterIndexRecord.Canonical("lindenhof", Hour, HourKey, index)).ShouldBe(
            "meterindex/v1\nloop lindenhof\nhour 2026-03-01T05:00:00Z\nmeters 3\n"
            + $"keySha256 ae216c2ef5247a3782c135efa279a3e4cdc61094270f5d2be58c6204b7a612c9\nroot {index.Root.ToHex()}\n");
        MeterIndexRecord.Key(Hour).ShouldBe("meterindex/2026-03-01T05:00:00Z");
    }

    [Fact]
    public void The_auditor_passes_the_reading_that_settled_the_hour_and_its_revision_and_nothing_else()
    {
        var settled = Reading(12000, 0, null);
        var other = Reading(9000, 0, null);
        var revision = Reading(12500, 1, Convert.ToHexStringLower(Commitment.OfOpening(settled)));
        var orphan = Reading(9500, 1, Convert.ToHexStringLower(Commitment.OfOpening(other)));
        var index = new MeterIndex(
        [
            new MeterPlace(MeterIndex.LabelOf(HourKey, "meter-7"), new TreeHash(Commitment.OfOpening(settled).AsSpan(2))),
            .. Enumerable.Range(10, 40).Select(i => Place($"meter-{i}", i)),
        ]);
        var indexed = Commitment.Open(RecordKind.MeterIndex, 1, Salt(9), MeterIndexRecord.Canonical("lindenhof", Hour, HourKey, index));

        // All of them stand in the same log, committed and signed.
        var log = new MemoryLog().Append(new[] { settled, other, revision, orphan, indexed }.Select(opening => Commitment.OfOpening(opening))).Publish();
        var way = index.Prove(MeterIndex.LabelOf(HourKey, "meter-7"));
        var meterFile = Encoding.UTF8.GetBytes(new MeterProof("meter-7", HourKey, way, Proof(log, 4, indexed)).ToString());
        var policy = Write("policy", Vectors.Bytes($"log {Log.Verifier}\nquorum none\n"));
        var meter = Write("meter", meterFile);

        Audit(Proof(log, 0, settled)).ShouldBe(0);
        Audit(Proof(log, 2, revision)).ShouldBe(0);
        Audit(Proof(log, 1, other)).ShouldBe(1);
        Audit(Proof(log, 3, orphan)).ShouldBe(1);

        var right = Proof(log, 0, settled);
        for (var at = 0; at < meterFile.Length; at++)
        {
            var flipped = meterFile.ToArray();
            flipped[at] ^= 1;
            Should.Throw<NotVerifiedException>(() => Check(flipped, right), $"byte {at}");
            Should.Throw<NotVerifiedException>(() => Check(meterFile.AsSpan(0, at), right), $"cut at {at}");
        }

        int Audit(TlogProof reading) =>
            LogFolder.Audit("meter", Write("reading", Encoding.UTF8.GetBytes(reading.ToString())), meter, "--policy", policy).Exit;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static void Check(ReadOnlySpan<byte> file, TlogProof reading)
    {
        var proof = MeterProof.Parse(file);
        LedgerPolicy.OfLog(Log.Verifier).Open(proof.Index.Note, Vectors.Ed25519);
        proof.Settles(reading);
    }

    private static TlogProof Proof(MemoryLog log, long index, byte[] opening) => new(
        opening, index, InclusionProof.Make(index, log.Size, log.HashOf), new Checkpoint(Log.Verifier.Name, log.Size, log.Root).Sign(Log));

    private static byte[] Reading(long energyWh, int revision, string? predecessor)
    {
        var record = CanonicalRecord.Of("reading", 1).Add("loop", "lindenhof").Add("meter", "meter-7").Add("hour", Hour)
            .Add("energyWh", energyWh).Add("quality", "measured").Add("revision", revision);
        return Commitment.Open(RecordKind.Reading, 1, Salt((int)energyWh), (predecessor is null ? record : record.Add("predecessor", predecessor)).ToBytes());
    }

    private static byte[] Salt(int i) => SHA256.HashData(Vectors.Bytes($"salt {i}"));

    private static TreeHash Value(int i) => new(SHA256.HashData(Vectors.Bytes($"value {i}")));

    private static MeterPlace Place(string meter, int i) => new(MeterIndex.LabelOf(HourKey, meter), Value(i));

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
