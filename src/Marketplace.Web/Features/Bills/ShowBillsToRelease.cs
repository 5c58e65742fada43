using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>What waits before it is issued: open periods with the state of each document, and corrections that wait for revisions.</summary>
/// <param name="Page">Which part of the documents, from 1.</param>
public sealed record ShowBillsToRelease(int LoopId, int Page = 1) : IRequest<BillsToRelease>, IGuarded
{
    public const int PageSize = 200;

    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Periods">Open periods, the oldest first; of further ones only the name, until the first is done.</param>
/// <param name="Revisions">Corrections of billed hours that wait.</param>
/// <param name="ByHand">Whether finished periods wait for the operator.</param>
public sealed record BillsToRelease(IReadOnlyList<QueuedPeriod> Periods, IReadOnlyList<QueuedRevision> Revisions, bool ByHand);

/// <param name="Common">What keeps the whole period; then there are no documents yet.</param>
/// <param name="Documents">What is not issued yet, blocked documents first: a page of it.</param>
/// <param name="Issued">How many members have theirs.</param>
public sealed record QueuedPeriod(Interval Period, IReadOnlyList<Block> Common, IReadOnlyList<QueuedDocument> Documents, int Issued)
{
    /// <summary>How many documents there are, and how many of them nothing blocks.</summary>
    public int Count { get; init; }

    public int Ready { get; init; }

    /// <summary>Since when the period is being worked out, where it is not done yet.</summary>
    public DateTimeOffset? WorkingSince { get; init; }

    internal static QueuedPeriod Of(Interval period, IReadOnlyList<Block> common, IReadOnlyList<QueuedDocument> documents, int issued) =>
        new(period, common, documents, issued) { Count = documents.Count, Ready = documents.Count(document => document.Blocks.Count == 0) };
}

public sealed record QueuedDocument(int MemberId, string MemberName, Role Role, Money Total, IReadOnlyList<Block> Blocks);

public sealed record QueuedRevision(Interval Period, int MemberId, string MemberName, Money Amount);

internal sealed class ShowBillsToReleaseHandler(Work work, QueueWork queue) : IRequestHandler<ShowBillsToRelease, BillsToRelease>
{
    public async Task<BillsToRelease> Handle(ShowBillsToRelease request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var open = await db.BillPeriods.AsNoTracking().Where(period => period.LoopId == loopId && period.CompletedAt == null).OrderBy(period => period.PeriodStart)
            .Select(period => new Interval(period.PeriodStart, period.PeriodEnd)).ToListAsync(cancellationToken);
        var periods = new List<QueuedPeriod>();
        foreach (var (i, period) in open.Index())
        {
            // Working out a period reads all of its hours: one at a time.
            periods.Add(i == 0 ? PageOf(await queue.OfAsync(db, loopId, period, cancellationToken), request.Page) : QueuedPeriod.Of(period, [], [], 0));
        }

        var pending = await PendingCorrections.AllAsync(await work.ConnectionAsync(cancellationToken), null, loopId, cancellationToken);
        var ids = pending.Select(row => row.Member).Distinct().ToList();
        var names = ids.Count == 0 ? [] : await db.Members.AsNoTracking().Where(member => member.LoopId == loopId && ids.Contains(member.Id)).ToDictionaryAsync(member => member.Id, member => member.Name, cancellationToken);
        return new BillsToRelease(
            periods, [.. pending.Select(row => new QueuedRevision(row.Period, row.Member, names.GetValueOrDefault(row.Member, ""), row.Amount))],
            await db.BillingTerms.Where(terms => terms.LoopId == loopId).OrderByDescending(terms => terms.Version).Select(terms => terms.ReleaseByHand).FirstOrDefaultAsync(cancellationToken));
    }

    private static QueuedPeriod PageOf(QueuedPeriod period, int page) =>
        period with { Documents = [.. period.Documents.Skip((Math.Max(1, page) - 1) * ShowBillsToRelease.PageSize).Take(ShowBillsToRelease.PageSize)] };
}
