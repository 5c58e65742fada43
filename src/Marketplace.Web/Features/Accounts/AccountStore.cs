using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Identity's store, except that recovery codes are kept as hashes: whoever reads the database cannot sign in with them.</summary>
public sealed class AccountStore(MarketplaceDb db, IdentityErrorDescriber? errors = null)
    : UserOnlyStore<Account, MarketplaceDb, Guid, IdentityUserClaim<Guid>, IdentityUserLogin<Guid>, IdentityUserToken<Guid>, IdentityUserPasskey<Guid>>(db, errors)
{
    // The names under which the base class keeps and counts recovery codes.
    private const string Provider = "[AspNetUserStore]";
    private const string Name = "RecoveryCodes";

    public override Task ReplaceCodesAsync(Account user, IEnumerable<string> recoveryCodes, CancellationToken cancellationToken) =>
        base.ReplaceCodesAsync(user, recoveryCodes.Select(Hash), cancellationToken);

    public override async Task<bool> RedeemCodeAsync(Account user, string code, CancellationToken cancellationToken)
    {
        var kept = (await GetTokenAsync(user, Provider, Name, cancellationToken) ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries);
        var hash = Hash(code);
        if (!kept.Contains(hash))
        {
            return false;
        }

        await base.ReplaceCodesAsync(user, kept.Where(other => other != hash), cancellationToken);
        return true;
    }

    // 50 random bits, redeemed behind a rate limit and a lockout: a slow hash would add nothing but time.
    private static string Hash(string code) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(code)));
}
