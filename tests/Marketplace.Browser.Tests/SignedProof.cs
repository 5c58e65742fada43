using System.Security.Cryptography;
using System.Text;
using Marketplace.Ledger;
using Marketplace.Native.Crypto;

namespace Marketplace.Browser.Tests;

/// <summary>A proof file of a small log with two witnesses, one of them unknown to the policy's reader, made by the product's own core.</summary>
internal static class SignedProof
{
    public const long CosignedAt = 1767139200;

    private const int Size = 21;
    private const int Index = 18;
    private static readonly Ed25519 Ed25519 = new();
    private static readonly SignerKey Log = Key("loop.example/ledger", SignatureType.Ed25519);
    private static readonly SignerKey Residents = Key("w1.example", SignatureType.Cosignature);
    private static readonly SignerKey Producers = Key("w2.example", SignatureType.Cosignature);
    private static readonly SignerKey Stranger = Key("stranger.example", SignatureType.Cosignature);

    public static string Policy { get; } =
        $"# of a loop\nlog {Log.Verifier}\nwitness residents {Residents.Verifier}\nwitness producers {Producers.Verifier} https://w2.example\ngroup both all residents producers\nquorum both\n";

    /// <summary>A policy that asks for a third witness too, who has not cosigned.</summary>
    public static string StricterPolicy { get; } = Policy
        .Replace("group both all residents producers", $"witness auditor {Key("w3.example", SignatureType.Cosignature).Verifier}\ngroup both all residents producers auditor", StringComparison.Ordinal);

    public static string File { get; } = Make(Record(Index));

    /// <summary>The same proof, opened with another record.</summary>
    public static string OfAnotherRecord { get; } = Make(Record(Index).Replace("cents 1800", "cents 1801", StringComparison.Ordinal));

    /// <summary>What the core makes of a file: its meaning, or null where it is refused.</summary>
    public static string? Meaning(ReadOnlySpan<byte> file)
    {
        try
        {
            var proof = TlogProof.Parse(file);
            var trusted = LedgerPolicy.Parse(Policy).Open(proof.Note, Ed25519);
            var opening = proof.Extra ?? throw new NotVerifiedException("no record");
            return proof.Proves(MerkleHash.Leaf(Commitment.OfOpening(opening.Span)), trusted.Checkpoint)
                ? $"{Convert.ToHexStringLower(opening.Span)} {proof.Index} {trusted.Checkpoint.Size} {trusted.Checkpoint.Origin} {string.Join(',', trusted.Cosignatures.Select(c => $"{c.Key.Name}@{c.UnixSeconds}"))}"
                : null;
        }
        catch (NotVerifiedException)
        {
            return null;
        }
    }

    private static SignerKey Key(string name, SignatureType type) => new(name, type, SHA256.HashData(Encoding.UTF8.GetBytes(name)), Ed25519);

    private static string Record(int i) =>
        CanonicalRecord.Of("bill", 1).Add("loop", "lindenhof").Add("number", $"B-{i}").Add("cents", i * 100).Add("note", "<img src=x onerror=alert(1)>").ToString();

    private static byte[] Salt(int i) => SHA256.HashData([(byte)i]);

    private static TreeHash Leaf(int i) => MerkleHash.Leaf(Commitment.Of(RecordKind.Bill, 1, Salt(i), Encoding.UTF8.GetBytes(Record(i))));

    private static TreeHash Root(int start, int end)
    {
        if (end - start == 1)
        {
            return Leaf(start);
        }

        var middle = start + (1 << (31 - int.LeadingZeroCount(end - start - 1)));
        return MerkleHash.Node(Root(start, middle), Root(middle, end));
    }

    private static string Make(string record)
    {
        var checkpoint = new Checkpoint(Log.Verifier.Name, Size, Root(0, Size));
        var note = checkpoint.Sign(Log);
        foreach (var witness in new[] { Residents, Stranger, Producers })
        {
            note = note.With(witness.Sign(note.Text, CosignedAt));
        }

        var hashes = InclusionProof.Ranges(Index, Size).Select(range => Root((int)range.Start, (int)range.End)).ToList();
        return new TlogProof(Commitment.Open(RecordKind.Bill, 1, Salt(Index), Encoding.UTF8.GetBytes(record)), Index, hashes, note).ToString();
    }
}
