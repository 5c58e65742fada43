using System.Text;
using System.Text.Json.Serialization;
using Marketplace.Data;
using Marketplace.Ledger;
using Npgsql;

namespace Marketplace.Web.Features.Ledger;

/// <summary>A proof as the browser takes it (verify.js). It checks <paramref name="File"/> against the policy and reads nothing
/// else; the other fields are the same said once more, for programs that want them apart. All bytes are base64.</summary>
/// <param name="File">The whole tlog-proof file.</param>
/// <param name="Policy">Where the policy is that says whose signatures to ask for.</param>
/// <param name="Checkpoint">The checkpoint as published, with all its signatures.</param>
public sealed record ProofDocument(
    [property: JsonPropertyName("file")] string File,
    [property: JsonPropertyName("policy")] string Policy,
    [property: JsonPropertyName("origin")] string Origin,
    [property: JsonPropertyName("index")] long Index,
    [property: JsonPropertyName("size")] long Size,
    [property: JsonPropertyName("root")] string Root,
    [property: JsonPropertyName("checkpoint")] string Checkpoint,
    [property: JsonPropertyName("proof")] IReadOnlyList<string> Proof,
    [property: JsonPropertyName("kind")] int Kind,
    [property: JsonPropertyName("version")] int Version,
    [property: JsonPropertyName("salt")] string Salt,
    [property: JsonPropertyName("record")] string Record,
    [property: JsonPropertyName("anchoredAt")] DateTimeOffset AnchoredAt,
    [property: JsonPropertyName("witnesses")] IReadOnlyList<string> Witnesses);

/// <summary>Since when a record cannot be changed unseen, and who saw it.</summary>
/// <param name="At">The first cosignature over it, by the witness's own clock; where no witness was asked, when the loop first
/// published it, by the loop's.</param>
/// <param name="Witnesses">Who cosigned that checkpoint as the policy asks, by their names there; empty: the loop alone signed.</param>
public sealed record Anchoring(DateTimeOffset At, IReadOnlyList<string> Witnesses)
{
    /// <summary>Whether as many independent witnesses as the policy asks for vouch for it.</summary>
    public bool IsWitnessed => Witnesses.Count > 0;
}

/// <summary>A record and where it was put: all that a kind of record has to find for its proof to be handed out.</summary>
/// <param name="BatchId">The batch of the door.</param>
/// <param name="Position">The place in it.</param>
/// <param name="Record">What was handed in, from what is stored now.</param>
public sealed record CommittedRecord(long BatchId, int Position, LedgerRecord Record);

/// <summary>Why there is a proof, or none.</summary>
public enum ProofState
{
    /// <summary>Here it is.</summary>
    Proved,

    /// <summary>The record is committed, but no published checkpoint covers it yet.</summary>
    NotYetAnchored,

    /// <summary>The secret behind the record was destroyed on purpose; nobody can prove it any more.</summary>
    Erased,

    /// <summary>The record is not the one that was committed. Somebody has changed it.</summary>
    Mismatch,
}

/// <summary>The answer to a question for a proof.</summary>
/// <param name="State">Whether there is one.</param>
/// <param name="File">The tlog-proof file, where there is one.</param>
/// <param name="Document">The same for the browser.</param>
/// <param name="Anchoring">Since when, where there is one.</param>
public sealed record ProofAnswer(ProofState State, string? File, ProofDocument? Document, Anchoring? Anchoring = null)
{
    /// <summary>The state in words for the reader.</summary>
    public string Words => State switch
    {
        ProofState.Proved => "This record is anchored: a published checkpoint of the ledger covers it.",
        ProofState.NotYetAnchored => "This record is committed but not yet anchored: no published checkpoint covers it so far. Try again in a minute.",
        ProofState.Erased => "The secret that opens this record was erased at the person's request. The ledger still counts the entry, but nobody can show what it was.",
        ProofState.Mismatch => "This record is not the one that was committed to the ledger. Do not rely on it, and tell the auditor.",
        _ => throw new InvalidOperationException($"No words for {State}"),
    };
}

