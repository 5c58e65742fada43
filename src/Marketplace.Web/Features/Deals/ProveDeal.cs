using Marketplace.Data;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Deals;

/// <summary>The proof that an act on a deal, or what it delivered in an hour, is on the ledger as it is shown.</summary>
/// <param name="Act">The act's number.</param>
/// <param name="Hour">Or the hour.</param>
public sealed record ProveDeal(int LoopId, long DealId, int? Act, DateTimeOffset? Hour) : IRequest<ProofAnswer>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

internal sealed class ProveDealHandler(MarketplaceDb db, CurrentActor current, ProofReader proofs) : IRequestHandler<ProveDeal, ProofAnswer>
{
    public async Task<ProofAnswer> Handle(ProveDeal request, CancellationToken cancellationToken)
    {
        var (loopId, dealId) = (request.LoopId, request.DealId);
        await ShowDealHandler.FindAsync(db, current.Actor, loopId, dealId, cancellationToken);
        var record = request.Hour is { } hour
            ? await db.DealHours.AsNoTracking().SingleOrDefaultAsync(row => row.LoopId == loopId && row.Hour == hour && row.DealId == dealId, cancellationToken) is { } row
                ? new CommittedRecord(row.BatchId, row.BatchPosition, DealRecord.Of(row))
                : null
            : await db.DealActs.AsNoTracking().SingleOrDefaultAsync(act => act.LoopId == loopId && act.DealId == dealId && act.Number == request.Act, cancellationToken) is { } act
                ? new CommittedRecord(act.BatchId, act.BatchPosition, DealRecord.Of(act))
                : null;
        return await proofs.ReadAsync(loopId, record ?? throw new NotPermittedException(nameof(ProveDeal)), cancellationToken);
    }
}
