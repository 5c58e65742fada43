using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Notifications;

/// <summary>What the person was told in a loop, the newest first.</summary>
/// <param name="Page">From 1.</param>
public sealed record ShowNotices(int LoopId, bool OnlyUnread = false, int Page = 1) : IRequest<NoticeList>, IGuarded
{
    public const int PageSize = 30;

    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

/// <param name="Total">Of those asked for.</param>
public sealed record NoticeList(IReadOnlyList<NoticeRow> Notices, int Total, int Unread);

/// <summary>One thing that somebody was told.</summary>
/// <param name="MemberName">The member it is about, where it is about one.</param>
public sealed record NoticeRow(long Id, short Kind, string Variant, string Subject, string[] Facts, DateTimeOffset At, DateTimeOffset? ReadAt, int? MemberId, string? MemberName);

/// <summary>How many the person has not read; no more than a badge shows are counted.</summary>
public sealed record CountUnread(int LoopId) : IRequest<int>, IGuarded
{
    public const int Most = 100;

    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

/// <summary>Marks one as read and answers it; null where there is none of the person's of that number.</summary>
public sealed record ReadNotice(int LoopId, long Id) : IRequest<NoticeRow?>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

/// <summary>Marks as read what is there up to a number: what came meanwhile stays unread.</summary>
public sealed record ReadAllNotices(int LoopId, long UpTo) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

internal sealed class ShowNoticesHandler(MarketplaceDb db, CurrentActor current, TimeProvider time)
    : IRequestHandler<ShowNotices, NoticeList>, IRequestHandler<CountUnread, int>, IRequestHandler<ReadNotice, NoticeRow?>, IRequestHandler<ReadAllNotices, Unit>
{
    private Guid Me => current.Actor.AccountId!.Value;

    public async Task<NoticeList> Handle(ShowNotices request, CancellationToken cancellationToken)
    {
        var skip = (Math.Max(1, request.Page) - 1) * ShowNotices.PageSize;
        var rows = await db.Database.SqlQuery<NoticeRow>(
            $"""
            SELECT n.id AS "Id", n.kind AS "Kind", n.variant AS "Variant", n.subject AS "Subject", n.facts AS "Facts", n.at AS "At", n.read_at AS "ReadAt", n.member_id AS "MemberId", m.name AS "MemberName"
            FROM market.notifications n LEFT JOIN market.members m ON m.loop_id = n.loop_id AND m.id = n.member_id
            WHERE n.loop_id = {request.LoopId} AND n.account_id = {Me} AND n.shown AND (NOT {request.OnlyUnread} OR n.read_at IS NULL)
            ORDER BY n.id DESC LIMIT {ShowNotices.PageSize} OFFSET {skip}
            """).ToListAsync(cancellationToken);
        var counts = await db.Database.SqlQuery<Counts>(
            $"""
            SELECT count(*)::int AS "Total", (count(*) FILTER (WHERE read_at IS NULL))::int AS "Unread"
            FROM market.notifications WHERE loop_id = {request.LoopId} AND account_id = {Me} AND shown
            """).SingleAsync(cancellationToken);
        return new NoticeList(rows, request.OnlyUnread ? counts.Unread : counts.Total, counts.Unread);
    }

    public Task<int> Handle(CountUnread request, CancellationToken cancellationToken) => db.Database.SqlQuery<int>(
        $"""
        SELECT count(*)::int AS "Value" FROM (
            SELECT FROM market.notifications WHERE loop_id = {request.LoopId} AND account_id = {Me} AND shown AND read_at IS NULL LIMIT {CountUnread.Most}) AS unread
        """).SingleAsync(cancellationToken);

    public async Task<NoticeRow?> Handle(ReadNotice request, CancellationToken cancellationToken)
    {
        var rows = await db.Database.SqlQuery<NoticeRow>(
            $"""
            UPDATE market.notifications SET read_at = coalesce(read_at, {time.GetUtcNow()}) WHERE loop_id = {request.LoopId} AND id = {request.Id} AND account_id = {Me}
            RETURNING id AS "Id", kind AS "Kind", variant AS "Variant", subject AS "Subject", facts AS "Facts", at AS "At", read_at AS "ReadAt", member_id AS "MemberId", NULL::text AS "MemberName"
            """).ToListAsync(cancellationToken);
        return rows.SingleOrDefault();
    }

    public async Task<Unit> Handle(ReadAllNotices request, CancellationToken cancellationToken)
    {
        await db.Database.ExecuteSqlAsync(
            $"UPDATE market.notifications SET read_at = {time.GetUtcNow()} WHERE loop_id = {request.LoopId} AND account_id = {Me} AND shown AND read_at IS NULL AND id <= {request.UpTo}", cancellationToken);
        return Unit.Value;
    }

    private sealed record Counts(int Total, int Unread);
}
