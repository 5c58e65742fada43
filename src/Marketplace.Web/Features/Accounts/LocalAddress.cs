namespace Marketplace.Web.Features.Accounts;

/// <summary>Where to go after signing in: only to a path of our own. "//host" and "/\host" lead elsewhere.</summary>
internal static class LocalAddress
{
    public static string Or(string? wish, string otherwise) =>
        wish is { Length: > 0 and <= 2_000 } && wish[0] == '/' && (wish.Length == 1 || wish[1] is not ('/' or '\\')) && !wish.Any(char.IsControl)
            ? wish
            : otherwise;
}
