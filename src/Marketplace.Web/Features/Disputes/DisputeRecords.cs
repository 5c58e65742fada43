using System.Globalization;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Transparency.Records;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Disputes;

/// <summary>Outcomes of disputes: for the member, and for the loop's operators and auditors.</summary>
internal sealed class DisputeRecords(MarketplaceDb db) : IRecordSource
{
    public const byte Version = 1;

    private const string Prefix = "dispute/";

    public RecordKind Kind => RecordKind.DisputeOutcome;

    public static string KeyOf(int dispute) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{dispute}");

    /// <summary>The record of an outcome; none while the dispute is open.</summary>
    public static LedgerRecord? RecordOf(Dispute dispute) => dispute is { Canonical: { } canonical, DecidedAt: { } at }
        ? new LedgerRecord(RecordKind.DisputeOutcome, Version, KeyOf(dispute.Id), canonical, dispute.MemberId, DateOnly.FromDateTime(at.UtcDateTime))
        : null;

    public async Task<KeptRecord?> FindAsync(EntryPlace place, Actor actor, CancellationToken cancellationToken)
    {
        if (!place.BatchKey.StartsWith(Prefix, StringComparison.Ordinal)
            || !int.TryParse(place.BatchKey[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            || await db.Disputes.AsNoTracking().SingleOrDefaultAsync(row => row.LoopId == place.LoopId && row.Id == id, cancellationToken) is not { } dispute
            || !(actor.ActsFor(place.LoopId, dispute.MemberId) || actor.Operates(place.LoopId) || actor.Audits(place.LoopId)))
        {
            return null;
        }

        return RecordOf(dispute) is { } record ? new KeptRecord(record, string.Create(CultureInfo.InvariantCulture, $"/loops/{place.Slug}/disputes/{id}")) : null;
    }
}

/// <summary>The proof that a dispute's outcome is on the ledger as it is shown; none while it is open.</summary>
public sealed record ProveDispute(int LoopId, int DisputeId) : IRequest<ProofAnswer?>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

internal sealed class ProveDisputeHandler(DisputeBook book, ProofReader proofs) : IRequestHandler<ProveDispute, ProofAnswer?>
{
    public async Task<ProofAnswer?> Handle(ProveDispute request, CancellationToken cancellationToken)
    {
        var dispute = await book.FindAsync(request.LoopId, request.DisputeId, cancellationToken);
        return dispute is { BatchId: { } batch, BatchPosition: { } position } && DisputeRecords.RecordOf(dispute) is { } record
            ? await proofs.ReadAsync(request.LoopId, new CommittedRecord(batch, position, record), cancellationToken)
            : null;
    }
}
