using System.Globalization;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Transparency.Records;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Governance;

/// <summary>The one way of the community's records onto the ledger: agreements, proposals, votes, decisions.</summary>
public sealed class CommunityLedger(Work work, TimeProvider time)
{
    /// <summary>Commits a record in the caller's transaction and keeps it.</summary>
    /// <param name="key">Its name, unique in the loop, beginning with what it is: <c>vote/3/12/1</c>.</param>
    /// <param name="memberId">Whose secret salts it; 0 for the loop's own.</param>
    public async Task AppendAsync(int loopId, RecordKind kind, string key, int memberId, CanonicalRecord record, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var canonical = record.ToBytes();
        var entry = new LedgerRecord(kind, 1, key, canonical, memberId, DateOnly.FromDateTime(now.UtcDateTime));
        var appended = await LedgerDoor.AppendAsync(await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, key, [entry], cancellationToken);
        await work.Db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.community_records (loop_id, record_key, kind, member_id, canonical, at, batch_id, batch_position)
            VALUES ({loopId}, {key}, {(short)kind}, {memberId}, {canonical}, {now}, {appended.BatchId}, {appended.Positions[0]})
            """, cancellationToken);
    }

    /// <summary>Finds a record by its name.</summary>
    internal static async Task<CommunityRecord?> FindAsync(MarketplaceDb db, int loopId, string key, CancellationToken cancellationToken) =>
        (await db.Database.SqlQuery<CommunityRecord>(
            $"""
            SELECT record_key AS "Key", kind AS "Kind", member_id AS "MemberId", canonical AS "Canonical", at AS "At", batch_id AS "BatchId", batch_position AS "BatchPosition"
            FROM market.community_records WHERE loop_id = {loopId} AND record_key = {key}
            """).ToListAsync(cancellationToken)).SingleOrDefault();
}

/// <summary>A record of the community as it is kept.</summary>
internal sealed record CommunityRecord(string Key, short Kind, int MemberId, byte[] Canonical, DateTimeOffset At, long BatchId, int BatchPosition)
{
    public LedgerRecord Record => new((RecordKind)Kind, 1, Key, Canonical, MemberId, DateOnly.FromDateTime(At.UtcDateTime));

    /// <summary>Votes are open among the members; what somebody agreed to is for that member, the operators and the auditors.</summary>
    public bool MayBeReadBy(Actor actor, int loopId) =>
        (RecordKind)Kind == RecordKind.Agreement
            ? actor.ActsFor(loopId, MemberId) || actor.Operates(loopId) || actor.Audits(loopId)
            : actor.BelongsTo(loopId);
}

/// <summary>The proof that a record of the community is on the ledger as it is shown.</summary>
public sealed record ProveCommunityRecord(int LoopId, string Key) : IRequest<ProofAnswer>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

internal sealed class ProveCommunityRecordHandler(MarketplaceDb db, CurrentActor current, ProofReader proofs) : IRequestHandler<ProveCommunityRecord, ProofAnswer>
{
    public async Task<ProofAnswer> Handle(ProveCommunityRecord request, CancellationToken cancellationToken) =>
        await CommunityLedger.FindAsync(db, request.LoopId, request.Key, cancellationToken) is { } record && record.MayBeReadBy(current.Actor, request.LoopId)
            ? await proofs.ReadAsync(request.LoopId, new CommittedRecord(record.BatchId, record.BatchPosition, record.Record), cancellationToken)
            : throw new NotPermittedException(nameof(ProveCommunityRecord));
}

/// <summary>Opens the community's entries on the pages of the ledger.</summary>
internal abstract class CommunityRecords(MarketplaceDb db, RecordKind kind) : IRecordSource
{
    public RecordKind Kind => kind;

    public async Task<KeptRecord?> FindAsync(EntryPlace place, Actor actor, CancellationToken cancellationToken)
    {
        var record = await CommunityLedger.FindAsync(db, place.LoopId, place.BatchKey, cancellationToken);
        if (record is null || (RecordKind)record.Kind != kind || record.BatchPosition != place.Position || !record.MayBeReadBy(actor, place.LoopId))
        {
            return null;
        }

        var page = kind == RecordKind.Agreement ? "agreements"
            : string.Create(CultureInfo.InvariantCulture, $"votes/{(place.BatchKey.Split('/') is [_, var number, ..] ? number : "")}");
        return new KeptRecord(record.Record, $"/loops/{place.Slug}/{page}");
    }
}

internal sealed class AgreementRecords(MarketplaceDb db) : CommunityRecords(db, RecordKind.Agreement);

internal sealed class ProposalRecords(MarketplaceDb db) : CommunityRecords(db, RecordKind.Proposal);

internal sealed class VoteRecords(MarketplaceDb db) : CommunityRecords(db, RecordKind.Vote);

internal sealed class DecisionRecords(MarketplaceDb db) : CommunityRecords(db, RecordKind.Decision);
