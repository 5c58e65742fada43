using System.Text;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.WebUtilities;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Sets a new password with the token of a letter. All sign-ins end, and a rest after wrong tries ends too.</summary>
public sealed record SetNewPassword(Guid AccountId, string Token, string Password) : IRequest<Unit>, IPublic, IChange;

public sealed class SetNewPasswordRules : AbstractValidator<SetNewPassword>
{
    public SetNewPasswordRules()
    {
        RuleFor(request => request.Token).MaximumLength(2_000).WithMessage(SetNewPasswordHandler.BadLink);
        RuleFor(request => request.Password).MaximumLength(PasswordRules.Longest).WithMessage(PasswordRules.TooLong);
    }
}

public sealed class SetNewPasswordHandler(UserManager<Account> users, Postbox postbox, Work work) : IRequestHandler<SetNewPassword, Unit>
{
    internal const string BadLink = "This link has been used already or is more than an hour old. Ask for a new one.";

    public async Task<Unit> Handle(SetNewPassword request, CancellationToken cancellationToken)
    {
        if (await users.FindByIdAsync(request.AccountId.ToString()) is not { } account)
        {
            throw new RefusedException(BadLink);
        }

        if (PasswordRules.Problem(request.Password, account.Email) is { } problem)
        {
            throw new RefusedException(nameof(request.Password), problem);
        }

        string token;
        try
        {
            token = Encoding.UTF8.GetString(WebEncoders.Base64UrlDecode(request.Token));
        }
        catch (FormatException)
        {
            throw new RefusedException(BadLink);
        }

        // Sets the password and a new security stamp, by which the token is used up and every sign-in ends.
        if (!(await users.ResetPasswordAsync(account, token, request.Password)).Succeeded)
        {
            throw new RefusedException(BadLink);
        }

        await users.SetLockoutEndDateAsync(account, null);
        await users.ResetAccessFailedCountAsync(account);
        work.AfterCommit(_ =>
        {
            postbox.Post(SecurityLetters.Tell(account, "Your password was changed", "A new password was set for your account with a link from a letter."));
            return Task.CompletedTask;
        });
        return Unit.Value;
    }
}
