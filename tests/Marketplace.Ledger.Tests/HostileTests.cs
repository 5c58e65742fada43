using System.Security.Cryptography;
using System.Text;
using Shouldly;
using Xunit;

namespace Marketplace.Ledger.Tests;

/// <summary>Every format, changed in every byte: refused, or read as before where the standard says so, never with another meaning.</summary>
public class HostileTests
{
    private static readonly SignerKey Log = SignerKey.Parse(Vectors.PeterPrivate, Vectors.Ed25519);
    private static readonly SignerKey Witness = new("w.example", SignatureType.Cosignature, SHA256.HashData("w"u8), Vectors.Ed25519);

    private static readonly LedgerPolicy Policy = LedgerPolicy.Parse($"log {Log.Verifier}\nwitness w {Witness.Verifier}\nquorum w\n");

    private static readonly MemoryLog Small = new MemoryLog().Append(Vectors.ReferenceLeaves).Publish();

    private static SignedNote Checkpoint()
    {
        var note = new Checkpoint(Log.Verifier.Name, 8, Small.Root).Sign(Log);
        return note.With(Witness.Sign(note.Text, 1700000000));
    }

    [Fact]
    public void A_checkpoint_under_a_policy()
    {
        var through = Hostile.EachChange(Checkpoint().ToBytes(), bytes =>
        {
            var opened = Policy.Open(SignedNote.Parse(bytes), Vectors.Ed25519);
            return (opened.Checkpoint.ToText(), opened.LogKey, opened.Cosignatures.Single());
        });
        through.ShouldBeLessThan(40, "only bits of base64 that mean nothing");
    }

    [Fact]
    public void A_checkpoint_with_a_strangers_signature_may_lose_only_that()
    {
        var stranger = new SignerKey("stranger", SignatureType.Ed25519, SHA256.HashData("s"u8), Vectors.Ed25519);
        var note = Checkpoint();
        Hostile.EachChange(note.With(stranger.Sign(note.Text)).ToBytes(), bytes =>
        {
            // What an unknown key says is passed over, so a change there changes nothing.
            var opened = Policy.Open(SignedNote.Parse(bytes), Vectors.Ed25519);
            return (opened.Checkpoint.ToText(), opened.LogKey, opened.Cosignatures.Single());
        });
    }

    [Fact]
    public void The_text_of_a_checkpoint()
    {
        // Unsigned, a text can be changed into another checkpoint; it must then say what it says in one spelling only.
        var text = new Checkpoint("loop.example/ledger", 1234567, Small.Root).ToText();
        foreach (var (change, bytes) in Hostile.Changes(Vectors.Bytes(text)))
        {
            try
            {
                var read = Utf8(bytes) is { } changed ? Ledger.Checkpoint.Parse(changed) : null;
                read?.ToText().ShouldBe(Utf8(bytes), change);
            }
            catch (NotVerifiedException)
            {
                // Refused.
            }
        }
    }

    [Fact]
    public void A_proof_file()
    {
        var opening = Commitment.Open(RecordKind.Bill, 1, new byte[32], LogFolder.Record(5));
        var log = new MemoryLog().Append(Enumerable.Range(0, 300).Select(i => Commitment.Of(RecordKind.Bill, 1, new byte[32], LogFolder.Record(i)))).Publish();
        var note = new Checkpoint(Log.Verifier.Name, 300, log.Root).Sign(Log);
        var proof = new TlogProof(opening, 5, InclusionProof.Make(5, 300, log.HashOf), note.With(Witness.Sign(note.Text, 1700000000)));
        var leaf = MerkleHash.Leaf(log.Entries[5]);
        string Verify(byte[] bytes, Func<TlogProof, TreeHash> leafOf)
        {
            var read = TlogProof.Parse(bytes);
            var opened = Policy.Open(read.Note, Vectors.Ed25519);
            return read.Proves(leafOf(read), opened.Checkpoint)
                ? $"{read.Index} of {opened.Checkpoint.ToText()} {string.Join(' ', read.Hashes)} {opened.Cosignatures.Single()}"
                : throw new NotVerifiedException("the proof is wrong");
        }

        // Opened by its extra line, every change is caught; with the leaf known, the extra line is nobody's business.
        Hostile.EachChange(Vectors.Bytes(proof.ToString()), bytes => Verify(bytes, read =>
            read.Extra is { } extra ? MerkleHash.Leaf(Commitment.OfOpening(extra.Span)) : throw new NotVerifiedException("no extra")));
        Hostile.EachChange(Vectors.Bytes(proof.ToString()), bytes => Verify(bytes, _ => leaf));
    }

