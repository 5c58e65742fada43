using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Accounts;

public sealed record AccountView(
    string DisplayName, string Email, bool HasAuthenticator, int RecoveryCodesLeft, IReadOnlyList<PasskeyView> Passkeys, IReadOnlyList<SignInView> SignIns);

/// <param name="Id">The credential's id in base64url.</param>
public sealed record PasskeyView(string Id, string Name, DateTimeOffset AddedAt, bool IsBackedUp);

public sealed record SignInView(DateTimeOffset At, string Method, bool Succeeded, string From);

/// <summary>How the person signs in, and when they last did.</summary>
public sealed record ShowAccount(int SignIns = 10) : IRequest<AccountView>, IPersonal;

public sealed class ShowAccountHandler(OwnAccount own, UserManager<Account> users, Work work) : IRequestHandler<ShowAccount, AccountView>
{
    private const int MostSignIns = 200;

    public async Task<AccountView> Handle(ShowAccount request, CancellationToken cancellationToken)
    {
        var account = await own.LoadAsync();
        var passkeys = await users.GetPasskeysAsync(account);
        var signIns = await work.Db.SignIns.AsNoTracking()
            .Where(signIn => signIn.AccountId == account.Id)
            .OrderByDescending(signIn => signIn.At).ThenByDescending(signIn => signIn.Id)
            .Take(Math.Clamp(request.SignIns, 1, MostSignIns))
            .Select(signIn => new SignInView(signIn.At, signIn.Method, signIn.Succeeded, signIn.From))
            .ToListAsync(cancellationToken);
        return new AccountView(account.DisplayName, account.Email!, account.TwoFactorEnabled, await users.CountRecoveryCodesAsync(account),
            [.. passkeys.OrderBy(passkey => passkey.CreatedAt).Select(PasskeyIds.View)], signIns);
    }
}
