using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Sending;

/// <summary>What letters are about, as a person chooses. Stored as numbers: never renumber.</summary>
public enum LetterKind : short
{
    /// <summary>Bills, statements and credit notes.</summary>
    Documents = 1,
    Reminders = 2,
    Alarms = 3,
    Announcements = 4,
}

/// <summary>What the person does not want to be written to about in a loop.</summary>
public sealed record ShowMailRefusals(int LoopId) : IRequest<IReadOnlyList<LetterKind>>, IGuarded
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

/// <summary>Chooses about what the loop writes to the person: everything that is not refused.</summary>
public sealed record RefuseMail(int LoopId, IReadOnlyCollection<LetterKind> Refused) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

/// <summary>Asks whether somebody wants a letter.</summary>
internal static class MailRefusals
{
    public static Task<bool> RefusesAsync(MarketplaceDb db, int loopId, Guid account, LetterKind kind, CancellationToken cancellationToken) => db.Database
        .SqlQuery<bool>($"""SELECT EXISTS (SELECT FROM market.mail_refusals WHERE loop_id = {loopId} AND account_id = {account} AND kind = {(short)kind}) AS "Value" """)
        .SingleAsync(cancellationToken);
}

internal sealed class MailRefusalsHandler(Work work, CurrentActor current, TimeProvider time)
    : IRequestHandler<ShowMailRefusals, IReadOnlyList<LetterKind>>, IRequestHandler<RefuseMail, Unit>
{
    public async Task<IReadOnlyList<LetterKind>> Handle(ShowMailRefusals request, CancellationToken cancellationToken)
    {
        var kinds = await work.Db.Database
            .SqlQuery<short>($"""SELECT kind AS "Value" FROM market.mail_refusals WHERE loop_id = {request.LoopId} AND account_id = {current.Actor.AccountId!.Value} ORDER BY kind""")
            .ToListAsync(cancellationToken);
        return [.. kinds.Select(kind => (LetterKind)kind)];
    }

    public async Task<Unit> Handle(RefuseMail request, CancellationToken cancellationToken)
    {
        var (account, kinds) = (current.Actor.AccountId!.Value, request.Refused.Where(Enum.IsDefined).Select(kind => (short)kind).Distinct().ToArray());
        await work.Db.Database.ExecuteSqlAsync(
            $"DELETE FROM market.mail_refusals WHERE loop_id = {request.LoopId} AND account_id = {account} AND NOT kind = ANY ({kinds})", cancellationToken);
        await work.Db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.mail_refusals (loop_id, account_id, kind, at)
            SELECT {request.LoopId}, {account}, kind, {time.GetUtcNow()} FROM unnest({kinds}) AS kind ON CONFLICT DO NOTHING
            """, cancellationToken);
        return Unit.Value;
    }
}
