using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text.Json;

namespace Marketplace.Web.Features.Signing;

/// <summary>What an authenticator answered to a challenge, and the key that it answered with: all that anybody needs to check it.</summary>
/// <param name="PublicKey">As the authenticator gave it when the passkey was made: a COSE key (RFC 9052, section 7).</param>
/// <param name="AuthenticatorData">WebAuthn level 3, section 6.1.</param>
/// <param name="ClientDataJson">WebAuthn level 3, section 5.8.1: it carries the challenge.</param>
/// <param name="Signature">Over the authenticator data followed by the SHA-256 of the client data.</param>
public sealed record PasskeyProof(byte[] CredentialId, byte[] PublicKey, byte[] AuthenticatorData, byte[] ClientDataJson, byte[] Signature)
{
    /// <summary>How often the authenticator says that it has signed; 0 where it does not count.</summary>
    public uint Counter => AuthenticatorData.Length >= 37 ? System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(AuthenticatorData.AsSpan(33)) : 0;
}

/// <summary>Why an answer is no signature of the challenge.</summary>
public enum PasskeyFault
{
    None,

    /// <summary>The client data is not JSON of an assertion.</summary>
    NotAnAssertion,

    /// <summary>It answers another challenge.</summary>
    OtherChallenge,

    /// <summary>It was given to another web page.</summary>
    OtherOrigin,

    /// <summary>It was made for another site.</summary>
    OtherSite,

    /// <summary>The device did not check by finger, face or PIN who held it.</summary>
    NobodyVerified,

    /// <summary>The key is of no kind that is known here.</summary>
    UnknownKey,

    /// <summary>The key did not make the signature.</summary>
    BadSignature,
}

/// <summary>Checks a passkey's signature of a challenge. Pure: it needs no secret and no server, so that anybody can do the same.</summary>
public static class PasskeySignature
{
    private const byte UserPresent = 1;
    private const byte UserVerified = 4;

    // Twice what the largest known answers take.
    private const int MostBytes = 8192;

    /// <param name="challenge">The hash that had to be signed.</param>
    /// <param name="origins">The addresses of the pages that may have asked, as in <c>https://loop.example</c>.</param>
    /// <param name="site">The host name that the passkey belongs to.</param>
    public static PasskeyFault Check(PasskeyProof proof, ReadOnlySpan<byte> challenge, IReadOnlyCollection<string> origins, string site)
    {
        ArgumentNullException.ThrowIfNull(proof);
        var data = proof.AuthenticatorData;
        if (data.Length is < 37 or > MostBytes || proof.ClientDataJson.Length > MostBytes || Read(proof.ClientDataJson) is not { } client || client.Type != "webauthn.get")
        {
            return PasskeyFault.NotAnAssertion;
        }

        if (!CryptographicOperations.FixedTimeEquals(client.Challenge, challenge))
        {
            return PasskeyFault.OtherChallenge;
        }

        if (client.CrossOrigin || !origins.Contains(client.Origin, StringComparer.Ordinal))
        {
            return PasskeyFault.OtherOrigin;
        }

        if (!SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(site)).AsSpan().SequenceEqual(data.AsSpan(0, 32)))
        {
            return PasskeyFault.OtherSite;
        }

        if ((data[32] & (UserPresent | UserVerified)) != (UserPresent | UserVerified))
        {
            return PasskeyFault.NobodyVerified;
        }

        return CoseKey.TryRead(proof.PublicKey) is not { } key ? PasskeyFault.UnknownKey
            : key.Verifies([.. data, .. SHA256.HashData(proof.ClientDataJson)], proof.Signature) ? PasskeyFault.None
            : PasskeyFault.BadSignature;
    }

    private static ClientData? Read(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return new ClientData(
                root.GetProperty("type").GetString() ?? "",
                System.Buffers.Text.Base64Url.DecodeFromChars(root.GetProperty("challenge").GetString() ?? ""),
                root.GetProperty("origin").GetString() ?? "",
                root.TryGetProperty("crossOrigin", out var cross) && cross.ValueKind == JsonValueKind.True);
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private sealed record ClientData(string Type, byte[] Challenge, string Origin, bool CrossOrigin);
}

/// <summary>A public key of the kinds that passkeys have: elliptic curves of NIST and RSA (RFC 9053, RFC 8812).</summary>
internal sealed record CoseKey(int Algorithm, ECParameters? Curve, RSAParameters? Rsa)
{
    private HashAlgorithmName Hash => Algorithm switch
    {
        -7 or -257 or -37 => HashAlgorithmName.SHA256,
        -35 or -258 or -38 => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    public static CoseKey? TryRead(byte[] bytes)
    {
        try
        {
            var (numbers, fields) = (new Dictionary<int, int>(), new Dictionary<int, byte[]>());
            var reader = new CborReader(bytes, CborConformanceMode.Ctap2Canonical);
            reader.ReadStartMap();
            while (reader.PeekState() != CborReaderState.EndMap)
            {
                var label = reader.ReadInt32();
                if (reader.PeekState() == CborReaderState.ByteString)
                {
                    fields[label] = reader.ReadByteString();
                }
                else
                {
                    numbers[label] = reader.ReadInt32();
                }
            }

            reader.ReadEndMap();
            return (numbers.GetValueOrDefault(1), numbers.GetValueOrDefault(3), numbers.GetValueOrDefault(-1)) switch
            {
                (2, -7, 1) => OfCurve(-7, ECCurve.NamedCurves.nistP256, fields),
                (2, -35, 2) => OfCurve(-35, ECCurve.NamedCurves.nistP384, fields),
                (2, -36, 3) => OfCurve(-36, ECCurve.NamedCurves.nistP521, fields),
                (3, (>= -259 and <= -257) or (>= -39 and <= -37), _) => new CoseKey(numbers[3], null, new RSAParameters { Modulus = fields[-1], Exponent = fields[-2] }),
                _ => null,
            };
        }
        catch (Exception fault) when (fault is CborContentException or InvalidOperationException or OverflowException or KeyNotFoundException)
        {
            return null;
        }
    }

    public bool Verifies(byte[] signed, byte[] signature)
    {
        try
        {
            if (Curve is { } curve)
            {
                using var ec = ECDsa.Create(curve);
                return ec.VerifyData(signed, signature, Hash, DSASignatureFormat.Rfc3279DerSequence);
            }

            using var rsa = RSA.Create(Rsa!.Value);
            return rsa.VerifyData(signed, signature, Hash, Algorithm <= -257 ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss);
        }
        catch (CryptographicException)
        {
            // The numbers are no point on the curve, or no modulus.
            return false;
        }
    }

    private static CoseKey OfCurve(int algorithm, ECCurve curve, Dictionary<int, byte[]> fields) =>
        new(algorithm, new ECParameters { Curve = curve, Q = new ECPoint { X = fields[-2], Y = fields[-3] } }, null);
}
