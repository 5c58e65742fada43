using System.Globalization;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Members;

/// <summary>Takes an invitation back before it is accepted. Its link no longer works.</summary>
public sealed record RevokeInvitation(int LoopId, Guid InvitationId) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"invitation {InvitationId}");
}

public sealed class RevokeInvitationHandler(Work work, TimeProvider time) : IRequestHandler<RevokeInvitation, Unit>
{
    public async Task<Unit> Handle(RevokeInvitation request, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var revoked = await work.Db.Invitations
            .Where(invitation => invitation.LoopId == request.LoopId && invitation.Id == request.InvitationId && invitation.AcceptedAt == null && invitation.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(invitation => invitation.RevokedAt, now), cancellationToken);
        return revoked == 1 ? Unit.Value : throw new RefusedException("This invitation has been accepted or revoked already.");
    }
}
