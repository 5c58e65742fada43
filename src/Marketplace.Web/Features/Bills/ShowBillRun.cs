using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>The billed periods of a loop, newest first.</summary>
public sealed record ShowBillRuns(int LoopId) : IRequest<BillRunList>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Runs">All runs.</param>
public sealed record BillRunList(IReadOnlyList<BillRunListed> Runs);

public sealed record BillRunListed(DateTimeOffset PeriodStart, DateTimeOffset PeriodEnd, int Documents, long TotalCents)
{
    public Interval Period => new(PeriodStart, PeriodEnd);
}

/// <summary>One billed period with its documents.</summary>
public sealed record ShowBillRun(int LoopId, Interval Period) : IRequest<BillRunView>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

public sealed record BillRunView(BillRun Run, IReadOnlyList<BillListed> Bills);

internal sealed class ShowBillRunsHandler(Work work) : IRequestHandler<ShowBillRuns, BillRunList>, IRequestHandler<ShowBillRun, BillRunView>
{
    public async Task<BillRunList> Handle(ShowBillRuns request, CancellationToken cancellationToken)
    {
        var runs = await work.Db.Bills.AsNoTracking().Where(bill => bill.LoopId == request.LoopId)
            .GroupBy(bill => new { bill.PeriodStart, bill.PeriodEnd })
            .OrderByDescending(run => run.Key.PeriodStart)
            .Select(run => new BillRunListed(run.Key.PeriodStart, run.Key.PeriodEnd, run.Count(), run.Sum(bill => bill.Kind == Billing.DocumentKind.CreditNote ? -bill.TotalCents : bill.TotalCents)))
            .ToListAsync(cancellationToken);
        return new BillRunList(runs);
    }

    public async Task<BillRunView> Handle(ShowBillRun request, CancellationToken cancellationToken)
    {
        var period = request.Period;
        var bills = await work.Db.Bills.AsNoTracking()
            .Where(bill => bill.LoopId == request.LoopId && bill.PeriodStart == period.Start && bill.PeriodEnd == period.End)
            .Join(work.Db.Members, bill => new { bill.LoopId, Id = bill.MemberId }, member => new { member.LoopId, member.Id }, (bill, member) => new { bill, member.Name })
            .OrderBy(row => row.bill.Id)
            .Select(row => new BillListed(
                row.bill.Number, row.bill.MemberId, row.Name, row.bill.Role, row.bill.PeriodStart, row.bill.PeriodEnd, row.bill.IssuedAt, row.bill.DueOn, row.bill.TotalCents,
                row.bill.Kind, work.Db.Bills.Any(later => later.LoopId == row.bill.LoopId && later.CorrectsId == row.bill.Id)))
            .ToListAsync(cancellationToken);
        return bills.Count == 0
            ? throw new NotPermittedException("This run")
            : new BillRunView(await BillRuns.ReadAsync(await work.ConnectionAsync(cancellationToken), null, request.LoopId, period, cancellationToken), bills);
    }
}
