using System.Buffers.Binary;
using System.Text;

namespace Marketplace.Ledger;

/// <summary>One signature line of a note: the signer's name, the key's id and what the key made of the text.</summary>
public sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The line, with its line feed.</summary>
    public override string ToString()
    {
        var payload = new byte[4 + Bytes.Length];
        BinaryPrimitives.WriteUInt32BigEndian(payload, KeyId);
        Bytes.Span.CopyTo(payload.AsSpan(4));
        return $"\u2014 {Name} {Convert.ToBase64String(payload)}\n";
    }

    /// <summary>Reads one line, without its line feed.</summary>
    /// <exception cref="NotVerifiedException">It is malformed.</exception>
    public static NoteSignature Parse(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        var parts = line.StartsWith("\u2014 ", StringComparison.Ordinal) ? line[2..].Split(' ') : [];
        if (parts.Length != 2 || !VerifierKey.IsName(parts[0]) || !StrictBase64.TryDecodeLastBitsUnseen(parts[1], out var bytes) || bytes.Length < 5)
        {
            throw new NotVerifiedException($"'{line}' is not a signature line of a note");
        }

        return new NoteSignature(parts[0], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(4));
    }
}

/// <summary>A text and the signatures under it (c2sp.org/signed-note).</summary>
public sealed class SignedNote
{
    /// <summary>More signature lines than this are refused.</summary>
    public const int MaxSignatures = 100;

    /// <summary>A longer note is refused.</summary>
    public const int MaxBytes = 1_000_000;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Puts signatures under a text.</summary>
    /// <exception cref="ArgumentException">The text does not end with a line feed.</exception>
    public SignedNote(string text, IReadOnlyList<NoteSignature> signatures)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.EndsWith('\n'))
        {
            throw new ArgumentException("A note's text ends with a line feed");
        }

        Text = text;
        Signatures = signatures;
    }

    /// <summary>What is signed, with its final line feed.</summary>
    public string Text { get; }

    /// <summary>The signature lines in order, checked or not.</summary>
    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>Reads a note. Nothing is verified yet.</summary>
    /// <exception cref="NotVerifiedException">It is not a well-formed note.</exception>
    public static SignedNote Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
        {
            throw new NotVerifiedException("The note is longer than a million bytes");
        }

        string all;
        try
        {
            all = Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new NotVerifiedException("The note is not valid UTF-8");
        }

        if (all.Any(c => c < ' ' && c != '\n'))
        {
            throw new NotVerifiedException("The note contains a control character");
        }

        var split = all.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || split + 2 == all.Length || !all.EndsWith('\n'))
        {
            throw new NotVerifiedException("The note has no signature block after a blank line");
        }

        var lines = all[(split + 2)..^1].Split('\n');
        if (lines.Length > MaxSignatures)
        {
            throw new NotVerifiedException($"The note has more than {MaxSignatures} signatures");
        }

        return new SignedNote(all[..(split + 1)], [.. lines.Select(NoteSignature.Parse)]);
    }

    /// <summary>The signatures by known keys, each verified. Unknown keys are passed over.</summary>
    /// <exception cref="NotVerifiedException">A known key's signature is wrong, or no known key signed.</exception>
    public IReadOnlyList<KnownSignature> Verify(IEnumerable<VerifierKey> known, IEd25519 ed25519)
    {
        ArgumentNullException.ThrowIfNull(ed25519);
        var keys = known.ToList();
        var verified = new List<KnownSignature>();
        var text = Encoding.UTF8.GetBytes(Text);
        foreach (var signature in Signatures)
        {
            var key = keys.Find(k => k.Id == signature.KeyId && string.Equals(k.Name, signature.Name, StringComparison.Ordinal));
            if (key is null)
            {
                continue;
            }

            long? time = null;
            var isRight = key.Type switch
            {
                SignatureType.Ed25519 => ed25519.Verify(key.PublicKey.Span, text, signature.Bytes.Span),
                SignatureType.Cosignature => Cosignature.Verify(key, Text, signature, ed25519, out time),
                _ => false,
            };
            verified.Add(isRight ? new KnownSignature(key, time) : throw new NotVerifiedException($"The signature by '{key.Name}' does not belong to this text"));
        }

        return verified.Count > 0 ? verified : throw new NotVerifiedException("The note carries no signature by a known key");
    }

    /// <summary>The same text with one more signature; a line already there is not repeated.</summary>
    public SignedNote With(NoteSignature signature) =>
        Signatures.Any(s => string.Equals(s.ToString(), signature.ToString(), StringComparison.Ordinal))
            ? this
            : new SignedNote(Text, [.. Signatures, signature]);

    /// <summary>The note as published.</summary>
    public override string ToString() => $"{Text}\n{string.Concat(Signatures)}";

    /// <summary>The bytes as published.</summary>
    public byte[] ToBytes() => Utf8.GetBytes(ToString());
}

/// <summary>A verified signature: the key, and when it cosigned (seconds since 1970) if it is a witness's.</summary>
public sealed record KnownSignature(VerifierKey Key, long? UnixSeconds);