/// <summary>
/// Builds the proof that a record is on its loop's ledger, against the newest published checkpoint. Who may see the
/// record is for the caller to decide.
/// </summary>
public sealed class ProofReader(NpgsqlDataSource source, LoopNames loops, IEd25519 ed25519)
{
    /// <summary>The proof of a committed record.</summary>
    public Task<ProofAnswer> ReadAsync(int loopId, CommittedRecord committed, CancellationToken cancellationToken) =>
        ReadAsync(loopId, committed.BatchId, committed.Position, committed.Record, cancellationToken);

    /// <summary>The proof of a record that was handed in at the door as this position of this batch.</summary>
    public async Task<ProofAnswer> ReadAsync(int loopId, long batchId, int position, LedgerRecord record, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var start = await LogTables.ProofStartAsync(connection, loopId, batchId, position, record.MemberId, record.Month, cancellationToken);
        if (start.Secret is not { } secret)
        {
            return new ProofAnswer(ProofState.Erased, null, null);
        }

        if (start.FirstIndex + position is not { } leafIndex || start.Newest is not { } published || leafIndex >= published.Size)
        {
            return new ProofAnswer(ProofState.NotYetAnchored, null, null);
        }

        var salt = Commitment.Salt(secret, record.Kind, record.Version, record.RecordKey);
        var leaf = MerkleHash.Leaf(Commitment.Of(record.Kind, record.Version, salt, record.Canonical));
        var note = SignedNote.Parse(Encoding.UTF8.GetBytes(published.Note));
        var checkpoint = Checkpoint.Parse(note.Text);
        var nodes = InclusionProof.NodesFor(leafIndex, checkpoint.Size).ToList();
        var tiles = await LogTables.TilesAsync(connection, loopId, nodes.Select(n => n.TileAt(checkpoint.Size)), cancellationToken);
        var hashes = InclusionProof.Make(leafIndex, checkpoint.Size, node => node.HashIn(tiles[node.TileAt(checkpoint.Size)]));
        var proof = new TlogProof(Commitment.Open(record.Kind, record.Version, salt, record.Canonical), leafIndex, hashes, note);
        if (!proof.Proves(leaf, checkpoint))
        {
            return new ProofAnswer(ProofState.Mismatch, null, null);
        }

        var slug = await loops.SlugOfAsync(loopId, cancellationToken);
        var anchoring = AnchoringOf(start.First ?? published, published);
        var file = proof.ToString();
        return new ProofAnswer(
            ProofState.Proved,
            file,
            new ProofDocument(
                file,
                $"/ledger/{slug}/policy",
                checkpoint.Origin,
                leafIndex,
                checkpoint.Size,
                checkpoint.Root.ToString(),
                published.Note,
                [.. hashes.Select(h => h.ToString())],
                (int)record.Kind,
                record.Version,
                Convert.ToBase64String(salt),
                Convert.ToBase64String(record.Canonical),
                anchoring.At,
                anchoring.Witnesses),
            anchoring);
    }

    // Witnesses that joined later vouch for what was there before them from their first cosignature on: then the checkpoint
    // shown now carries them, while the first one over the record does not.
    private Anchoring AnchoringOf(PublishedCheckpoint first, PublishedCheckpoint newest) =>
        Witnessed(first) ?? Witnessed(newest) ?? new Anchoring(first.PublishedAt, []);

    private Anchoring? Witnessed(PublishedCheckpoint published)
    {
        try
        {
            // By the policy of its time: witnesses come and go.
            if (published.Policy is not { } text || LedgerPolicy.Parse(text) is not { Quorum: not "none", Witnesses.Count: > 0 } policy)
            {
                return null;
            }

            var opened = policy.Open(SignedNote.Parse(Encoding.UTF8.GetBytes(published.Note)), ed25519);
            return new Anchoring(
                TimeOf(opened.Cosignatures.Min(c => c.UnixSeconds!.Value)),
                [.. policy.Witnesses.Where(w => opened.Cosignatures.Any(c => c.Key == w.Key)).Select(w => w.Name)]);
        }
        catch (NotVerifiedException)
        {
            // What is stored does not meet the policy it was published under. The self-check says so; here it counts for nothing.
            return null;
        }
    }

    // A witness may state any time; the calendar ends earlier.
    private static DateTimeOffset TimeOf(long unixSeconds) =>
        DateTimeOffset.FromUnixTimeSeconds(Math.Min(unixSeconds, DateTimeOffset.MaxValue.ToUnixTimeSeconds()));
}
