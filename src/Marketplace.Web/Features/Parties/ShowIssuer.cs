using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Parties;

/// <summary>Who writes the loop's bills; none until the operator has said so.</summary>
public sealed record ShowIssuer(int LoopId) : IRequest<PartyDetails?>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

internal sealed class ShowIssuerHandler(Work work) : IRequestHandler<ShowIssuer, PartyDetails?>
{
    public async Task<PartyDetails?> Handle(ShowIssuer request, CancellationToken cancellationToken) =>
        (await work.Db.BillIssuers.AsNoTracking().SingleOrDefaultAsync(issuer => issuer.LoopId == request.LoopId, cancellationToken))?.Details;
}
