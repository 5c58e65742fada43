using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Identity;

namespace Marketplace.Web.Features.Accounts;

/// <summary>What the browser needs to ask for a passkey: JSON for navigator.credentials.get().</summary>
public sealed record OfferPasskeySignIn : IRequest<string>, IPublic;

/// <summary>Signs in with what the browser's passkey answered. The device has checked the person, so no second step follows.</summary>
public sealed record SignInWithPasskey(string Credential) : IRequest<SignInAnswer>, IPublic, IChange;

public sealed class SignInWithPasskeyHandler(Work work, UserManager<Account> users, SignInManager<Account> signIn, SignInLog log)
    : IRequestHandler<OfferPasskeySignIn, string>, IRequestHandler<SignInWithPasskey, SignInAnswer>
{
    public Task<string> Handle(OfferPasskeySignIn request, CancellationToken cancellationToken) => signIn.MakePasskeyRequestOptionsAsync(user: null);

    public async Task<SignInAnswer> Handle(SignInWithPasskey request, CancellationToken cancellationToken)
    {
        PasskeyAssertionResult<Account> assertion;
        try
        {
            assertion = await signIn.PerformPasskeyAssertionAsync(request.Credential);
        }
        catch (InvalidOperationException)
        {
            // There is no challenge: the page was left open, or the request did not come from it.
            return new SignInAnswer(SignInStep.Refused, "Refused.PasskeyExpired");
        }

        if (!assertion.Succeeded)
        {
            return new SignInAnswer(SignInStep.Refused, "Refused.PasskeyUnknown");
        }

        var account = assertion.User;
        if (await users.IsLockedOutAsync(account))
        {
            return SignInAnswer.Resting;
        }

        // The passkey's counter moves on, by which a copied one is noticed.
        await users.AddOrUpdatePasskeyAsync(account, assertion.Passkey);
        await signIn.SignInAsync(account, isPersistent: false, SignInMethods.Passkey);
        log.Add(account, SignInMethods.Passkey, succeeded: true);
        await work.Db.SaveChangesAsync(cancellationToken);
        return SignInAnswer.Done;
    }
}
