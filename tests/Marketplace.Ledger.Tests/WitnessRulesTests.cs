using System.Security.Cryptography;
using Shouldly;
using Xunit;

namespace Marketplace.Ledger.Tests;

public class WitnessRulesTests
{
    private static readonly SignerKey Log = SignerKey.Parse(Vectors.PeterPrivate, Vectors.Ed25519);
    private static readonly SignerKey Me = new("w.example", SignatureType.Cosignature, SHA256.HashData("w"u8), Vectors.Ed25519);
    private readonly MemoryLog _log = new MemoryLog().Append(Vectors.ReferenceLeaves).Publish();
    private WitnessedState _state = WitnessedState.Nothing;

    private static TreeHash Root(int size) => size == 0 ? MerkleHash.Empty : Vectors.Hex(Vectors.ReferenceRoots[size - 1]);

    private WitnessReply Ask(AddCheckpoint request) => Ask(Vectors.Bytes(request.ToBody()));

    private WitnessReply Ask(byte[] body) => WitnessRules.Decide(body, [Log.Verifier], _ => _state, Me, 1700000000, Vectors.Ed25519);

    private AddCheckpoint Request(int old, int size, SignerKey? by = null, string? origin = null)
    {
        var note = new Checkpoint(origin ?? Log.Verifier.Name, size, Root(size)).Sign(by ?? Log);
        IReadOnlyList<TreeHash> proof = old <= size
            ? ConsistencyProof.Make(old, size, Sub)
            : [];
        return new AddCheckpoint(old, proof, note);
    }

    private TreeHash Sub(TreeNode n) => n.Level == 0
        ? MerkleHash.Leaf(_log.Entries[(int)n.Index])
        : MerkleHash.Node(Sub(new TreeNode(n.Level - 1, 2 * n.Index)), Sub(new TreeNode(n.Level - 1, (2 * n.Index) + 1)));

    [Fact]
    public void It_cosigns_what_only_grew_and_remembers_it()
    {
        foreach (var size in new[] { 0, 3, 3, 7, 8 })
        {
            var reply = Ask(Request((int)_state.Size, size));
            reply.Status.ShouldBe(200);
            reply.NewState.ShouldBe(new WitnessedState(size, Root(size)));
            _state = reply.NewState!;
            var note = reply.Cosigned.ShouldNotBeNull();
            note.Verify([Log.Verifier, Me.Verifier], Vectors.Ed25519).Count.ShouldBe(2);
            reply.Body.ShouldBe(note.Signatures[^1].ToString());
        }
    }

    [Fact]
    public void It_refuses_as_the_protocol_says_and_remembers_nothing_then()
    {
        Ask(Request(0, 4, origin: "unknown")).Status.ShouldBe(404);
        var stranger = new SignerKey(Log.Verifier.Name, SignatureType.Ed25519, SHA256.HashData("s"u8), Vectors.Ed25519);
        Ask(Request(0, 4, by: stranger)).Status.ShouldBe(403);
        Ask(Request(5, 4)).Status.ShouldBe(400);
        var conflict = Ask(Request(2, 4));
        conflict.Status.ShouldBe(409);
        conflict.Body.ShouldBe("0\n");
        conflict.ContentType.ShouldBe("text/x.tlog.size");
        Ask(Request(0, 4) with { Proof = [Root(1)] }).Status.ShouldBe(422);
        var emptyWithRoot = new Checkpoint(Log.Verifier.Name, 0, Root(1)).Sign(Log);
        Ask(new AddCheckpoint(0, [], emptyWithRoot)).Status.ShouldBe(422);

        _state = new WitnessedState(4, Root(4));
        Ask(Request(3, 8)).Body.ShouldBe("4\n");
        Ask(Request(4, 8) with { Proof = [] }).Status.ShouldBe(422);
        var forked = new Checkpoint(Log.Verifier.Name, 4, Root(5)).Sign(Log);
        Ask(new AddCheckpoint(4, [], forked)).Status.ShouldBe(422);
        Ask(new AddCheckpoint(5, [], forked)).Status.ShouldBe(400);
        Ask(Request(4, 8)).Status.ShouldBe(200);
    }

    [Fact]
    public void A_failing_signature_of_a_trusted_key_is_forbidden_even_beside_a_good_one()
    {
        var request = Request(0, 4);
        var spoiled = request.Note.With(Log.Sign("another text\n"));
        Ask(request with { Note = spoiled }).Status.ShouldBe(403);
    }

    [Theory]
    [InlineData("")]
    [InlineData("old 0\n")]
    [InlineData("old x\n\n")]
    [InlineData("old 00\n\n")]
    [InlineData("new 0\n\n")]
    [InlineData("old 0\nabc\n\n")]
    public void A_malformed_request_is_400(string head)
    {
        Ask(Vectors.Bytes(head)).Status.ShouldBe(400);
        Ask(Vectors.Bytes(head + Request(0, 4).Note)).Status.ShouldBe(400);
    }

    [Fact]
    public void Sixty_four_proof_lines_are_too_many()
    {
        var lines = string.Concat(Enumerable.Repeat(Root(1) + "\n", 64));
        Ask(Vectors.Bytes($"old 0\n{lines}\n{Request(0, 4).Note}")).Status.ShouldBe(400);
        lines = string.Concat(Enumerable.Repeat(Root(1) + "\n", 63));
        Ask(Vectors.Bytes($"old 0\n{lines}\n{Request(0, 4).Note}")).Status.ShouldBe(422);
    }
}