    [SharedVectorFact]
    public void The_published_proof_file()
    {
        var key = Log.Verifier;
        var leaf = MerkleHash.Leaf(File.ReadAllBytes(Path.Combine(Vectors.Folder()!, "derived-1000-777.leaf")));
        Hostile.EachChange(File.ReadAllBytes(Path.Combine(Vectors.Folder()!, "derived-1000-777.tlog-proof")), bytes =>
        {
            var read = TlogProof.Parse(bytes);
            var opened = LedgerPolicy.OfLog(key).Open(read.Note, Vectors.Ed25519);
            return read.Proves(leaf, opened.Checkpoint)
                ? $"{read.Index} {string.Join(' ', read.Hashes)} {opened.Checkpoint.ToText()}"
                : throw new NotVerifiedException("the proof is wrong");
        });
    }

    [Fact]
    public void A_policy()
    {
        // A policy is the reader's own, unsigned: a change may make it another policy, but never one that asks for less of the
        // same witnesses without saying so, nor one under which a stranger's checkpoint passes.
        var stranger = new SignerKey(Log.Verifier.Name, SignatureType.Ed25519, SHA256.HashData("s"u8), Vectors.Ed25519);
        var text = new Checkpoint(Log.Verifier.Name, 8, Small.Root);
        var forged = text.Sign(stranger);
        forged = forged.With(Witness.Sign(forged.Text, 1));
        var uncosigned = text.Sign(Log);
        foreach (var (change, bytes) in Hostile.Changes(Vectors.Bytes(Policy.Text)))
        {
            LedgerPolicy read;
            try
            {
                read = LedgerPolicy.Parse(bytes);
            }
            catch (FormatException e)
            {
                e.Message.ShouldNotBeNullOrWhiteSpace();
                continue;
            }

            Should.Throw<NotVerifiedException>(() => read.Open(forged, Vectors.Ed25519), change);
            Should.Throw<NotVerifiedException>(() => read.Open(uncosigned, Vectors.Ed25519), change);
        }
    }

    [Fact]
    public void Octets_of_a_policy_above_127_are_opaque()
    {
        byte[] Named(byte a, byte b) => [.. Vectors.Bytes($"# Ger"), 0xff, .. Vectors.Bytes($"t\nlog {Log.Verifier}\nwitness w"), a, .. Vectors.Bytes($" {Witness.Verifier}\nquorum w"), b, (byte)'\n'];
        LedgerPolicy.Parse(Named(0xe9, 0xe9)).Open(Checkpoint(), Vectors.Ed25519).Cosignatures.Count.ShouldBe(1);
        Should.Throw<FormatException>(() => LedgerPolicy.Parse(Named(0xe9, 0xe8)));
    }

    [Fact]
    public void While_a_log_changes_its_key_the_policy_may_name_both()
    {
        var next = new SignerKey(Log.Verifier.Name, SignatureType.Ed25519, SHA256.HashData("next"u8), Vectors.Ed25519);
        var policy = LedgerPolicy.Parse($"log {Log.Verifier}\nlog {next.Verifier}\nquorum none\n");
        foreach (var key in new[] { Log, next })
        {
            policy.Open(new Checkpoint(key.Verifier.Name, 8, Small.Root).Sign(key), Vectors.Ed25519).LogKey.ShouldBe(key.Verifier);
        }
    }

