using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>The bills and statements of the members this person acts for, newest first.</summary>
public sealed record ListBills(int LoopId) : IRequest<BillList>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="Bills">Newest first.</param>
/// <param name="Today">The loop's day on its market clock: what is due is judged by it.</param>
public sealed record BillList(IReadOnlyList<BillListed> Bills, DateOnly Today);

/// <summary>A document in a list.</summary>
public sealed record BillListed(
    string Number, int MemberId, string MemberName, Role Role, DateTimeOffset PeriodStart, DateTimeOffset PeriodEnd, DateTimeOffset IssuedAt, DateOnly DueOn, long TotalCents,
    Billing.DocumentKind Kind = Billing.DocumentKind.Invoice, bool IsTakenBack = false, long PaidCents = 0)
{
    public Interval Period => new(PeriodStart, PeriodEnd);

    /// <summary>What the document adds to what is owed: of a credit note, its amount the other way.</summary>
    public Money Total => Money.FromCents(Billing.DocumentKinds.Sign(Kind) * TotalCents);

    public bool IsCreditNote => Kind == Billing.DocumentKind.CreditNote;

    /// <summary>Whether anything is still to be paid or received for it: a credit note and what it takes back are even.</summary>
    public bool Stands => !IsCreditNote && !IsTakenBack;
}

internal sealed class ListBillsHandler(Work work, MarketTime market, CurrentActor current) : IRequestHandler<ListBills, BillList>
{
    // Ten years of monthly documents in four roles; older ones are reached from the last of these.
    private const int Most = 480;

    public async Task<BillList> Handle(ListBills request, CancellationToken cancellationToken)
    {
        var members = current.Actor.Roles.Where(held => held.LoopId == request.LoopId).Select(held => held.MemberId).Distinct().ToList();
        var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var bills = await work.Db.Bills.AsNoTracking()
            .Where(bill => bill.LoopId == request.LoopId && members.Contains(bill.MemberId))
            .Join(work.Db.Members, bill => new { bill.LoopId, Id = bill.MemberId }, member => new { member.LoopId, member.Id }, (bill, member) => new { bill, member.Name })
            .OrderByDescending(row => row.bill.PeriodStart).ThenByDescending(row => row.bill.Revision).ThenBy(row => row.bill.Id)
            .Take(Most)
            .Select(row => new BillListed(
                row.bill.Number, row.bill.MemberId, row.Name, row.bill.Role, row.bill.PeriodStart, row.bill.PeriodEnd, row.bill.IssuedAt, row.bill.DueOn, row.bill.TotalCents,
                row.bill.Kind, work.Db.Bills.Any(later => later.LoopId == row.bill.LoopId && later.CorrectsId == row.bill.Id),
                work.Db.PaymentAllocations.Where(paid => paid.LoopId == row.bill.LoopId && paid.OwedKind == Billing.EntryKind.Document && paid.OwedId == row.bill.Id).Sum(paid => paid.Cents)))
            .ToListAsync(cancellationToken);
        return new BillList(bills, loop.Calendar.DayOf(await market.NowAsync(loop.Id, cancellationToken)));
    }
}
