using System.Security.Cryptography;
using Marketplace.Ledger;

namespace Marketplace.Native.Crypto;

/// <summary>
/// Ed25519 by OpenSSL. Without state, safe to share between threads. About a hundred microseconds an operation: for
/// checkpoints and cosignatures, not for records.
/// </summary>
public sealed class Ed25519 : IEd25519
{
    private const int KeyLength = 32;
    private const int SignatureLength = 64;

    public byte[] PublicKeyOf(ReadOnlySpan<byte> seed)
    {
        using var key = Private(seed);
        var publicKey = new byte[KeyLength];
        nuint length = KeyLength;
        Check(LibCrypto.EVP_PKEY_get_raw_public_key(key, publicKey, ref length));
        return publicKey;
    }

    public byte[] Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message)
    {
        using var key = Private(seed);
        using var context = NewContext();
        Check(LibCrypto.EVP_DigestSignInit(context, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, key));
        var signature = new byte[SignatureLength];
        nuint length = SignatureLength;
        Check(LibCrypto.EVP_DigestSign(context, signature, ref length, message, (nuint)message.Length));
        return signature;
    }

    public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != KeyLength || signature.Length != SignatureLength)
        {
            return false;
        }

        using var key = LibCrypto.EVP_PKEY_new_raw_public_key(LibCrypto.Ed25519, IntPtr.Zero, publicKey, KeyLength);
        if (key.IsInvalid)
        {
            LibCrypto.ERR_clear_error();
            return false;
        }

        using var context = NewContext();
        Check(LibCrypto.EVP_DigestVerifyInit(context, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, key));
        var isRight = LibCrypto.EVP_DigestVerify(context, signature, SignatureLength, message, (nuint)message.Length) == 1;
        if (!isRight)
        {
            LibCrypto.ERR_clear_error();
        }

        return isRight;
    }

    private static PKeyHandle Private(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != KeyLength)
        {
            throw new ArgumentException("An Ed25519 seed has 32 bytes");
        }

        var key = LibCrypto.EVP_PKEY_new_raw_private_key(LibCrypto.Ed25519, IntPtr.Zero, seed, KeyLength);
        return key.IsInvalid ? throw Broken() : key;
    }

    private static DigestContextHandle NewContext()
    {
        var context = LibCrypto.EVP_MD_CTX_new();
        return context.IsInvalid ? throw Broken() : context;
    }

    private static void Check(int status)
    {
        if (status != 1)
        {
            throw Broken();
        }
    }

    private static CryptographicException Broken()
    {
        LibCrypto.ERR_clear_error();
        return new CryptographicException("OpenSSL's libcrypto refused an Ed25519 operation");
    }
}
