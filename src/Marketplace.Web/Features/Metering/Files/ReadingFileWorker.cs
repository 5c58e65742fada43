using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering.Files;

/// <summary>Goes through files of readings.</summary>
public sealed class ReadingFileWorker(IServiceScopeFactory scopes, TimeProvider time, ILogger<ReadingFileWorker> log) : WorkInTurn(scopes, time, log)
{
    protected override Task<List<Piece>> LeftBehindAsync(MarketplaceDb db, CancellationToken cancellationToken) =>
        db.ReadingFiles.Where(file => file.DoneAt == null).OrderBy(file => file.SentAt).Select(file => new Piece(file.LoopId, file.Id)).ToListAsync(cancellationToken);

    protected override IRequest<bool> NextStep(Piece piece) => new GoThroughReadingFile(piece.LoopId, piece.Id);
}
