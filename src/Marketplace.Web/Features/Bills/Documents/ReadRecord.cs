using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Bills.Documents;

/// <summary>A document's canonical record: the bytes whose commitment is on the ledger.</summary>
public sealed record ReadRecord(int LoopId, string Number) : IRequest<byte[]>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

internal sealed class ReadRecordHandler(BillAccess access) : IRequestHandler<ReadRecord, byte[]>
{
    public async Task<byte[]> Handle(ReadRecord request, CancellationToken cancellationToken) =>
        (await access.FindAsync(request.LoopId, request.Number, cancellationToken)).Canonical;
}
