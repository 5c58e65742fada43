using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Prices;

/// <summary>The closed book or the result of an hour as it was hashed, for those who may see single orders.</summary>
public sealed record AuctionFile(int LoopId, DateTimeOffset Hour, bool Result) : IRequest<byte[]?>, IGuarded
{
    public bool Permits(Actor actor) => AuctionOfHourHandler.SeesWholeBook(actor, LoopId);
}

/// <summary>The proof that the book or the result of an hour is on the loop's ledger. The record it opens holds hashes and
/// totals only, so anybody may have it.</summary>
public sealed record AuctionProof(int LoopId, DateTimeOffset Hour, bool Result) : IRequest<ProofAnswer?>, IPublic;

internal sealed class AuctionFileHandler(MarketplaceDb db) : IRequestHandler<AuctionFile, byte[]?>
{
    public async Task<byte[]?> Handle(AuctionFile request, CancellationToken cancellationToken) => request.Result
        ? await db.Results.Where(row => row.LoopId == request.LoopId && row.Hour == request.Hour).Select(row => row.Json).SingleOrDefaultAsync(cancellationToken)
        : await db.Books.Where(row => row.LoopId == request.LoopId && row.Hour == request.Hour).Select(row => row.Json).SingleOrDefaultAsync(cancellationToken);
}

internal sealed class AuctionProofHandler(MarketplaceDb db, ProofReader proofs) : IRequestHandler<AuctionProof, ProofAnswer?>
{
    public async Task<ProofAnswer?> Handle(AuctionProof request, CancellationToken cancellationToken)
    {
        var (loopId, hour) = (request.LoopId, request.Hour);
        var anchored = request.Result
            ? await db.Results.Where(row => row.LoopId == loopId && row.Hour == hour)
                .Select(row => new { row.Canonical, row.BatchId, row.BatchPosition }).SingleOrDefaultAsync(cancellationToken)
            : await db.Books.Where(row => row.LoopId == loopId && row.Hour == hour)
                .Select(row => new { row.Canonical, row.BatchId, row.BatchPosition }).SingleOrDefaultAsync(cancellationToken);
        if (anchored is null)
        {
            return null;
        }

        var (kind, name) = request.Result ? (RecordKind.ClearingResult, "result") : (RecordKind.OrderBook, "book");
        return await proofs.ReadAsync(
            loopId,
            new CommittedRecord(anchored.BatchId, anchored.BatchPosition, new LedgerRecord(
                kind, 1, $"{name}/{Instants.Iso(hour)}", anchored.Canonical, 0, DateOnly.FromDateTime(hour.UtcDateTime))),
            cancellationToken);
    }
}
