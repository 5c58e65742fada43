using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Marketplace.Ledger;

/// <summary>The record by which a settled hour commits to its meters. It holds no personal data.</summary>
public static class MeterIndexRecord
{
    /// <summary>The version of the layout.</summary>
    public const byte Version = 1;

    /// <summary>The record's name, one for each hour of a loop.</summary>
    public static string Key(DateTimeOffset hour) =>
        $"meterindex/{hour.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}";

    /// <summary>The canonical bytes.</summary>
    public static byte[] Canonical(string loop, DateTimeOffset hour, ReadOnlySpan<byte> hourKey, MeterIndex index)
    {
        ArgumentNullException.ThrowIfNull(index);
        return CanonicalRecord.Of("meterindex", Version)
            .Add("loop", loop)
            .Add("hour", hour)
            .Add("meters", index.Count)
            .Add("keySha256", Convert.ToHexStringLower(SHA256.HashData(hourKey)))
            .Add("root", index.Root.ToHex())
            .ToBytes();
    }
}

/// <summary>
/// Shows which reading of a meter an hour was settled with. It goes with the reading's own proof: a header, the meter, the key
/// of the hour, the way through the hour's index, a blank line, and the tlog-proof of the hour's index.
/// </summary>
/// <param name="Meter">The meter's name.</param>
/// <param name="HourKey">The key under which the hour's labels were made.</param>
/// <param name="Siblings">The other side at each level, the lowest first.</param>
/// <param name="Index">The proof of the hour's index record.</param>
public sealed record MeterProof(string Meter, ReadOnlyMemory<byte> HourKey, IReadOnlyList<TreeHash> Siblings, TlogProof Index)
{
    private const string Header = "marketplace-meter-proof@v1";
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The file.</summary>
    public override string ToString() =>
        $"{Header}\nmeter {Meter}\nkey {Convert.ToBase64String(HourKey.Span)}\n{string.Concat(Siblings.Select(hash => hash + "\n"))}\n{Index}";

    /// <summary>Reads a file. Nothing is verified yet.</summary>
    /// <exception cref="NotVerifiedException">It is malformed.</exception>
    public static MeterProof Parse(ReadOnlySpan<byte> file)
    {
        var split = file.IndexOf("\n\n"u8);
        if (split < 0)
        {
            throw new NotVerifiedException("The meter proof has no blank line before the proof of the hour's index");
        }

        string[] lines;
        try
        {
            lines = Utf8.GetString(file[..split]).Split('\n');
        }
        catch (DecoderFallbackException)
        {
            throw new NotVerifiedException("The meter proof is not valid UTF-8");
        }

        if (lines.Length < 3 || lines[0] != Header || !lines[1].StartsWith("meter ", StringComparison.Ordinal) || lines[1].Length == "meter ".Length
            || !lines[2].StartsWith("key ", StringComparison.Ordinal)
            || !StrictBase64.TryDecode(lines[2]["key ".Length..], out var key) || key.Length != MeterIndex.KeyLength)
        {
            throw new NotVerifiedException($"The file does not start with '{Header}', a meter and a key of 32 bytes");
        }

        return new MeterProof(lines[1]["meter ".Length..], key, [.. lines[3..].Select(TreeHash.Parse)], TlogProof.Parse(file[(split + 2)..]));
    }

    /// <summary>
    /// Whether the hour was settled with this reading, or with the one it replaced: a revision names its predecessor. Both
    /// proofs must be under checkpoints of one log; who vouches for those is another question.
    /// </summary>
    /// <returns>Whether the reading is the indexed one; else it is the revision that followed it.</returns>
    /// <exception cref="NotVerifiedException">It was not; the message says why.</exception>
    public bool Settles(TlogProof reading)
    {
        ArgumentNullException.ThrowIfNull(reading);
        var (readingLog, readingEntry, readingFields) = Open(reading, RecordKind.Reading, "reading");
        var (indexLog, _, index) = Open(Index, RecordKind.MeterIndex, "meterindex");
        if (readingLog != indexLog)
        {
            throw new NotVerifiedException($"The reading is in the log '{readingLog}', the hour's index in '{indexLog}'");
        }

        foreach (var (name, expected, found) in new[]
                 {
                     ("loop", index.GetValueOrDefault("loop"), readingFields.GetValueOrDefault("loop")),
                     ("hour", index.GetValueOrDefault("hour"), readingFields.GetValueOrDefault("hour")),
                     ("meter", Meter, readingFields.GetValueOrDefault("meter")),
                 })
        {
            if (expected is null || expected != found)
            {
                throw new NotVerifiedException($"The reading is of the {name} '{found}', the proof of '{expected}'");
            }
        }

        if (index.GetValueOrDefault("keySha256") != Convert.ToHexStringLower(SHA256.HashData(HourKey.Span)))
        {
            throw new NotVerifiedException("The key is not the one the hour committed to");
        }

        var root = index.GetValueOrDefault("root") is { Length: 2 * TreeHash.Length } hex && hex.All(char.IsAsciiHexDigitLower)
            ? new TreeHash(Convert.FromHexString(hex))
            : throw new NotVerifiedException("The hour's index has no root");
        var label = MeterIndex.LabelOf(HourKey.Span, Meter);
        if (MeterIndex.Verify(new MeterPlace(label, new TreeHash(readingEntry.AsSpan(2))), Siblings, root))
        {
            return true;
        }

        // Its predecessor is named by its whole entry: kind, version and hash.
        return readingFields.GetValueOrDefault("predecessor") is { Length: 2 * Commitment.Length } before && before.All(char.IsAsciiHexDigitLower)
            && MeterIndex.Verify(new MeterPlace(label, new TreeHash(Convert.FromHexString(before).AsSpan(2))), Siblings, root)
            ? false
            : throw new NotVerifiedException("The hour was not settled with this reading: the index of the hour holds another one for this meter");
    }

    private static (string Origin, byte[] Entry, Dictionary<string, string> Fields) Open(TlogProof proof, RecordKind kind, string title)
    {
        var opening = proof.Extra ?? throw new NotVerifiedException($"The proof of the {title} opens no record");
        var entry = Commitment.OfOpening(opening.Span);
        var checkpoint = Checkpoint.Parse(proof.Note.Text);
        if (entry[0] != (byte)kind || !proof.Proves(MerkleHash.Leaf(entry), checkpoint))
        {
            throw new NotVerifiedException($"The proof of the {title} does not lead from such a record to the root of {checkpoint.Origin}");
        }

        var record = CanonicalRecord.Parse(Commitment.RecordIn(opening.Span));
        if (record.Title != $"{title}/v1" || record.Fields.DistinctBy(field => field.Name).Count() != record.Fields.Count)
        {
            throw new NotVerifiedException($"The proof of the {title} opens a record of another form");
        }

        return (checkpoint.Origin, entry, record.Fields.ToDictionary(field => field.Name, field => field.Value));
    }
}
