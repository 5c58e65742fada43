using Marketplace.Billing;
using Marketplace.Data;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>An entry that is not settled yet.</summary>
/// <param name="OpenCents">What is open of it: above zero the member owes it.</param>
/// <param name="InFileCents">The part that waits in a file for the bank.</param>
public sealed record OpenEntry(
    EntryKind Kind, long Id, int MemberId, string MemberName, int BillId, string Number, Role Role, DateOnly DueOn, long OpenCents, long InFileCents);

/// <summary>Finds what is open in a loop by the allocations that stand, many members at once.</summary>
internal static class OpenEntries
{
    /// <summary>Documents that members owe (<paramref name="owed"/>), or documents and returned payouts to their credit; the oldest first.</summary>
    public static Task<List<OpenEntry>> ReadAsync(MarketplaceDb db, int loopId, bool owed, int? memberId, CancellationToken cancellationToken) => db.Database.SqlQuery<OpenEntry>(
        $"""
        WITH entries AS (
            SELECT {(short)EntryKind.Document} AS kind, b.id::bigint AS id, b.member_id, b.id AS bill_id, b.number, b.role, b.due_on,
                   CASE b.kind WHEN {(short)DocumentKind.CreditNote} THEN -b.total_cents ELSE b.total_cents END AS cents
            FROM market.bills b WHERE b.loop_id = {loopId}
            UNION ALL
            SELECT {(short)EntryKind.Receipt}, r.id, r.member_id, b.id, b.number, b.role, b.due_on, -r.amount / 10000
            FROM market.money_receipts r JOIN market.bills b ON b.loop_id = r.loop_id AND b.id = r.bill_id
            WHERE r.loop_id = {loopId} AND r.kind = {(short)ReceiptKind.PayoutReturned}),
        settled AS (
            SELECT CASE WHEN {owed} THEN owed_kind ELSE credit_kind END AS kind, CASE WHEN {owed} THEN owed_id ELSE credit_id END AS id, sum(cents) AS cents
            FROM market.payment_allocations WHERE loop_id = {loopId} GROUP BY 1, 2),
        waiting AS (
            SELECT entry_kind AS kind, entry_id AS id, sum(cents) AS cents FROM market.bank_payments
            WHERE loop_id = {loopId} AND state = {(short)BankPaymentState.InFile} GROUP BY 1, 2)
        SELECT e.kind::smallint AS "Kind", e.id AS "Id", e.member_id AS "MemberId", m.name AS "MemberName", e.bill_id AS "BillId", e.number AS "Number", e.role AS "Role", e.due_on AS "DueOn",
               (e.cents - sign(e.cents) * coalesce(s.cents, 0))::bigint AS "OpenCents", coalesce(w.cents, 0)::bigint AS "InFileCents"
        FROM entries e
        JOIN market.members m ON m.loop_id = {loopId} AND m.id = e.member_id
        LEFT JOIN settled s ON s.kind = e.kind AND s.id = e.id
        LEFT JOIN waiting w ON w.kind = e.kind AND w.id = e.id
        WHERE (e.cents > 0) = {owed} AND e.cents - sign(e.cents) * coalesce(s.cents, 0) <> 0 AND ({memberId}::int IS NULL OR e.member_id = {memberId}::int)
        ORDER BY e.due_on, e.id
        """).ToListAsync(cancellationToken);
}
