using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Marketplace.Metering;

/// <summary>A device's public key: a point on P-256 (FIPS 186-5, SEC 1), known to lie on the curve.</summary>
public sealed class DevicePublicKey
{
    /// <summary>Bytes of an uncompressed point.</summary>
    public const int PointLength = 65;

    private const int Coordinate = 32;

    private DevicePublicKey(byte[] point) => Point = point;

    /// <summary>The uncompressed point: 04, X, Y; 65 bytes.</summary>
    public byte[] Point { get; }

    /// <summary>SHA-256 of the point in hex: by which people compare keys.</summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Point));

    /// <summary>Reads a key as PEM (<c>BEGIN PUBLIC KEY</c>), as a JWK, or as a point in hex or base64.</summary>
    /// <exception cref="FormatException">It is none of these, a private key, or not on the curve.</exception>
    public static DevicePublicKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var trimmed = text.Trim();
        if (trimmed.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            throw new FormatException("This is a private key. It belongs in the device alone; give the public key.");
        }

        return trimmed.StartsWith("-----BEGIN", StringComparison.Ordinal) ? FromPem(trimmed)
            : trimmed.StartsWith('{') ? FromJwk(trimmed)
            : FromPoint(Bytes(trimmed));
    }

    /// <summary>Takes a point of 65 bytes.</summary>
    /// <exception cref="FormatException">It is not a point of the curve.</exception>
    public static DevicePublicKey FromPoint(ReadOnlySpan<byte> point)
    {
        if (point.Length != PointLength || point[0] != 4)
        {
            throw new FormatException("A public key is an uncompressed point of P-256: 65 bytes that begin with 04.");
        }

        var key = new DevicePublicKey(point.ToArray());
        try
        {
            // Importing checks that the point is on the curve.
            using var check = key.Open();
            return key;
        }
        catch (CryptographicException e)
        {
            throw new FormatException("The point does not lie on P-256.", e);
        }
    }

    /// <summary>Takes a point that was checked before, as one that stands in our own table.</summary>
    /// <exception cref="FormatException">It has not even the form of one.</exception>
    public static DevicePublicKey FromTrusted(byte[] point) =>
        point is { Length: PointLength } && point[0] == 4 ? new DevicePublicKey(point) : throw new FormatException("Not a point of 65 bytes");

    /// <summary>Whether the signature, 64 bytes (IEEE P1363) or DER, is this key's over a SHA-256 hash.</summary>
    public bool Verifies(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        using var key = Open();
        return Verifies(key, hash, signature);
    }

    /// <summary>As <see cref="Verifies(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>, with a key that <see cref="Open"/> has opened: for many signatures of one key.</summary>
    public static bool Verifies(ECDsa opened, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(opened);
        try
        {
            return opened.VerifyHash(
                hash, signature, signature.Length == 2 * Coordinate ? DSASignatureFormat.IeeeP1363FixedFieldConcatenation : DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            // Not even a signature.
            return false;
        }
    }

    /// <summary>The key made ready to verify. That takes longer than a signature does: the point is held against the curve once more.</summary>
    public ECDsa Open() => ECDsa.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = Point[1..(1 + Coordinate)], Y = Point[(1 + Coordinate)..] },
    });

    private static DevicePublicKey FromPem(string pem)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(pem);
            return From(key.ExportParameters(includePrivateParameters: false));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new FormatException("The PEM is not a public key of P-256.", e);
        }
    }

    private static DevicePublicKey FromJwk(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var jwk = document.RootElement;
            if (jwk.TryGetProperty("d", out _))
            {
                throw new FormatException("This JWK carries a private key (d). It belongs in the device alone; leave it out.");
            }

            if (jwk.GetProperty("kty").GetString() != "EC" || jwk.GetProperty("crv").GetString() != "P-256")
            {
                throw new FormatException("The JWK is not of kty EC with crv P-256.");
            }

            byte[] x = Base64Url.DecodeFromChars(jwk.GetProperty("x").GetString()), y = Base64Url.DecodeFromChars(jwk.GetProperty("y").GetString());
            return FromPoint([4, .. x, .. y]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException("The JWK cannot be read.", e);
        }
    }

    private static DevicePublicKey From(ECParameters parameters) =>
        parameters.Q is { X: { Length: Coordinate } x, Y: { Length: Coordinate } y } && parameters.Curve.Oid?.Value == "1.2.840.10045.3.1.7"
            ? FromPoint([4, .. x, .. y])
            : throw new FormatException("The key is not on P-256.");

    private static byte[] Bytes(string text)
    {
        if (text.Length == 2 * PointLength && text.All(char.IsAsciiHexDigit))
        {
            return Convert.FromHexString(text);
        }

        var bytes = new byte[PointLength + 8];
        return Convert.TryFromBase64String(text, bytes, out var length)
            ? bytes[..length]
            : throw new FormatException("Give the public key as PEM, as a JWK, or as a point of 65 bytes in hex or base64.");
    }
}
