using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Marketplace.Web.Features.Accounts;

/// <summary>The secret in a link that works once. The database keeps its hash; the secret itself is nowhere but in the link.</summary>
internal static class OneTimeToken
{
    public static string Create() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    // 256 random bits need no salt and no slow hash.
    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
