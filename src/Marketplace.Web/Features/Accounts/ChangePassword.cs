using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Identity;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Changes the own password. Sign-ins on other devices end; this one goes on.</summary>
public sealed record ChangePassword(string OldPassword, string NewPassword) : IRequest<Unit>, IPersonal, IChange;

public sealed class ChangePasswordRules : AbstractValidator<ChangePassword>
{
    public ChangePasswordRules()
    {
        RuleFor(request => request.OldPassword).NotEmpty().WithMessage("Enter your present password.").MaximumLength(PasswordRules.Longest).WithMessage(PasswordRules.TooLong);
        RuleFor(request => request.NewPassword).MaximumLength(PasswordRules.Longest).WithMessage(PasswordRules.TooLong);
    }
}

public sealed class ChangePasswordHandler(OwnAccount own, UserManager<Account> users, SignInRenewal renewal, Postbox postbox, Work work)
    : IRequestHandler<ChangePassword, Unit>
{
    public async Task<Unit> Handle(ChangePassword request, CancellationToken cancellationToken)
    {
        var account = await own.LoadAsync();
        await own.CheckPasswordAsync(account, nameof(request.OldPassword), request.OldPassword);
        if (PasswordRules.Problem(request.NewPassword, account.Email) is { } problem)
        {
            throw new RefusedException(nameof(request.NewPassword), problem);
        }

        var result = await users.ChangePasswordAsync(account, request.OldPassword, request.NewPassword);
        if (!result.Succeeded)
        {
            throw new RefusedException(nameof(request.NewPassword), string.Join(" ", result.Errors.Select(error => error.Description)));
        }

        await renewal.RenewAsync(account);
        work.AfterCommit(_ =>
        {
            postbox.Post(SecurityLetters.Tell(account, "Your password was changed", "The password of your account was changed from within the account."));
            return Task.CompletedTask;
        });
        return Unit.Value;
    }
}
