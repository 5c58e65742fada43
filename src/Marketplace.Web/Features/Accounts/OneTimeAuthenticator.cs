using System.Globalization;
using Marketplace.Data;
using Microsoft.AspNetCore.Identity;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Authenticator codes, each good once (RFC 6238, section 5.2): a code seen over a shoulder is already used.</summary>
public sealed class OneTimeAuthenticator : AuthenticatorTokenProvider<Account>
{
    /// <summary>
    /// A code is good for five steps of 30 seconds (two before and two after its own). While the first of them is still
    /// good, those used after it lie within four steps of it on either side: nine codes are all that may come again.
    /// </summary>
    private const int Kept = 9;

    private const string Provider = "[Marketplace]";
    private const string Name = "LastCodes";

    public override async Task<bool> ValidateAsync(string purpose, string token, UserManager<Account> manager, Account user)
    {
        // The framework reads a number: "012345" and "12345" are one code.
        if (!int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || !await base.ValidateAsync(purpose, token, manager, user))
        {
            return false;
        }

        var used = (await manager.GetAuthenticationTokenAsync(user, Provider, Name) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var code = number.ToString("D6", CultureInfo.InvariantCulture);
        if (used.Contains(code, StringComparer.Ordinal))
        {
            return false;
        }

        // Of two that come with one code at the same moment, the account's version lets one through.
        return (await manager.SetAuthenticationTokenAsync(user, Provider, Name, string.Join(' ', used.Prepend(code).Take(Kept)))).Succeeded;
    }
}
