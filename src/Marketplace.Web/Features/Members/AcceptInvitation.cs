using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Members;

/// <summary>What an invitation's link leads to.</summary>
/// <param name="HasAccount">Whether the invited address has an account: then its owner signs in first.</param>
/// <param name="IsForMe">Whether the person signed in is the invited one.</param>
public sealed record InvitationView(string Loop, string Member, string Email, bool HasAccount, bool IsForMe);

/// <summary>Reads the invitation of a link; refused if it no longer works.</summary>
public sealed record ShowInvitation(string Token) : IRequest<InvitationView>, IPublic;

/// <summary>Accepts an invitation: with a name and a password for a new account, or as the invited person signed in.
/// Answers the loop's address.</summary>
public sealed record AcceptInvitation(string Token, string? DisplayName = null, string? Password = null) : IRequest<string>, IPublic, IChange;

public sealed class AcceptInvitationRules : AbstractValidator<AcceptInvitation>
{
    public AcceptInvitationRules()
    {
        RuleFor(request => request.DisplayName).Must(name => name is null || name.Trim().Length is >= 1 and <= 80).WithMessage("Enter your name, at most 80 characters.");
        RuleFor(request => request.Password).MaximumLength(PasswordRules.Longest).WithMessage(PasswordRules.TooLong);
    }
}

public sealed class AcceptInvitationHandler(
    Work work, UserManager<Account> users, CurrentActor current, SignInRenewal renewal, SignInLog log, TimeProvider time)
    : IRequestHandler<ShowInvitation, InvitationView>, IRequestHandler<AcceptInvitation, string>
{
    internal const string BadLink = "This invitation has been used, revoked or is more than seven days old. Ask the operator of your loop for a new one.";

    public async Task<InvitationView> Handle(ShowInvitation request, CancellationToken cancellationToken)
    {
        var invitation = await FindAsync(request.Token, cancellationToken);
        var loop = await work.Db.Loops.Where(loop => loop.Id == invitation.LoopId).Select(loop => loop.Name).SingleAsync(cancellationToken);
        var member = await work.Db.Members.Where(member => member.LoopId == invitation.LoopId && member.Id == invitation.MemberId).Select(member => member.Name).SingleAsync(cancellationToken);
        var account = await users.FindByEmailAsync(invitation.Email);
        return new InvitationView(loop, member, invitation.Email, account is not null, account is not null && account.Id == current.Actor.AccountId);
    }

    public async Task<string> Handle(AcceptInvitation request, CancellationToken cancellationToken)
    {
        var invitation = await FindAsync(request.Token, cancellationToken);
        var now = time.GetUtcNow();

        // Two browsers with one link: only one of them finds it still open.
        var taken = await work.Db.Invitations
            .Where(open => open.Id == invitation.Id && open.AcceptedAt == null && open.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(open => open.AcceptedAt, now), cancellationToken);
        if (taken != 1)
        {
            throw new RefusedException(BadLink);
        }

        var account = await users.FindByEmailAsync(invitation.Email);
        var isNew = account is null;
        if (account is null)
        {
            account = await CreateAsync(request, invitation.Email, now);
        }
        else if (account.Id != current.Actor.AccountId)
        {
            throw new RefusedException("This e-mail has an account already. Sign in with it, then open the link again.");
        }

        if (!await work.Db.Memberships.AnyAsync(membership => membership.AccountId == account.Id && membership.LoopId == invitation.LoopId && membership.MemberId == invitation.MemberId, cancellationToken))
        {
            work.Db.Memberships.Add(new Membership { AccountId = account.Id, LoopId = invitation.LoopId, MemberId = invitation.MemberId });
        }

        if (isNew)
        {
            log.Add(account, SignInMethods.Password, succeeded: true);
        }

        await work.Db.SaveChangesAsync(cancellationToken);
        await (isNew ? renewal.BeginAsync(account, SignInMethods.Password) : renewal.RenewAsync(account));
        return await work.Db.Loops.Where(loop => loop.Id == invitation.LoopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
    }

    private async Task<Account> CreateAsync(AcceptInvitation request, string email, DateTimeOffset now)
    {
        if (request.DisplayName is null || request.Password is null)
        {
            throw new RefusedException(nameof(request.DisplayName), "Enter your name and a password.");
        }

        if (PasswordRules.Problem(request.Password, email) is { } problem)
        {
            throw new RefusedException(nameof(request.Password), problem);
        }

        var account = new Account { Id = Guid.CreateVersion7(now), UserName = email, Email = email, EmailConfirmed = true, DisplayName = request.DisplayName.Trim(), CreatedAt = now };
        var created = await users.CreateAsync(account, request.Password);
        return created.Succeeded ? account : throw new RefusedException(string.Join(" ", created.Errors.Select(error => error.Description)));
    }

    private async Task<Invitation> FindAsync(string token, CancellationToken cancellationToken)
    {
        var hash = OneTimeToken.Hash(token);
        var now = time.GetUtcNow();
        return await work.Db.Invitations.AsNoTracking()
            .SingleOrDefaultAsync(invitation => invitation.TokenHash == hash && invitation.AcceptedAt == null && invitation.RevokedAt == null && invitation.ExpiresAt > now, cancellationToken)
            ?? throw new RefusedException(BadLink);
    }
}
