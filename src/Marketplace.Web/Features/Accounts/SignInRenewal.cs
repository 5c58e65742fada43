using Marketplace.Data;
using Microsoft.AspNetCore.Identity;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Writes the browser's sign-in anew after something in it has changed: a password, a role. Where there is no
/// browser behind the request there is nothing to renew.</summary>
public sealed class SignInRenewal(SignInManager<Account> signIn, IHttpContextAccessor http)
{
    public Task RenewAsync(Account account) => http.HttpContext is null ? Task.CompletedTask : signIn.RefreshSignInAsync(account);

    public Task BeginAsync(Account account, string method) =>
        http.HttpContext is null ? Task.CompletedTask : signIn.SignInAsync(account, isPersistent: false, method);
}
