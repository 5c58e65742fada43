using System.Text.Json;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Privacy;

/// <summary>Stored as numbers: never renumber.</summary>
public enum CopyState : short
{
    Waiting = 1,
    Making = 2,
    Ready = 3,
    Failed = 4,
    Deleted = 5,
}

/// <summary>Asks for a copy of everything that the loop holds about the person and the members they act for. It is made in the background.</summary>
public sealed record AskForCopy(int LoopId) : IRequest<Guid>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

/// <summary>The person's own copies, newest first.</summary>
public sealed record ShowCopies(int LoopId) : IRequest<IReadOnlyList<CopyView>>, IGuarded
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

/// <summary>Where the person's own copy stands, for handing it out. For everybody else it does not exist.</summary>
public sealed record OpenCopy(int LoopId, Guid CopyId) : IRequest<string>, IGuarded
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

/// <summary>Deletes the person's own copy before its time.</summary>
public sealed record DeleteCopy(int LoopId, Guid CopyId) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

/// <param name="ContentsJson">The list of contents as JSON; null until it is ready.</param>
public sealed record CopyView(
    Guid Id, short StateNumber, DateTimeOffset AskedAt, DateTimeOffset? ReadyAt, DateTimeOffset? DeleteAt, int Steps, int Done, long? Bytes, string? ContentsJson, string? Failure)
{
    public CopyState State => (CopyState)StateNumber;

    public bool IsUnderWay => State is CopyState.Waiting or CopyState.Making;

    internal IReadOnlyList<CopiedFile> Contents => ContentsJson is null ? [] : JsonSerializer.Deserialize<List<CopiedFile>>(ContentsJson, JsonSerializerOptions.Web)!;
}

internal sealed class PersonalCopiesHandler(Work work, CurrentActor current, CopyFolder folder, TimeProvider time)
    : IRequestHandler<AskForCopy, Guid>, IRequestHandler<ShowCopies, IReadOnlyList<CopyView>>, IRequestHandler<OpenCopy, string>, IRequestHandler<DeleteCopy, Unit>
{
    /// <summary>For one person in a loop; each is all there is, so nobody needs many.</summary>
    private const int MostInADay = 3;

    private Guid Account => current.Actor.AccountId!.Value;

    public async Task<Guid> Handle(AskForCopy request, CancellationToken cancellationToken)
    {
        var (db, now, account) = (work.Db, time.GetUtcNow(), Account);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"copy/" + account.ToString("N")}, 0))", cancellationToken);
        var counts = await db.Database.SqlQuery<Counted>(
            $"""
            SELECT (count(*) FILTER (WHERE state IN (1, 2)))::int AS "Open", (count(*) FILTER (WHERE asked_at > {now.AddDays(-1)}))::int AS "Today"
            FROM market.personal_copies WHERE loop_id = {request.LoopId} AND account_id = {account}
            """).SingleAsync(cancellationToken);
        if (counts.Open > 0)
        {
            throw new RefusedException("", "A copy is being made already.");
        }

        if (counts.Today >= MostInADay)
        {
            throw new RefusedException("", "You have asked for three copies today. Please ask again tomorrow.");
        }

        var id = Guid.CreateVersion7(now);
        var members = await db.Memberships.Where(membership => membership.LoopId == request.LoopId && membership.AccountId == account).Select(membership => membership.MemberId).Order().ToArrayAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"INSERT INTO market.personal_copies (id, loop_id, account_id, members, state, asked_at) VALUES ({id}, {request.LoopId}, {account}, {members}, 1, {now})", cancellationToken);
        return id;
    }

    public async Task<IReadOnlyList<CopyView>> Handle(ShowCopies request, CancellationToken cancellationToken) => await work.Db.Database.SqlQuery<CopyView>(
        $"""
        SELECT id AS "Id", state AS "StateNumber", asked_at AS "AskedAt", ready_at AS "ReadyAt", delete_at AS "DeleteAt", steps AS "Steps", done AS "Done",
               bytes AS "Bytes", contents::text AS "ContentsJson", failure AS "Failure"
        FROM market.personal_copies WHERE loop_id = {request.LoopId} AND account_id = {Account} ORDER BY asked_at DESC LIMIT 10
        """).ToListAsync(cancellationToken);

    public async Task<string> Handle(OpenCopy request, CancellationToken cancellationToken)
    {
        var found = await work.Db.Database.SqlQuery<Guid>(
            $"""
            SELECT c.id AS "Value" FROM market.personal_copies c
            WHERE c.id = {request.CopyId} AND c.loop_id = {request.LoopId} AND c.account_id = {Account} AND c.state = 3 AND c.delete_at > {time.GetUtcNow()}
              AND c.members <@ coalesce((SELECT array_agg(m.member_id) FROM market.memberships m WHERE m.loop_id = c.loop_id AND m.account_id = c.account_id), ARRAY[]::integer[])
            """).ToListAsync(cancellationToken);
        var path = folder.PathOf(request.CopyId);
        return found.Count == 1 && File.Exists(path) ? path : throw new NotPermittedException("This copy");
    }

    public async Task<Unit> Handle(DeleteCopy request, CancellationToken cancellationToken)
    {
        var deleted = await work.Db.Database.ExecuteSqlAsync(
            $"""
            UPDATE market.personal_copies SET state = 5, contents = NULL
            WHERE id = {request.CopyId} AND loop_id = {request.LoopId} AND account_id = {Account} AND state IN (3, 4)
            """, cancellationToken);
        if (deleted == 1)
        {
            folder.Delete(request.CopyId);
        }

        return Unit.Value;
    }

    private sealed record Counted(int Open, int Today);
}
