using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Home;

/// <summary>A member's newest bill or statement in each role.</summary>
public sealed record LatestDocuments(int LoopId, int MemberId) : IRequest<IReadOnlyList<LatestDocument>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Total">Above zero the member pays, below zero the member is paid.</param>
public sealed record LatestDocument(Role Role, string Number, Interval Period, Money Total, DateOnly DueOn);

internal sealed class LatestDocumentsHandler(MarketplaceDb db) : IRequestHandler<LatestDocuments, IReadOnlyList<LatestDocument>>
{
    public async Task<IReadOnlyList<LatestDocument>> Handle(LatestDocuments request, CancellationToken cancellationToken)
    {
        // A member has a handful of documents a month; the newest few hold the newest of each role.
        var bills = await db.Bills.AsNoTracking()
            .Where(bill => bill.LoopId == request.LoopId && bill.MemberId == request.MemberId && bill.Kind == Billing.DocumentKind.Invoice)
            .OrderByDescending(bill => bill.PeriodStart).ThenByDescending(bill => bill.Revision)
            .Take(8)
            .Select(bill => new { bill.Role, bill.Number, bill.PeriodStart, bill.PeriodEnd, bill.TotalCents, bill.DueOn })
            .ToListAsync(cancellationToken);
        return [.. bills.DistinctBy(bill => bill.Role).Select(bill => new LatestDocument(
            bill.Role, bill.Number, new Interval(bill.PeriodStart, bill.PeriodEnd), Money.FromCents(bill.TotalCents), bill.DueOn))];
    }
}