    [Fact]
    public void A_request_to_a_witness()
    {
        var note = new Checkpoint(Log.Verifier.Name, 8, Small.Root).Sign(Log);
        var state = new WitnessedState(3, Vectors.Hex(Vectors.ReferenceRoots[2]));
        var good = Vectors.Bytes(new AddCheckpoint(3, ConsistencyProof.Make(3, 8, n => Sub(n)), note).ToBody());
        Hostile.EachChange(good, bytes =>
        {
            var reply = WitnessRules.Decide(bytes, [Log.Verifier], _ => state, Witness, 1700000000, Vectors.Ed25519);
            reply.Status.ShouldBeOneOf(200, 400, 403, 404, 409, 422);
            (reply.NewState is null).ShouldBe(reply.Status != 200);
            return reply.Status == 200 ? reply.NewState : throw new NotVerifiedException(reply.Body);
        });
    }

    [Fact]
    public void An_entry_bundle()
    {
        var bundle = new List<byte>();
        foreach (var entry in Vectors.ReferenceLeaves)
        {
            EntryBundle.Append(bundle, entry);
        }

        // What is read is hashed, so another content gives another root; the same root means the same bytes.
        Hostile.EachChange(bundle.ToArray(), bytes =>
        {
            var leaves = MerkleHash.Leaves(EntryBundle.Read(bytes, 8));
            return MerkleHash.Subtree(leaves) == Small.Root ? Convert.ToHexString(bytes) : throw new NotVerifiedException("another root");
        }).ShouldBe(0);
    }

    [Fact]
    public void A_tile() => Hostile.EachChange(Small.Files["tile/0/000.p/8"], bytes =>
        bytes.Length == 8 * TreeHash.Length && MerkleHash.Subtree(bytes) == Small.Root
            ? Convert.ToHexString(bytes)
            : throw new NotVerifiedException("another root")).ShouldBe(0);

    [Fact]
    public void A_tiles_path() => Hostile.EachChange(Vectors.Bytes("tile/0/x001/234.p/5"), bytes =>
        Utf8(bytes) is { } path && TileId.TryParse(path, out var tile) ? tile.Path == path : throw new NotVerifiedException("no path"));

    [Fact]
    public void A_key_rotated_at_a_witness_is_trusted_under_either_key()
    {
        var next = new SignerKey(Log.Verifier.Name, SignatureType.Ed25519, SHA256.HashData("next"u8), Vectors.Ed25519);
        var state = WitnessedState.Nothing;
        foreach (var key in new[] { Log, next, Log })
        {
            var body = new AddCheckpoint(state.Size, [], new Checkpoint(Log.Verifier.Name, 8, Small.Root).Sign(key)).ToBody();
            var reply = WitnessRules.Decide(Vectors.Bytes(body), [Log.Verifier, next.Verifier], _ => state, Witness, 1, Vectors.Ed25519);
            reply.Status.ShouldBe(200);
            state = reply.NewState!;
        }

        var revoked = new AddCheckpoint(8, [], new Checkpoint(Log.Verifier.Name, 8, Small.Root).Sign(Log)).ToBody();
        WitnessRules.Decide(Vectors.Bytes(revoked), [next.Verifier], _ => state, Witness, 1, Vectors.Ed25519).Status.ShouldBe(403);
    }

    private static string? Utf8(byte[] bytes)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static TreeHash Sub(TreeNode n) => n.Level == 0
        ? MerkleHash.Leaf(Vectors.ReferenceLeaves[(int)n.Index])
        : MerkleHash.Node(Sub(new TreeNode(n.Level - 1, 2 * n.Index)), Sub(new TreeNode(n.Level - 1, (2 * n.Index) + 1)));
}
