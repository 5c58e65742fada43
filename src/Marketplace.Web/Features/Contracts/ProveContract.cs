using Marketplace.Data;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>The proof that an act on a contract, or a result, is on the ledger as it is shown.</summary>
/// <param name="Act">The act's number.</param>
/// <param name="Clause">Or the result's clause, with version and start of its period.</param>
public sealed record ProveContract(int LoopId, long ContractId, int? Act, string? Clause = null, int Version = 0, DateTimeOffset? PeriodStart = null) : IRequest<ProofAnswer>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

internal sealed class ProveContractHandler(MarketplaceDb db, CurrentActor current, ProofReader proofs) : IRequestHandler<ProveContract, ProofAnswer>
{
    public async Task<ProofAnswer> Handle(ProveContract request, CancellationToken cancellationToken)
    {
        var (loopId, id) = (request.LoopId, request.ContractId);
        if (!await ContractAccess.MayReadAsync(db, current.Actor, loopId, id, cancellationToken))
        {
            throw new NotPermittedException(nameof(ProveContract));
        }

        var record = request.Clause is { } clause
            ? await db.ContractResults.AsNoTracking().SingleOrDefaultAsync(
                result => result.LoopId == loopId && result.ContractId == id && result.Version == request.Version && result.Clause == clause && result.PeriodStart == request.PeriodStart,
                cancellationToken) is { } result
                ? new CommittedRecord(result.BatchId, result.BatchPosition, ContractRecord.Of(result))
                : null
            : await db.ContractActs.AsNoTracking().SingleOrDefaultAsync(act => act.LoopId == loopId && act.ContractId == id && act.Number == request.Act, cancellationToken) is { } act
                ? new CommittedRecord(act.BatchId, act.BatchPosition, ContractRecord.Of(act))
                : null;
        return await proofs.ReadAsync(loopId, record ?? throw new NotPermittedException(nameof(ProveContract)), cancellationToken);
    }
}
