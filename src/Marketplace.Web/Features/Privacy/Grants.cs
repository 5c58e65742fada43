using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Privacy;

/// <summary>As what somebody is let in. It says nothing about what they see. Stored as numbers: never renumber.</summary>
public enum GrantRelation : short
{
    Household = 1,
    Landlord = 2,
    Caretaker = 3,
    Other = 4,
}

/// <summary>Lets somebody look at bills, consumption or both of a member, for a time. Looking only.</summary>
/// <param name="From">The first local day.</param>
/// <param name="Until">The last local day.</param>
public sealed record GrantAccess(int LoopId, int MemberId, string Email, GrantRelation Relation, GrantScope Scope, DateOnly From, DateOnly Until) : IRequest<long>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.ActsFor(LoopId, MemberId);
}

/// <summary>Takes a grant back, at once.</summary>
public sealed record RevokeAccess(int LoopId, int MemberId, long GrantId) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.ActsFor(LoopId, MemberId);
}

/// <summary>What a member has granted, newest first.</summary>
public sealed record ShowGrants(int LoopId, int MemberId) : IRequest<IReadOnlyList<GrantView>>, IGuarded
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.ActsFor(LoopId, MemberId);
}

public sealed record GrantView(
    long Id, string Email, short RelationNumber, short ScopeBits, DateTimeOffset ValidFrom, DateTimeOffset ValidUntil, DateTimeOffset GrantedAt, DateTimeOffset? RevokedAt, DateTimeOffset? LastUsedAt, bool GiverIsGone)
{
    public GrantRelation Relation => (GrantRelation)RelationNumber;

    public GrantScope Scope => (GrantScope)ScopeBits;

    /// <summary>Whether it holds at a moment; one that begins later holds not yet.</summary>
    public bool HoldsAt(DateTimeOffset now) => CanBeRevokedAt(now) && ValidFrom <= now && !GiverIsGone;

    public bool CanBeRevokedAt(DateTimeOffset now) => RevokedAt is null && ValidUntil > now;
}

internal sealed class GrantAccessRules : AbstractValidator<GrantAccess>
{
    private static readonly DateOnly s_earliest = new(1990, 1, 1);
    private static readonly DateOnly s_latest = new(2200, 12, 31);

    public GrantAccessRules()
    {
        RuleFor(request => request.Email).Must(EmailForm.IsAddress).WithMessage(EmailForm.Message);
        RuleFor(request => request.Relation).IsInEnum().WithMessage("Choose who it is.");
        RuleFor(request => request.Scope).Must(scope => scope is > 0 and <= (GrantScope.Bills | GrantScope.Consumption)).WithMessage("Choose what may be seen.");
        // The calendar counts in these years; a day outside is a slip of the pen.
        RuleFor(request => request.From).InclusiveBetween(s_earliest, s_latest).WithMessage("Choose a day between 1990 and 2200.");
        RuleFor(request => request.Until).InclusiveBetween(s_earliest, s_latest).WithMessage("Choose a day between 1990 and 2200.");
        RuleFor(request => request.Until).GreaterThanOrEqualTo(request => request.From).WithMessage("The last day has to be the first day or later.");
        RuleFor(request => request.Until).Must((request, until) => until.DayNumber - request.From.DayNumber <= 731).WithMessage("Grant at most two years at once.");
    }
}

