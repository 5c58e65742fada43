using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>Goes through uploads of orders.</summary>
public sealed class UploadWorker(IServiceScopeFactory scopes, TimeProvider time, ILogger<UploadWorker> log) : WorkInTurn(scopes, time, log)
{
    protected override Task<List<Piece>> LeftBehindAsync(MarketplaceDb db, CancellationToken cancellationToken) =>
        db.OrderUploads.Where(upload => upload.DoneAt == null).OrderBy(upload => upload.SentAt)
            .Select(upload => new Piece(upload.LoopId, upload.Id)).ToListAsync(cancellationToken);

    protected override IRequest<bool> NextStep(Piece piece) => new GoThroughUpload(piece.LoopId, piece.Id);
}
