using System.Globalization;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Members;

/// <summary>A person no longer acts for a member. The member, its bills and records stay.</summary>
public sealed record EndMembership(int LoopId, int MemberId, Guid AccountId) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"member {MemberId}, person {AccountId}");
}

public sealed class EndMembershipHandler(Work work) : IRequestHandler<EndMembership, Unit>
{
    public async Task<Unit> Handle(EndMembership request, CancellationToken cancellationToken)
    {
        await LastOperator.LockAsync(work, request.LoopId, cancellationToken);
        var ended = await work.Db.Memberships
            .Where(membership => membership.LoopId == request.LoopId && membership.MemberId == request.MemberId && membership.AccountId == request.AccountId)
            .ExecuteDeleteAsync(cancellationToken);
        if (ended == 0)
        {
            throw new RefusedException("This person does not act for the member any more.");
        }

        await LastOperator.RefuseIfGoneAsync(work, request.LoopId, cancellationToken);
        return Unit.Value;
    }
}
