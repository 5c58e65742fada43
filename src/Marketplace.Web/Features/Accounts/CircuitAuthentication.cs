using System.Security.Claims;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.Identity;

namespace Marketplace.Web.Features.Accounts;

/// <summary>A circuit lives for hours without another request. It is asked as often as a cookie whether its person may
/// still be signed in, and with which roles.</summary>
public sealed class CircuitAuthentication(ILoggerFactory loggers, IServiceScopeFactory scopes) : RevalidatingServerAuthenticationStateProvider(loggers)
{
    protected override TimeSpan RevalidationInterval => AccountsFeature.RolesRenewedEvery;

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var signIn = scope.ServiceProvider.GetRequiredService<SignInManager<Account>>();
        if (await signIn.ValidateSecurityStampAsync(authenticationState.User) is not { } account)
        {
            return false;
        }

        var now = await scope.ServiceProvider.GetRequiredService<IUserClaimsPrincipalFactory<Account>>().CreateAsync(account);
        if (!Roles(now).SetEquals(Roles(authenticationState.User)))
        {
            SetAuthenticationState(Task.FromResult(new AuthenticationState(now)));
        }

        return true;
    }

    private static HashSet<string> Roles(ClaimsPrincipal principal) =>
        principal.FindAll(RoleHeld.ClaimType).Select(claim => claim.Value).ToHashSet(StringComparer.Ordinal);
}
