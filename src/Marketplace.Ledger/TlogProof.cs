using System.Globalization;
using System.Text;

namespace Marketplace.Ledger;

/// <summary>
/// One file that lets anyone check offline that an entry is in the log (c2sp.org/tlog-proof@v1).
/// </summary>
/// <param name="Extra">
/// Null where there is none or it is not base64.
/// Unauthenticated bytes; ours are kind, version, salt and canonical record (<see cref="Commitment.Open"/>), from which the
/// leaf is recomputed.
/// </param>
/// <param name="Index">Where the entry stands.</param>
/// <param name="Hashes">The inclusion proof, the leaf's sibling first.</param>
/// <param name="Note">The checkpoint, as signed.</param>
public sealed record TlogProof(ReadOnlyMemory<byte>? Extra, long Index, IReadOnlyList<TreeHash> Hashes, SignedNote Note)
{
    private const string Header = "c2sp.org/tlog-proof@v1";
    private const int MaxHashes = 63;

    /// <summary>The file.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Header).Append('\n');
        if (Extra is { } extra)
        {
            text.Append("extra ").Append(Convert.ToBase64String(extra.Span)).Append('\n');
        }

        text.Append(CultureInfo.InvariantCulture, $"index {Index}\n");
        foreach (var hash in Hashes)
        {
            text.Append(hash.ToString()).Append('\n');
        }

        return text.Append('\n').Append(Note).ToString();
    }

    /// <summary>Reads a proof file. Nothing is verified yet.</summary>
    /// <exception cref="NotVerifiedException">It is malformed.</exception>
    public static TlogProof Parse(ReadOnlySpan<byte> file)
    {
        var split = file.IndexOf("\n\n"u8);
        if (split < 0)
        {
            throw new NotVerifiedException("The proof has no blank line before its checkpoint");
        }

        var lines = Encoding.UTF8.GetString(file[..split]).Split('\n');
        if (lines[0] != Header)
        {
            throw new NotVerifiedException($"The file does not start with '{Header}'");
        }

        var next = 1;
        ReadOnlyMemory<byte>? extra = null;
        if (next < lines.Length && lines[next].StartsWith("extra ", StringComparison.Ordinal))
        {
            // Whoever has the leaf needs no extra line, so a spoiled one does not spoil the proof.
            extra = StrictBase64.TryDecodeLastBitsUnseen(lines[next]["extra ".Length..], out var bytes) ? bytes : null;
            next++;
        }

        if (next >= lines.Length || !lines[next].StartsWith("index ", StringComparison.Ordinal)
            || !Checkpoint.TryReadNumber(lines[next]["index ".Length..], out var index))
        {
            throw new NotVerifiedException("The proof has no valid index line");
        }

        var hashes = lines[(next + 1)..];
        if (hashes.Length > MaxHashes)
        {
            throw new NotVerifiedException("The proof has more hashes than a tree can be high");
        }

        return new TlogProof(extra, index, [.. hashes.Select(HashOf)], SignedNote.Parse(file[(split + 2)..]));
    }

    /// <summary>Whether this leaf stands at the index under the checkpoint. Its signatures are another question.</summary>
    public bool Proves(TreeHash leaf, Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return InclusionProof.Verify(Index, checkpoint.Size, leaf, Hashes, checkpoint.Root);
    }

    private static TreeHash HashOf(string line) =>
        StrictBase64.TryDecodeLastBitsUnseen(line, out var bytes) && bytes.Length == TreeHash.Length
            ? new TreeHash(bytes)
            : throw new NotVerifiedException($"'{line}' is not the base64 of a 32-byte hash");
}
