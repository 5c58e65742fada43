using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Marketplace.Web.Tests.Features.Accounts;

/// <summary>An authenticator app (RFC 6238 with SHA-1, six digits, 30 seconds), written apart from the one that checks it.</summary>
internal static class Totp
{
    /// <param name="key">Base32, as shown on the page.</param>
    /// <param name="stepsAhead">How many codes later.</param>
    public static string Code(string key, int stepsAhead = 0)
    {
        var counter = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, (TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30) + stepsAhead);
#pragma warning disable CA5350 // Authenticator apps use SHA-1.
        var hash = HMACSHA1.HashData(FromBase32(key), counter);
#pragma warning restore CA5350
        var code = (BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(hash[^1] & 15)) & int.MaxValue) % 1_000_000;
        return code.ToString("000000", CultureInfo.InvariantCulture);
    }

    private static byte[] FromBase32(string text)
    {
        var (bits, held, bytes) = (0, 0, new List<byte>());
        foreach (var letter in text.Where(char.IsLetterOrDigit))
        {
            (bits, held) = ((bits << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(char.ToUpperInvariant(letter), StringComparison.Ordinal), held + 5);
            if (held >= 8)
            {
                held -= 8;
                bytes.Add((byte)(bits >> held));
                bits &= (1 << held) - 1;
            }
        }

        return [.. bytes];
    }
}
