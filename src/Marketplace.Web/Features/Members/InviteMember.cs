using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Members;

/// <summary>How an invitation left the house.</summary>
/// <param name="Link">For the operator to hand over: shown once, and only where no letter can be sent.</param>
public sealed record InvitationSent(Guid Id, string Email, DateTimeOffset ExpiresAt, string? Link);

/// <summary>Invites a person to act for a member, by a link that works once.</summary>
public sealed record InviteMember(int LoopId, int MemberId, string Email) : IRequest<InvitationSent>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"member {MemberId}");
}

public sealed class InviteMemberRules : AbstractValidator<InviteMember>
{
    public InviteMemberRules() => RuleFor(request => request.Email).Must(EmailForm.IsAddress).WithMessage(EmailForm.Message);
}

public sealed class InviteMemberHandler(Work work, TimeProvider time, Postbox postbox, PublicAddress address) : IRequestHandler<InviteMember, InvitationSent>
{
    private static readonly TimeSpan s_valid = TimeSpan.FromDays(7);

    public async Task<InvitationSent> Handle(InviteMember request, CancellationToken cancellationToken)
    {
        var member = await work.Db.Members.AsNoTracking().SingleOrDefaultAsync(member => member.LoopId == request.LoopId && member.Id == request.MemberId, cancellationToken)
            ?? throw new NotPermittedException(nameof(InviteMember));
        var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);

        var token = OneTimeToken.Create();
        var now = time.GetUtcNow();
        var invitation = new Invitation
        {
            Id = Guid.CreateVersion7(now),
            LoopId = request.LoopId,
            MemberId = request.MemberId,
            Email = request.Email.Trim(),
            TokenHash = OneTimeToken.Hash(token),
            CreatedAt = now,
            ExpiresAt = now + s_valid,
        };

        // A newer invitation replaces an older one to the same person: of two letters only the last one works.
        await work.Db.Invitations
            .Where(older => older.LoopId == request.LoopId && older.MemberId == request.MemberId && older.Email == invitation.Email && older.AcceptedAt == null && older.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(older => older.RevokedAt, now), cancellationToken);
        work.Db.Invitations.Add(invitation);
        await work.Db.SaveChangesAsync(cancellationToken);

        var link = address.Link("/invitation/" + token);
        if (!postbox.ReachesPeople)
        {
            return new InvitationSent(invitation.Id, invitation.Email, invitation.ExpiresAt, link);
        }

        work.AfterCommit(_ =>
        {
            postbox.Post(new Letter(
                invitation.Email, Said.Of($"Invitation to {loop.Name}").ToString(),
                Said.Of($"Hello,\n\nthe operator of {loop.Name} invites you to act for {member.Name} in the loop's marketplace for heat, cold and electricity. This link works once, within seven days:\n\n{link}\n\nIf you did not expect it, do nothing.\n").ToString()));
            return Task.CompletedTask;
        });
        return new InvitationSent(invitation.Id, invitation.Email, invitation.ExpiresAt, null);
    }
}
