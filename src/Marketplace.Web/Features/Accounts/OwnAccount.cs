using Marketplace.Data;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Identity;

namespace Marketplace.Web.Features.Accounts;

/// <summary>The account of the person who asks.</summary>
public sealed class OwnAccount(UserManager<Account> users, CurrentActor current)
{
    public async Task<Account> LoadAsync() =>
        current.Actor.AccountId is { } id && await users.FindByIdAsync(id.ToString()) is { } account
            ? account
            : throw new NotPermittedException("account");

    /// <summary>Asks for the password again before something that a borrowed screen must not be able to do.</summary>
    public async Task CheckPasswordAsync(Account account, string field, string password)
    {
        if (await users.IsLockedOutAsync(account))
        {
            throw new RefusedException(field, "There were several wrong tries. Wait 5 minutes and try again.");
        }

        if (!await users.CheckPasswordAsync(account, password))
        {
            throw new RefusedException(field, "This is not your password.");
        }
    }
}