internal sealed class GrantsHandler(Work work, CurrentActor current, Postbox postbox, PublicAddress address, IStringLocalizer<Texts> texts, TimeProvider time)
    : IRequestHandler<GrantAccess, long>, IRequestHandler<RevokeAccess, Unit>, IRequestHandler<ShowGrants, IReadOnlyList<GrantView>>
{
    private const int MostAtOnce = 20;

    private Guid Account => current.Actor.AccountId!.Value;

    public async Task<long> Handle(GrantAccess request, CancellationToken cancellationToken)
    {
        var (db, now) = (work.Db, time.GetUtcNow());
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var (from, until) = (loop.Calendar.Day(request.From).Start, loop.Calendar.Day(request.Until).End);
        if (until <= now)
        {
            throw new RefusedException(nameof(request.Until), "The last day is over already.");
        }

        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({string.Create(CultureInfo.InvariantCulture, $"grants/{request.LoopId}/{request.MemberId}")}, 0))", cancellationToken);
        var standing = await db.Database.SqlQuery<int>(
            $"""SELECT count(*)::int AS "Value" FROM market.access_grants WHERE loop_id = {request.LoopId} AND member_id = {request.MemberId} AND revoked_at IS NULL AND valid_until > {now}""")
            .SingleAsync(cancellationToken);
        if (standing >= MostAtOnce)
        {
            throw new RefusedException("", "Twenty people may look already. Take one grant back first.");
        }

        var id = await db.Database.SqlQuery<long>($"""SELECT nextval('market.access_grants_id_seq') AS "Value" """).SingleAsync(cancellationToken);
        var email = request.Email.Trim();
        var record = GrantRecord.Granted(id, loop.Slug, await KeyAsync(request.LoopId, request.MemberId, cancellationToken), email, request, from, until, now);
        var appended = await LedgerDoor.AppendAsync(await work.ConnectionAsync(cancellationToken), work.Transaction, request.LoopId, record.RecordKey, [record], cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.access_grants (loop_id, id, member_id, relation, email, scope, valid_from, valid_until, granted_by, granted_at, granted, batch_id, batch_position)
            VALUES ({request.LoopId}, {id}, {request.MemberId}, {(short)request.Relation}, {email.ToUpperInvariant()}, {(short)request.Scope}, {from}, {until}, {Account}, {now},
                    {record.Canonical}, {appended.BatchId}, {appended.Positions[0]})
            """, cancellationToken);
        work.AfterCommit(_ =>
        {
            // Neither what is shared nor by whom: whoever reads the letter signs in first.
            postbox.Post(new Letter(email, texts["Letter.Subject", loop.Name],
                string.Join("\n\n", texts["Letter.Hello"], texts["Letter.Body", loop.Name], address.Link("/shared"), texts["Letter.Account"]) + "\n"));
            return Task.CompletedTask;
        });
        return id;
    }

    public async Task<Unit> Handle(RevokeAccess request, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var revoked = await work.Db.Database.ExecuteSqlAsync(
            $"""
            UPDATE market.access_grants SET revoked_at = {now}
            WHERE loop_id = {request.LoopId} AND id = {request.GrantId} AND member_id = {request.MemberId} AND revoked_at IS NULL
            """, cancellationToken);
        if (revoked == 1)
        {
            var slug = await work.Db.Loops.Where(loop => loop.Id == request.LoopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
            var record = GrantRecord.Revoked(request.GrantId, slug, await KeyAsync(request.LoopId, request.MemberId, cancellationToken), request.MemberId, now);
            await LedgerDoor.AppendAsync(await work.ConnectionAsync(cancellationToken), work.Transaction, request.LoopId, record.RecordKey, [record], cancellationToken);
        }

        return Unit.Value;
    }

    public async Task<IReadOnlyList<GrantView>> Handle(ShowGrants request, CancellationToken cancellationToken) => await work.Db.Database.SqlQuery<GrantView>(
        $"""
        SELECT g.id AS "Id", lower(g.email) AS "Email", g.relation AS "RelationNumber", g.scope AS "ScopeBits", g.valid_from AS "ValidFrom", g.valid_until AS "ValidUntil",
               g.granted_at AS "GrantedAt", g.revoked_at AS "RevokedAt", g.last_used_at AS "LastUsedAt",
               NOT EXISTS (SELECT FROM market.memberships m WHERE m.loop_id = g.loop_id AND m.member_id = g.member_id AND m.account_id = g.granted_by) AS "GiverIsGone"
        FROM market.access_grants g WHERE g.loop_id = {request.LoopId} AND g.member_id = {request.MemberId} ORDER BY g.id DESC LIMIT 100
        """).ToListAsync(cancellationToken);

    private Task<string> KeyAsync(int loopId, int memberId, CancellationToken cancellationToken) =>
        work.Db.Members.Where(member => member.LoopId == loopId && member.Id == memberId).Select(member => member.Key).SingleAsync(cancellationToken);
}

/// <summary>A member's consent, and its end, as the ledger commits to them.</summary>
internal static class GrantRecord
{
    public const byte Version = 1;

    public static LedgerRecord Granted(long id, string loop, string member, string email, GrantAccess grant, DateTimeOffset from, DateTimeOffset until, DateTimeOffset now) =>
        Of(string.Create(CultureInfo.InvariantCulture, $"grant/{id}"), grant.MemberId, now, Head("granted", id, loop, member, now)
            .Add("relation", grant.Relation.ToString().ToLowerInvariant()).Add("to", email).Add("bills", grant.Scope.HasFlag(GrantScope.Bills) ? "yes" : "no")
            .Add("consumption", grant.Scope.HasFlag(GrantScope.Consumption) ? "yes" : "no").Add("from", from).Add("until", until));

    public static LedgerRecord Revoked(long id, string loop, string member, int memberId, DateTimeOffset now) =>
        Of(string.Create(CultureInfo.InvariantCulture, $"grant/{id}/revoked"), memberId, now, Head("revoked", id, loop, member, now));

    private static CanonicalRecord Head(string act, long id, string loop, string member, DateTimeOffset now) =>
        CanonicalRecord.Of("accessGrant", Version).Add("loop", loop).Add("number", id).Add("act", act).Add("member", member).Add("at", now);

    private static LedgerRecord Of(string key, int memberId, DateTimeOffset now, CanonicalRecord record) =>
        new(RecordKind.AccessGrant, Version, key, record.ToBytes(), memberId, DateOnly.FromDateTime(now.UtcDateTime));
}
