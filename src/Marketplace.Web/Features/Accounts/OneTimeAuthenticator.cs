using Marketplace.Data;
using Microsoft.AspNetCore.Identity;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Authenticator codes, each good once (RFC 6238, section 5.2): a code seen over a shoulder is already used.</summary>
public sealed class OneTimeAuthenticator : AuthenticatorTokenProvider<Account>
{
    private const string Provider = "[Marketplace]";
    private const string Name = "LastCode";

    public override async Task<bool> ValidateAsync(string purpose, string token, UserManager<Account> manager, Account user)
    {
        if (!await base.ValidateAsync(purpose, token, manager, user) || await manager.GetAuthenticationTokenAsync(user, Provider, Name) == token)
        {
            return false;
        }

        return (await manager.SetAuthenticationTokenAsync(user, Provider, Name, token)).Succeeded;
    }
}
