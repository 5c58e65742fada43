using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Accounts;

public enum SignInStep
{
    Done,

    /// <summary>The password was right; a code is asked for.</summary>
    SecondStep,

    /// <summary>Not signed in; the words say what to do.</summary>
    Refused,
}

/// <summary>How an attempt to sign in went. A refusal is an answer, not an exception: the failed attempt has to be counted.</summary>
/// <param name="Words">The key in Texts.resx of what a refused person reads, for the page to say in their language.</param>
public sealed record SignInAnswer(SignInStep Step, string Words = "")
{
    // The same words whether the address is unknown, the password wrong, or the account without a password.
    internal static readonly SignInAnswer Wrong = new(SignInStep.Refused, "Refused.Wrong");

    internal static readonly SignInAnswer Resting = new(SignInStep.Refused, "Refused.Resting");

    internal static readonly SignInAnswer Done = new(SignInStep.Done);
}

/// <summary>First step with e-mail and password.</summary>
public sealed record SignInWithPassword(string Email, string Password, bool Remember) : IRequest<SignInAnswer>, IPublic, IChange;

public sealed class SignInWithPasswordRules : AbstractValidator<SignInWithPassword>
{
    public SignInWithPasswordRules()
    {
        RuleFor(request => request.Email).NotEmpty().WithMessage("Enter your e-mail address.").MaximumLength(256).WithMessage("An e-mail address has at most 256 characters.");
        RuleFor(request => request.Password).NotEmpty().WithMessage("Enter your password.").MaximumLength(PasswordRules.Longest).WithMessage(PasswordRules.TooLong);
    }
}

public sealed class SignInWithPasswordHandler(
    Work work, UserManager<Account> users, SignInManager<Account> signIn, SignInLog log, UnknownAddresses unknown, PasswordRules passwords)
    : IRequestHandler<SignInWithPassword, SignInAnswer>
{
    public async Task<SignInAnswer> Handle(SignInWithPassword request, CancellationToken cancellationToken)
    {
        var email = users.NormalizeEmail(request.Email.Trim());

        // Tries for one address go one after the other: a hundred at once must not be a hundred free tries.
        await work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({email}, 17))", cancellationToken);
        var account = await users.FindByEmailAsync(request.Email.Trim());
        if (account is null)
        {
            passwords.SpendTheTimeOfACheck(request.Password);
            return unknown.CountFailure(email) ? SignInAnswer.Resting : SignInAnswer.Wrong;
        }

        if (await users.IsLockedOutAsync(account))
        {
            // The password is not looked at: an answer that depends on it would let tries go on during the rest.
            passwords.SpendTheTimeOfACheck(request.Password);
            log.Add(account, SignInMethods.Password, succeeded: false);
            await work.Db.SaveChangesAsync(cancellationToken);
            return SignInAnswer.Resting;
        }

        var result = await signIn.PasswordSignInAsync(account, request.Password, request.Remember, lockoutOnFailure: true);
        if (!result.RequiresTwoFactor)
        {
            log.Add(account, SignInMethods.Password, result.Succeeded);
            await work.Db.SaveChangesAsync(cancellationToken);
        }

        return result switch
        {
            { Succeeded: true } => SignInAnswer.Done,
            { RequiresTwoFactor: true } => new SignInAnswer(SignInStep.SecondStep),
            { IsLockedOut: true } => SignInAnswer.Resting,
            _ => SignInAnswer.Wrong,
        };
    }
}

/// <summary>How somebody signed in, as the list of sign-ins names it.</summary>
internal static class SignInMethods
{
    public const string Password = "password";
    public const string Passkey = "passkey";
    public const string Authenticator = "authenticator code";
    public const string RecoveryCode = "recovery code";
}
