using Marketplace.Billing;
using Marketplace.Data;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>An entry that is not settled yet.</summary>
/// <param name="BillId">The document that it is, or that it belongs to.</param>
/// <param name="OpenCents">What is open of it: above zero the member owes it.</param>
/// <param name="InFileCents">The part that waits in a file for the bank.</param>
/// <param name="HeldCents">The part that is disputed: it is neither reminded of nor collected.</param>
/// <param name="PlanId">The running plan by which it is paid in instalments.</param>
public sealed record OpenEntry(
    EntryKind Kind, long Id, int MemberId, string MemberName, int BillId, string Number, Role Role, DateOnly DueOn, long OpenCents, long InFileCents, long HeldCents, int? PlanId);

/// <summary>What is open of a loop in sums.</summary>
/// <param name="CollectCount">Documents of members who gave a mandate of which something can be collected.</param>
public sealed record OpenTotals(long OpenCents, int OpenCount, long OverdueCents, int OverdueCount, long DisputedCents, long CreditCents, int CreditCount, int CollectCount);

/// <summary>Finds what is open in a loop by the allocations that stand, many members at once (market.open_entries).</summary>
internal static class OpenEntries
{
    /// <summary>What members owe (<paramref name="owed"/>), or what is to their credit; the oldest first.</summary>
    public static Task<List<OpenEntry>> ReadAsync(MarketplaceDb db, int loopId, bool owed, int? memberId, CancellationToken cancellationToken) =>
        PageAsync(db, loopId, owed, memberId, 0, int.MaxValue, cancellationToken);

    /// <summary>Some of them.</summary>
    public static Task<List<OpenEntry>> PageAsync(
        MarketplaceDb db, int loopId, bool owed, int? memberId, int skip, int take, CancellationToken cancellationToken) => db.Database.SqlQuery<OpenEntry>(
        $"""
        SELECT e.kind AS "Kind", e.id AS "Id", e.member_id AS "MemberId", m.name AS "MemberName", e.bill_id AS "BillId", e.number AS "Number", e.role AS "Role", e.due_on AS "DueOn",
               e.open_cents AS "OpenCents", e.in_file_cents AS "InFileCents", e.held_cents AS "HeldCents", e.plan_id AS "PlanId"
        FROM market.open_entries({loopId}) e JOIN market.members m ON m.loop_id = {loopId} AND m.id = e.member_id
        WHERE (e.open_cents > 0) = {owed} AND ({memberId}::int IS NULL OR e.member_id = {memberId}::int)
        ORDER BY e.due_on, e.kind, e.id OFFSET {skip} LIMIT {take}
        """).ToListAsync(cancellationToken);

    /// <summary>What it comes to on a day.</summary>
    public static Task<OpenTotals> TotalsAsync(MarketplaceDb db, int loopId, DateOnly today, CancellationToken cancellationToken) => db.Database.SqlQuery<OpenTotals>(
        $"""
        SELECT coalesce(sum(e.open_cents) FILTER (WHERE e.open_cents > 0), 0)::bigint AS "OpenCents", (count(*) FILTER (WHERE e.open_cents > 0))::int AS "OpenCount",
               coalesce(sum(e.open_cents - e.held_cents) FILTER (WHERE e.open_cents > e.held_cents AND e.due_on < {today}), 0)::bigint AS "OverdueCents",
               (count(*) FILTER (WHERE e.open_cents > e.held_cents AND e.open_cents > 0 AND e.due_on < {today}))::int AS "OverdueCount",
               coalesce(sum(e.held_cents), 0)::bigint AS "DisputedCents",
               coalesce(-sum(e.open_cents) FILTER (WHERE e.open_cents < 0 AND e.in_file_cents = 0), 0)::bigint AS "CreditCents",
               (count(*) FILTER (WHERE e.open_cents < 0 AND e.in_file_cents = 0))::int AS "CreditCount",
               (count(*) FILTER (WHERE e.kind = {(short)EntryKind.Document} AND e.open_cents > e.held_cents AND e.open_cents > 0 AND e.in_file_cents = 0 AND e.plan_id IS NULL
                   AND coalesce(r.details ->> 'mandate', '') <> ''))::int AS "CollectCount"
        FROM market.open_entries({loopId}) e LEFT JOIN market.bill_recipients r ON r.loop_id = {loopId} AND r.member_id = e.member_id
        """).SingleAsync(cancellationToken);

    /// <summary>What of each document of some members is disputed, by member.</summary>
    public static async Task<ILookup<int, DisputedAmount>> DisputedAsync(MarketplaceDb db, int loopId, int[] members, CancellationToken cancellationToken) =>
        (await db.Database.SqlQuery<DisputedAmount>(
            $"""SELECT bill_id AS "BillId", member_id AS "MemberId", cents AS "Cents" FROM market.disputed_amounts({loopId}) WHERE member_id = ANY({members})""").ToListAsync(cancellationToken))
        .ToLookup(one => one.MemberId);
}

/// <summary>What of a document is disputed.</summary>
internal sealed record DisputedAmount(int BillId, int MemberId, long Cents);
