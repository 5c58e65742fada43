using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Alarms.Sending;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Alarms.Announcements;

/// <summary>Announces planned work or an outage to those whom it concerns: on their homes until it is over, and by mail.</summary>
/// <param name="Carrier">Only members with a meter of this carrier in service; null for all.</param>
/// <param name="MemberKeys">Only these members, by key; none for all.</param>
public sealed record Announce(
    int LoopId, AnnouncementKind Kind, string Title, string Text, DateTimeOffset From, DateTimeOffset Until, Carrier? Carrier, IReadOnlyList<string> MemberKeys)
    : IRequest<long>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"{Kind} from {Instants.Iso(From)} until {Instants.Iso(Until)}");

    public bool Permits(Actor actor) => actor.Tends(LoopId);
}

/// <summary>Takes an announcement back; those who were told are told that too.</summary>
public sealed record WithdrawAnnouncement(int LoopId, long AnnouncementId) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"announcement {AnnouncementId}");

    public bool Permits(Actor actor) => actor.Tends(LoopId);
}

/// <summary>All announcements of a loop, the newest first.</summary>
public sealed record ListAnnouncements(int LoopId) : IRequest<IReadOnlyList<Announcement>>, IGuarded
{
    public bool Permits(Actor actor) => actor.Tends(LoopId);
}

/// <summary>What is announced, not over and concerns the members whom the person acts for; all of it for those who run the loop.</summary>
public sealed record AnnouncementsForMe(int LoopId) : IRequest<IReadOnlyList<Announcement>>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

public sealed class AnnounceValidator : AbstractValidator<Announce>
{
    public AnnounceValidator()
    {
        RuleFor(request => request.Kind).IsInEnum().WithMessage("Choose maintenance or outage.");
        RuleFor(request => request.Title).NotEmpty().WithMessage("Give it a title.").MaximumLength(120).WithMessage("Use at most 120 characters.");
        RuleFor(request => request.Text).NotEmpty().WithMessage("Say what happens and what members have to do.").MaximumLength(2000).WithMessage("Use at most 2,000 characters.");
        RuleFor(request => request.Until).GreaterThan(request => request.From).WithMessage("It ends after it begins.");
        RuleFor(request => request.Until).Must((request, until) => until - request.From <= TimeSpan.FromDays(90)).WithMessage("Announce at most 90 days at once.");
        RuleFor(request => request.Carrier).IsInEnum().WithMessage("Choose heat, cold, electricity or all.");
    }
}

internal sealed class AnnounceHandler(Work work, CurrentActor current, MarketTime marketTime, DispatchQueue queue, TimeProvider time)
    : IRequestHandler<Announce, long>, IRequestHandler<WithdrawAnnouncement, Unit>,
        IRequestHandler<ListAnnouncements, IReadOnlyList<Announcement>>, IRequestHandler<AnnouncementsForMe, IReadOnlyList<Announcement>>
{
    private const int MostShown = 200;

    public async Task<long> Handle(Announce request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        if (request.Until <= await marketTime.NowAsync(loopId, cancellationToken))
        {
            throw new RefusedException(nameof(request.Until), "That is over already.");
        }

        var members = await MembersAsync(loopId, request.MemberKeys, cancellationToken);
        var announcement = new Announcement
        {
            LoopId = loopId, Kind = request.Kind, Title = request.Title.Trim(), Text = request.Text.Trim(), From = request.From.ToUniversalTime(), Until = request.Until.ToUniversalTime(),
            Carrier = request.Carrier, MemberIds = members, AnnouncedAt = time.GetUtcNow(), AnnouncedBy = current.Actor.AccountId,
        };
        db.Announcements.Add(announcement);
        await db.SaveChangesAsync(cancellationToken);
        await queue.AnnounceAsync(announcement, await ConcernedAsync(announcement, cancellationToken), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        return announcement.Id;
    }

    public async Task<Unit> Handle(WithdrawAnnouncement request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await AlarmBook.LockAsync(db, loopId, cancellationToken);
        var announcement = await db.Announcements.SingleOrDefaultAsync(one => one.LoopId == loopId && one.Id == request.AnnouncementId, cancellationToken)
            ?? throw new NotPermittedException(nameof(WithdrawAnnouncement));
        if (announcement.WithdrawnAt is not null)
        {
            return Unit.Value;
        }

        announcement.WithdrawnAt = time.GetUtcNow();
        await queue.AnnounceAsync(announcement, await ConcernedAsync(announcement, cancellationToken), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }

    public async Task<IReadOnlyList<Announcement>> Handle(ListAnnouncements request, CancellationToken cancellationToken) =>
        await work.Db.Announcements.AsNoTracking().Where(one => one.LoopId == request.LoopId).OrderByDescending(one => one.Id).Take(MostShown).ToListAsync(cancellationToken);

    public async Task<IReadOnlyList<Announcement>> Handle(AnnouncementsForMe request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var coming = await db.Announcements.AsNoTracking()
            .Where(one => one.LoopId == loopId && one.WithdrawnAt == null && one.Until > now)
            .OrderBy(one => one.From).Take(MostShown).ToListAsync(cancellationToken);
        if (coming.Count == 0 || current.Actor.Tends(loopId))
        {
            return coming;
        }

        var own = current.Actor.Roles.Where(held => held.LoopId == loopId).Select(held => held.MemberId).Distinct().ToArray();
        var carriers = await db.Meters.Where(meter => meter.LoopId == loopId && own.Contains(meter.MemberId) && meter.InServiceUntil == null)
            .Select(meter => meter.Carrier).Distinct().ToListAsync(cancellationToken);
        return [.. coming.Where(one => (one.MemberIds is not { } only || only.Any(own.Contains)) && (one.Carrier is not { } carrier || carriers.Contains(carrier)))];
    }

    private async Task<int[]?> MembersAsync(int loopId, IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        if (keys.Count == 0)
        {
            return null;
        }

        var found = await work.Db.Members.Where(member => member.LoopId == loopId && keys.Contains(member.Key)).ToDictionaryAsync(member => member.Key, member => member.Id, cancellationToken);
        return keys.FirstOrDefault(key => !found.ContainsKey(key)) is { } unknown
            ? throw new RefusedException(nameof(Announce.MemberKeys), $"This loop has no member '{unknown}'.")
            : [.. found.Values.Order()];
    }

    private async Task<List<int>> ConcernedAsync(Announcement announcement, CancellationToken cancellationToken)
    {
        var members = work.Db.Members.Where(member => member.LoopId == announcement.LoopId);
        if (announcement.MemberIds is { } only)
        {
            members = members.Where(member => only.Contains(member.Id));
        }

        if (announcement.Carrier is { } carrier)
        {
            members = members.Where(member => work.Db.Meters.Any(meter =>
                meter.LoopId == announcement.LoopId && meter.MemberId == member.Id && meter.Carrier == carrier && meter.InServiceUntil == null));
        }

        return await members.Select(member => member.Id).ToListAsync(cancellationToken);
    }
}
