using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Identity;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Ends all sign-ins of this person but the one that asks.</summary>
public sealed record SignOutElsewhere : IRequest<Unit>, IPersonal, IChange;

public sealed class SignOutElsewhereHandler(OwnAccount own, UserManager<Account> users, SignInRenewal renewal) : IRequestHandler<SignOutElsewhere, Unit>
{
    public async Task<Unit> Handle(SignOutElsewhere request, CancellationToken cancellationToken)
    {
        var account = await own.LoadAsync();
        await users.UpdateSecurityStampAsync(account);
        await renewal.RenewAsync(account);
        return Unit.Value;
    }
}
