using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Marketplace.Ledger;

/// <summary>How a key signs a note (c2sp.org/signed-note, signature types).</summary>
public enum SignatureType : byte
{
    /// <summary>Ed25519 over the note's text.</summary>
    Ed25519 = 0x01,

    /// <summary>A witness's timestamped Ed25519 signature, cosignature/v1 (c2sp.org/tlog-cosignature).</summary>
    Cosignature = 0x04,
}

/// <summary>A public key that signs notes under a name; its text form is <c>name+hash+base64</c>, a "vkey".</summary>
public sealed record VerifierKey
{
    /// <summary>Makes a key.</summary>
    /// <exception cref="FormatException">The name is not allowed, or the key has not 32 bytes.</exception>
    public VerifierKey(string name, SignatureType type, ReadOnlySpan<byte> publicKey)
    {
        if (!IsName(name))
        {
            throw new FormatException($"'{name}' is not a key name: it must be non-empty, without spaces and '+'");
        }

        if (publicKey.Length != 32)
        {
            throw new FormatException($"The key of '{name}' has {publicKey.Length} bytes, not 32");
        }

        Name = name;
        Type = type;
        PublicKey = publicKey.ToArray();
        Id = IdOf(name, type, publicKey);
    }

    /// <summary>The name in signature lines; a log's is its origin.</summary>
    public string Name { get; }

    /// <summary>How it signs.</summary>
    public SignatureType Type { get; }

    /// <summary>The 32 bytes of the key.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>The first four bytes of SHA-256(name, LF, type, key).</summary>
    public uint Id { get; }

    /// <summary>Reads a vkey.</summary>
    /// <exception cref="FormatException">It is not a vkey of a supported type, or its hash is wrong.</exception>
    public static VerifierKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split('+', 3);
        if (parts.Length != 3 || !StrictBase64.TryDecode(parts[2], out var bytes) || bytes.Length == 0)
        {
            throw new FormatException($"'{text}' is not a verifier key (name+hash+base64)");
        }

        var type = (SignatureType)bytes[0];
        if (type is not (SignatureType.Ed25519 or SignatureType.Cosignature))
        {
            throw new FormatException($"The key of '{parts[0]}' has the unsupported signature type {bytes[0].ToString(CultureInfo.InvariantCulture)}");
        }

        var key = new VerifierKey(parts[0], type, bytes.AsSpan(1));

        // Go's note package reads a log key's hash in either case; those who write a witness key write it in lower case.
        return string.Equals(Hex(key.Id), parts[1], type == SignatureType.Ed25519 ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal)
            ? key
            : throw new FormatException($"The hash in the key of '{parts[0]}' does not belong to it");
    }

    /// <summary>The vkey.</summary>
    public override string ToString() => $"{Name}+{Hex(Id)}+{Convert.ToBase64String([(byte)Type, .. PublicKey.Span])}";

    /// <inheritdoc/>
    public bool Equals(VerifierKey? other) => other is not null && string.Equals(ToString(), other.ToString(), StringComparison.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(ToString());

    /// <summary>Whether a note key may have this name.</summary>
    public static bool IsName(string? name) =>
        !string.IsNullOrEmpty(name) && !name.Contains('+', StringComparison.Ordinal) && !name.Any(c => char.IsWhiteSpace(c) || c < ' ');

    internal static string Hex(uint id) => id.ToString("x8", CultureInfo.InvariantCulture);

    private static uint IdOf(string name, SignatureType type, ReadOnlySpan<byte> publicKey) =>
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', (byte)type, .. publicKey]));
}

/// <summary>A private key that signs notes; its text form is <c>PRIVATE+KEY+name+hash+base64</c>. Never print it but to its owner's file.</summary>
public sealed class SignerKey
{
    private const string Prefix = "PRIVATE+KEY+";
    private readonly byte[] _seed;
    private readonly IEd25519 _ed25519;

    /// <summary>Makes a key from its 32-byte seed.</summary>
    /// <exception cref="FormatException">The name is not allowed, or the seed has not 32 bytes.</exception>
    public SignerKey(string name, SignatureType type, ReadOnlySpan<byte> seed, IEd25519 ed25519)
    {
        ArgumentNullException.ThrowIfNull(ed25519);
        if (seed.Length != 32)
        {
            throw new FormatException("A signing seed has 32 bytes");
        }

        _seed = seed.ToArray();
        _ed25519 = ed25519;
        Verifier = new VerifierKey(name, type, ed25519.PublicKeyOf(seed));
    }

    /// <summary>The public half.</summary>
    public VerifierKey Verifier { get; }

    /// <summary>Reads a private key text.</summary>
    /// <exception cref="FormatException">It is not one. The message does not repeat it.</exception>
    public static SignerKey Parse(string text, IEd25519 ed25519)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..].Split('+', 3) : [];
        if (parts.Length != 3 || !StrictBase64.TryDecode(parts[2], out var bytes) || bytes.Length != 33
            || (SignatureType)bytes[0] is not (SignatureType.Ed25519 or SignatureType.Cosignature))
        {
            throw new FormatException("This is not a private note key (PRIVATE+KEY+name+hash+base64)");
        }

        var key = new SignerKey(parts[0], (SignatureType)bytes[0], bytes.AsSpan(1), ed25519);
        return string.Equals(VerifierKey.Hex(key.Verifier.Id), parts[1], StringComparison.Ordinal)
            ? key
            : throw new FormatException($"The hash in the private key of '{parts[0]}' does not belong to it");
    }

    /// <summary>Signs a note's text; the time is used by cosignatures only.</summary>
    /// <param name="text">The text, which ends with a line feed.</param>
    /// <param name="unixSeconds">When a cosigner signs.</param>
    public NoteSignature Sign(string text, long unixSeconds = 0)
    {
        if (Verifier.Type == SignatureType.Ed25519)
        {
            return new NoteSignature(Verifier.Name, Verifier.Id, _ed25519.Sign(_seed, Encoding.UTF8.GetBytes(text)));
        }

        var payload = new byte[8 + 64];
        BinaryPrimitives.WriteInt64BigEndian(payload, unixSeconds);
        _ed25519.Sign(_seed, Cosignature.Message(unixSeconds, text)).CopyTo(payload, 8);
        return new NoteSignature(Verifier.Name, Verifier.Id, payload);
    }

    /// <summary>The private key text, for its owner's key file.</summary>
    public string ToSecretText() =>
        $"{Prefix}{Verifier.Name}+{VerifierKey.Hex(Verifier.Id)}+{Convert.ToBase64String([(byte)Verifier.Type, .. _seed])}";
}
