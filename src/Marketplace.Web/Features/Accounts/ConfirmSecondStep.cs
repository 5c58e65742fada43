using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Identity;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Second step with a code from the authenticator app, or one of the recovery codes.</summary>
public sealed record ConfirmSecondStep(string Code, bool IsRecoveryCode, bool Remember) : IRequest<SignInAnswer>, IPublic, IChange;

public sealed class ConfirmSecondStepRules : AbstractValidator<ConfirmSecondStep>
{
    public ConfirmSecondStepRules() => RuleFor(request => request.Code)
        .NotEmpty().WithMessage("Enter the code.").MaximumLength(40).WithMessage("This is longer than any code.");
}

public sealed class ConfirmSecondStepHandler(Work work, UserManager<Account> users, SignInManager<Account> signIn, SignInLog log)
    : IRequestHandler<ConfirmSecondStep, SignInAnswer>
{
    public async Task<SignInAnswer> Handle(ConfirmSecondStep request, CancellationToken cancellationToken)
    {
        var account = await signIn.GetTwoFactorAuthenticationUserAsync();
        if (account is null)
        {
            return new SignInAnswer(SignInStep.Refused, "Refused.TooLate");
        }

        var code = request.Code.Replace(" ", "", StringComparison.Ordinal);
        SignInResult result;
        if (request.IsRecoveryCode)
        {
            result = await users.IsLockedOutAsync(account)
                ? SignInResult.LockedOut
                : await signIn.TwoFactorRecoveryCodeSignInAsync(code.ToUpperInvariant());
            if (result == SignInResult.Failed)
            {
                // Identity does not count wrong recovery codes.
                await users.AccessFailedAsync(account);
            }
        }
        else
        {
            result = await signIn.TwoFactorAuthenticatorSignInAsync(code.Replace("-", "", StringComparison.Ordinal), request.Remember, rememberClient: false);
        }

        log.Add(account, request.IsRecoveryCode ? SignInMethods.RecoveryCode : SignInMethods.Authenticator, result.Succeeded);
        await work.Db.SaveChangesAsync(cancellationToken);
        return result switch
        {
            { Succeeded: true } => SignInAnswer.Done,
            { IsLockedOut: true } => SignInAnswer.Resting,
            _ => new SignInAnswer(SignInStep.Refused, request.IsRecoveryCode ? "Refused.RecoveryCode" : "Refused.Code"),
        };
    }
}
