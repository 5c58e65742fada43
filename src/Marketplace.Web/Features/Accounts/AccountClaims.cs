using System.Security.Claims;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Writes into the sign-in which roles a person holds for which members of which loops. It is made anew each
/// time the security stamp is checked, so a role that is withdrawn ends within <see cref="AccountsFeature.RolesRenewedEvery"/>.</summary>
public sealed class AccountClaims(UserManager<Account> users, IOptions<IdentityOptions> options, MarketplaceDb db)
    : UserClaimsPrincipalFactory<Account>(users, options)
{
    protected override async Task<ClaimsIdentity> GenerateClaimsAsync(Account user)
    {
        var identity = await base.GenerateClaimsAsync(user);
        if (identity.FindFirst(identity.NameClaimType) is { } emailAsName)
        {
            identity.RemoveClaim(emailAsName);
        }

        identity.AddClaim(new Claim(identity.NameClaimType, user.DisplayName));
        identity.AddClaims((await RolesOfAsync(db, user.Id, CancellationToken.None)).Select(held => held.ToClaim()));
        return identity;
    }

    public static async Task<IReadOnlyList<RoleHeld>> RolesOfAsync(MarketplaceDb db, Guid accountId, CancellationToken cancellationToken) =>
        await (from membership in db.Memberships
               join role in db.MemberRoles
                   on new { membership.LoopId, membership.MemberId } equals new { role.LoopId, role.MemberId }
               where membership.AccountId == accountId
               orderby role.LoopId, role.MemberId, role.Role
               select new RoleHeld(role.LoopId, role.MemberId, role.Role)).ToListAsync(cancellationToken);
}
