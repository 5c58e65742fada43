using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Bills;

/// <summary>The proof that a bill is on the ledger as it was issued.</summary>
public sealed record ProveBill(int LoopId, string Number) : IRequest<ProofAnswer>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

internal sealed class ProveBillHandler(BillAccess access, ProofReader proofs) : IRequestHandler<ProveBill, ProofAnswer>
{
    public async Task<ProofAnswer> Handle(ProveBill request, CancellationToken cancellationToken)
    {
        var bill = await access.FindAsync(request.LoopId, request.Number, cancellationToken);
        return await proofs.ReadAsync(
            request.LoopId,
            new CommittedRecord(bill.BatchId, bill.BatchPosition, new LedgerRecord(
                RecordKind.Bill, Billing.BillRecord.Version, BillKeys.Record(bill.Number), bill.Canonical, bill.MemberId, BillKeys.Month(bill.PeriodStart))),
            cancellationToken);
    }
}
