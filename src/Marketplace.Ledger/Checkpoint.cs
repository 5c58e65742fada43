using System.Globalization;

namespace Marketplace.Ledger;

/// <summary>A log's statement of its size and root (c2sp.org/tlog-checkpoint). It says nothing about time.</summary>
/// <param name="Origin">The log's unique name.</param>
/// <param name="Size">How many entries.</param>
/// <param name="Root">The Merkle root over them.</param>
public sealed record Checkpoint(string Origin, long Size, TreeHash Root)
{
    /// <summary>Lines other logs add after the root; ours has none.</summary>
    public IReadOnlyList<string> Extensions { get; init; } = [];

    /// <summary>The text that is signed.</summary>
    public string ToText() =>
        $"{Origin}\n{Size.ToString(CultureInfo.InvariantCulture)}\n{Root}\n{string.Concat(Extensions.Select(e => e + "\n"))}";

    /// <summary>Reads a checkpoint's text.</summary>
    /// <exception cref="NotVerifiedException">It is malformed.</exception>
    public static Checkpoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var lines = text.Split('\n');
        if (lines.Length < 4 || lines[^1].Length > 0 || lines[..^1].Any(l => l.Length == 0))
        {
            throw new NotVerifiedException("A checkpoint has an origin, a size and a root, one a line, and no empty line");
        }

        if (!TryReadNumber(lines[1], out var size))
        {
            throw new NotVerifiedException($"'{lines[1]}' is not a tree size");
        }

        return new Checkpoint(lines[0], size, TreeHash.Parse(lines[2])) { Extensions = lines[3..^1] };
    }

    /// <summary>Whether the size and root can belong together: a tree without entries has one root.</summary>
    public bool IsPossible => Size > 0 || Root == MerkleHash.Empty;

    /// <summary>Signs it as the log.</summary>
    public SignedNote Sign(SignerKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var text = ToText();
        return new SignedNote(text, [key.Sign(text)]);
    }

    /// <summary>Reads a decimal without sign or leading zeros.</summary>
    public static bool TryReadNumber(string? text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)
        && string.Equals(number.ToString(CultureInfo.InvariantCulture), text, StringComparison.Ordinal);
}
