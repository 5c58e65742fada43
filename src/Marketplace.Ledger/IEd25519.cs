namespace Marketplace.Ledger;

/// <summary>Ed25519 (RFC 8032). .NET has none of its own, so the ledger takes it as an argument.</summary>
public interface IEd25519
{
    /// <summary>The 32-byte public key of a 32-byte seed.</summary>
    byte[] PublicKeyOf(ReadOnlySpan<byte> seed);

    /// <summary>The 64-byte signature of a message under a 32-byte seed.</summary>
    byte[] Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message);

    /// <summary>Whether the signature is right; a key or signature of a wrong length is not.</summary>
    bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);
}
