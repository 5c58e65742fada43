using System.Text;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.WebUtilities;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Sends a link for a new password. The answer is the same whether or not there is such an account.</summary>
public sealed record AskForNewPassword(string Email) : IRequest<Unit>, IPublic;

public sealed class AskForNewPasswordRules : AbstractValidator<AskForNewPassword>
{
    public AskForNewPasswordRules() => RuleFor(request => request.Email)
        .NotEmpty().WithMessage("Enter your e-mail address.").MaximumLength(256).WithMessage("An e-mail address has at most 256 characters.");
}

public sealed class AskForNewPasswordHandler(UserManager<Account> users, Postbox postbox, PublicAddress address) : IRequestHandler<AskForNewPassword, Unit>
{
    public async Task<Unit> Handle(AskForNewPassword request, CancellationToken cancellationToken)
    {
        if (await users.FindByEmailAsync(request.Email.Trim()) is { Email: { } email } account)
        {
            var token = WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(await users.GeneratePasswordResetTokenAsync(account)));
            var link = address.Link($"/new-password?account={account.Id:N}&token={token}");
            postbox.Post(new Letter(
                email, Said.Of("Set a new password").ToString(),
                Said.Of($"Hello {account.DisplayName},\n\nsomebody, probably you, asked for a new password. This link sets one; it works once, within an hour:\n\n{link}\n\nIf it was not you, do nothing: your password stays as it is.\n").ToString()));
        }

        return Unit.Value;
    }
}
