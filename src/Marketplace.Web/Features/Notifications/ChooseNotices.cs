using Marketplace.Data;
using Marketplace.Web.Features.Sending;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Notifications;

/// <summary>How the person is told about each kind in a loop.</summary>
public sealed record ShowNoticeChoices(int LoopId) : IRequest<IReadOnlyList<NoticeChoice>>, IGuarded
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

/// <summary>Chooses for every kind, in the portal and by e-mail.</summary>
public sealed record ChooseNotices(int LoopId, IReadOnlyCollection<NoticeKind> Portal, IReadOnlyCollection<NoticeKind> Mail) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

internal sealed class ChooseNoticesHandler(Work work, CurrentActor current, TimeProvider time, IRequestHandler<ShowMailRefusals, IReadOnlyList<LetterKind>> refused, IRequestHandler<RefuseMail, Unit> refuse)
    : IRequestHandler<ShowNoticeChoices, IReadOnlyList<NoticeChoice>>, IRequestHandler<ChooseNotices, Unit>
{
    public async Task<IReadOnlyList<NoticeChoice>> Handle(ShowNoticeChoices request, CancellationToken cancellationToken)
    {
        var chosen = (await work.Db.Database.SqlQuery<Row>(
            $"""SELECT kind AS "Kind", portal AS "Portal", mail AS "Mail" FROM market.notification_choices WHERE loop_id = {request.LoopId} AND account_id = {current.Actor.AccountId!.Value}""")
            .ToListAsync(cancellationToken)).ToDictionary(row => (NoticeKind)row.Kind);
        var refusals = await refused.Handle(new ShowMailRefusals(request.LoopId), cancellationToken);
        return [.. Enum.GetValues<NoticeKind>().Select(kind => new NoticeChoice(
            kind,
            chosen.TryGetValue(kind, out var row) ? row.Portal : kind.InPortal(),
            kind.HasOwnLetters() ? !refusals.Contains((LetterKind)(short)kind) : chosen.TryGetValue(kind, out row) ? row.Mail : kind.ByMail()))];
    }

    public async Task<Unit> Handle(ChooseNotices request, CancellationToken cancellationToken)
    {
        var kinds = Enum.GetValues<NoticeKind>();
        short[] numbers = [.. kinds.Select(kind => (short)kind)];
        bool[] portal = [.. kinds.Select(request.Portal.Contains)];
        bool[] mail = [.. kinds.Select(request.Mail.Contains)];
        await work.Db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.notification_choices (loop_id, account_id, kind, portal, mail, at)
            SELECT {request.LoopId}, {current.Actor.AccountId!.Value}, c.kind, c.portal, c.mail, {time.GetUtcNow()} FROM unnest({numbers}, {portal}, {mail}) AS c (kind, portal, mail)
            ON CONFLICT (loop_id, account_id, kind) DO UPDATE SET portal = excluded.portal, mail = excluded.mail, at = excluded.at
            """, cancellationToken);
        return await refuse.Handle(
            new RefuseMail(request.LoopId, [.. kinds.Where(kind => kind.HasOwnLetters() && !request.Mail.Contains(kind)).Select(kind => (LetterKind)(short)kind)]), cancellationToken);
    }

    private sealed record Row(short Kind, bool Portal, bool Mail);
}
