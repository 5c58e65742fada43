using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Disputes;

/// <summary>A member's disputes, the newest first.</summary>
public sealed record ListDisputes(int LoopId, int MemberId) : IRequest<DisputeList>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <summary>A loop's disputes for the operator: late answers first, then those to answer, then those whose bill has still to be revised, then what has ended.</summary>
/// <param name="Page">Counted from 1.</param>
public sealed record ListLoopDisputes(int LoopId, int Page = 1) : IRequest<DisputeList>, IGuarded
{
    public const int PageSize = 50;

    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <summary>How many disputes wait for the operator.</summary>
public sealed record CountDisputes(int LoopId) : IRequest<DisputeCounts>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Late">Whose answer is late.</param>
/// <param name="Soon">To be answered within the next days.</param>
/// <param name="Open">To be answered, those with them.</param>
/// <param name="ToRevise">Upheld, and the bill not revised yet.</param>
public sealed record DisputeCounts(int Late, int Soon, int Open, int ToRevise)
{
    /// <summary>An answer is due soon when so many days are left.</summary>
    public const int SoonDays = 7;

    public int Waiting => Open + ToRevise;
}

/// <param name="HeldCents">What is held back of payments, with what was granted and waits for a revision.</param>
public sealed record DisputeList(DateOnly Today, IReadOnlyList<DisputeRow> Disputes, DisputeCounts Counts, int Total, long HeldCents);

/// <param name="ToRevise">Upheld, and the bill not revised yet.</param>
public sealed record DisputeRow(
    int Id, int MemberId, string MemberName, string Number, short LineKind, DisputeState State, long DisputedCents, long GrantedCents, DisputeCure Cure, DateOnly OpenedOn, DateOnly AnswerBy,
    DateOnly? DecidedOn, bool ToRevise)
{
    public BillLineKind Kind => (BillLineKind)LineKind;
}

internal sealed class ListDisputesHandler(Work work, DisputeBook book)
    : IRequestHandler<ListDisputes, DisputeList>, IRequestHandler<ListLoopDisputes, DisputeList>, IRequestHandler<CountDisputes, DisputeCounts>
{
    private const int MostOfMember = 200;

    public Task<DisputeList> Handle(ListDisputes request, CancellationToken cancellationToken) => ReadAsync(request.LoopId, request.MemberId, 0, MostOfMember, cancellationToken);

    public Task<DisputeList> Handle(ListLoopDisputes request, CancellationToken cancellationToken) =>
        ReadAsync(request.LoopId, null, (Math.Clamp(request.Page, 1, 100_000) - 1) * ListLoopDisputes.PageSize, ListLoopDisputes.PageSize, cancellationToken);

    public async Task<DisputeCounts> Handle(CountDisputes request, CancellationToken cancellationToken) =>
        await CountsAsync(request.LoopId, null, await book.TodayAsync(request.LoopId, cancellationToken), cancellationToken);

    private async Task<DisputeList> ReadAsync(int loopId, int? memberId, int skip, int take, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var today = await book.TodayAsync(loopId, cancellationToken);
        var rows = await db.Database.SqlQuery<DisputeRow>(
            $"""
            SELECT d.id AS "Id", d.member_id AS "MemberId", m.name AS "MemberName", b.number AS "Number", l.kind AS "LineKind", d.state AS "State", d.disputed_cents AS "DisputedCents",
                   d.granted_cents AS "GrantedCents", d.cure AS "Cure", d.opened_on AS "OpenedOn", d.answer_by AS "AnswerBy", d.decided_on AS "DecidedOn", r.waits AS "ToRevise"
            FROM market.disputes d
            JOIN market.members m ON m.loop_id = d.loop_id AND m.id = d.member_id
            JOIN market.bills b ON b.loop_id = d.loop_id AND b.id = d.bill_id
            JOIN market.bill_lines l ON l.loop_id = d.loop_id AND l.bill_id = d.bill_id AND l.line = d.line
            CROSS JOIN LATERAL (SELECT d.cure = 1 AND NOT EXISTS (SELECT FROM market.bills n WHERE n.loop_id = d.loop_id AND n.corrects_id = d.bill_id AND n.kind = 2) AS waits) r
            WHERE d.loop_id = {loopId} AND ({memberId}::int IS NULL OR d.member_id = {memberId}::int)
            ORDER BY CASE WHEN {memberId}::int IS NOT NULL THEN 0 WHEN d.state = 1 AND d.answer_by < {today} THEN 0 WHEN d.state = 1 THEN 1 WHEN r.waits THEN 2 ELSE 3 END,
                     CASE WHEN {memberId}::int IS NULL AND d.state = 1 THEN d.answer_by END, d.id DESC
            OFFSET {skip} LIMIT {take}
            """).ToListAsync(cancellationToken);
        var held = await db.Database.SqlQuery<long>(
            $"""SELECT coalesce(sum(held_cents), 0)::bigint AS "Value" FROM market.open_entries({loopId}) WHERE {memberId}::int IS NULL OR member_id = {memberId}::int""").SingleAsync(cancellationToken);
        return new DisputeList(
            today, rows, await CountsAsync(loopId, memberId, today, cancellationToken),
            await db.Disputes.CountAsync(dispute => dispute.LoopId == loopId && (memberId == null || dispute.MemberId == memberId), cancellationToken), held);
    }

    private Task<DisputeCounts> CountsAsync(int loopId, int? memberId, DateOnly today, CancellationToken cancellationToken)
    {
        var soon = today.AddDays(DisputeCounts.SoonDays);
        return work.Db.Database.SqlQuery<DisputeCounts>(
            $"""
            SELECT (count(*) FILTER (WHERE d.state = 1 AND d.answer_by < {today}))::int AS "Late", (count(*) FILTER (WHERE d.state = 1 AND d.answer_by BETWEEN {today} AND {soon}))::int AS "Soon",
                   (count(*) FILTER (WHERE d.state = 1))::int AS "Open",
                   (count(*) FILTER (WHERE d.cure = 1 AND NOT EXISTS (SELECT FROM market.bills n WHERE n.loop_id = d.loop_id AND n.corrects_id = d.bill_id AND n.kind = 2)))::int AS "ToRevise"
            FROM market.disputes d WHERE d.loop_id = {loopId} AND ({memberId}::int IS NULL OR d.member_id = {memberId}::int)
            """).SingleAsync(cancellationToken);
    }
}
