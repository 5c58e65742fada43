using System.Text;
using System.Text.Json.Serialization;
using Marketplace.Data;
using Marketplace.Ledger;
using Npgsql;

namespace Marketplace.Web.Features.Ledger;

/// <summary>A proof as the browser takes it (verify.js); all bytes are base64.</summary>
public sealed record ProofDocument(
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
    [property: JsonPropertyName("anchoredAt")] DateTimeOffset AnchoredAt);

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
public sealed record ProofAnswer(ProofState State, string? File, ProofDocument? Document)
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
public sealed class ProofReader(NpgsqlDataSource source)
{
    /// <summary>The proof of a record that was handed in at the door as this position of this batch.</summary>
    public async Task<ProofAnswer> ReadAsync(int loopId, long batchId, int position, LedgerRecord record, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var secret = await RecordSecrets.FindAsync(connection, loopId, record.MemberId, record.Month, cancellationToken);
        if (secret is null)
        {
            return new ProofAnswer(ProofState.Erased, null, null);
        }

        var index = await LogTables.FirstIndexAsync(connection, loopId, batchId, cancellationToken) + position;
        var published = await LogTables.LatestPublishedAsync(connection, loopId, cancellationToken);
        if (index is not { } leafIndex || published is null || leafIndex >= published.Size)
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

        var first = await LogTables.FirstPublishedOverAsync(connection, loopId, leafIndex, cancellationToken);
        return new ProofAnswer(
            ProofState.Proved,
            proof.ToString(),
            new ProofDocument(
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
                (first ?? published).PublishedAt));
    }
}
