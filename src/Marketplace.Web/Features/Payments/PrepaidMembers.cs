using Marketplace.Billing;
using Marketplace.Data;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>Members who have paid more than their documents came to.</summary>
internal static class PrepaidMembers
{
    public static Task<List<int>> ReadAsync(MarketplaceDb db, int loopId, CancellationToken cancellationToken) => db.Database.SqlQuery<int>(
        $"""
        SELECT DISTINCT r.member_id AS "Value"
        FROM market.money_receipts r
        LEFT JOIN LATERAL (
            SELECT sum(a.cents) AS cents FROM market.payment_allocations a
            WHERE a.loop_id = r.loop_id AND a.credit_kind = {(short)EntryKind.Receipt} AND a.credit_id = r.id) s ON true
        WHERE r.loop_id = {loopId} AND r.kind IN ({(short)ReceiptKind.Payment}, {(short)ReceiptKind.PayoutReturned}) AND r.amount / 10000 > coalesce(s.cents, 0)
        """).ToListAsync(cancellationToken);
}
