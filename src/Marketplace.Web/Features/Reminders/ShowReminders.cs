using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Reminders;

/// <summary>When a loop reminds, and whom it has reminded of what: for the operator.</summary>
/// <param name="Page">Of the reminders, counted from 1.</param>
public sealed record ShowReminders(int LoopId, int Page = 1) : IRequest<RemindersView>, IGuarded
{
    public const int PageSize = 50;

    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Terms">Those that hold today.</param>
/// <param name="Coming">Those that were set for later.</param>
/// <param name="LastDay">The last day on which the arrears were gone through.</param>
public sealed record RemindersView(
    DateOnly Today, ReminderTerms? Terms, ReminderTerms? Coming, DateOnly? LastDay, IReadOnlyList<ReminderRow> Reminders, int Count, long OpenFeeCents);

public sealed record ReminderRow(long Id, int MemberId, string MemberName, string Number, short Level, long Cents, long FeeCents, DateOnly MadeOn);

/// <summary>A loop's plans, those that run first; and what a member could pay in instalments: for the operator.</summary>
public sealed record ShowInstalments(int LoopId, int? MemberId = null) : IRequest<InstalmentsView>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Member">The member a plan may be agreed with.</param>
/// <param name="OpenCents">What that plan would pay.</param>
/// <param name="OpenDocuments">Of so many documents.</param>
public sealed record InstalmentsView(
    DateOnly Today, IReadOnlyList<PlanView> Plans, IReadOnlyDictionary<int, string> Names, (int Id, string Name)? Member, long OpenCents, int OpenDocuments);

internal sealed class ShowRemindersHandler(Work work, AccountBook accounts, InstalmentBook instalments, MarketTime market)
    : IRequestHandler<ShowReminders, RemindersView>, IRequestHandler<ShowInstalments, InstalmentsView>
{
    private const int MostPlans = 100;

    public async Task<RemindersView> Handle(ShowReminders request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var today = await TodayAsync(loopId, cancellationToken);
        var all = db.Reminders.AsNoTracking().Where(reminder => reminder.LoopId == loopId);
        var rows = await (
            from reminder in all
            join member in db.Members on new { reminder.LoopId, Id = reminder.MemberId } equals new { member.LoopId, member.Id }
            join bill in db.Bills on new { reminder.LoopId, Id = reminder.BillId } equals new { bill.LoopId, bill.Id }
            orderby reminder.Id descending
            select new ReminderRow(reminder.Id, member.Id, member.Name, bill.Number, reminder.Level, reminder.Cents, reminder.FeeCents, reminder.MadeOn))
            .Skip((Math.Clamp(request.Page, 1, 100_000) - 1) * ShowReminders.PageSize).Take(ShowReminders.PageSize).ToListAsync(cancellationToken);
        var fees = await db.Database.SqlQuery<long>(
            $"""SELECT coalesce(sum(open_cents), 0)::bigint AS "Value" FROM market.open_entries({loopId}) WHERE kind = 2""").SingleAsync(cancellationToken);
        return new RemindersView(
            today, await ReminderTermsOn.DayAsync(db, loopId, today, cancellationToken),
            await db.ReminderTerms.AsNoTracking().Where(terms => terms.LoopId == loopId && terms.ValidFrom > today).OrderBy(terms => terms.ValidFrom).ThenByDescending(terms => terms.Version)
                .FirstOrDefaultAsync(cancellationToken),
            await db.ReminderDays.Where(day => day.LoopId == loopId).MaxAsync(day => (DateOnly?)day.Day, cancellationToken),
            rows, await all.CountAsync(cancellationToken), fees);
    }

    public async Task<InstalmentsView> Handle(ShowInstalments request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var plans = await db.InstalmentPlans.AsNoTracking().Where(plan => plan.LoopId == loopId && (request.MemberId == null || plan.MemberId == request.MemberId))
            .OrderBy(plan => plan.State).ThenByDescending(plan => plan.Id).Take(MostPlans).ToListAsync(cancellationToken);
        var ids = plans.Select(plan => plan.MemberId).Distinct().ToArray();
        var names = await db.Members.AsNoTracking().Where(member => member.LoopId == loopId && ids.Contains(member.Id)).ToDictionaryAsync(member => member.Id, member => member.Name, cancellationToken);
        var views = await instalments.ViewsAsync(loopId, plans, cancellationToken);
        var today = await TodayAsync(loopId, cancellationToken);
        if (request.MemberId is not { } memberId)
        {
            return new InstalmentsView(today, views, names, null, 0, 0);
        }

        var member = await db.Members.AsNoTracking().SingleOrDefaultAsync(member => member.LoopId == loopId && member.Id == memberId, cancellationToken)
            ?? throw new NotPermittedException(nameof(ShowInstalments));
        var open = await AgreeInstalmentsHandler.OpenAsync(db, loopId, await accounts.ReadAsync(loopId, memberId, cancellationToken), cancellationToken);
        return new InstalmentsView(today, views, names, (member.Id, member.Name), open.Sum(document => document.Cents), open.Count);
    }

    private async Task<DateOnly> TodayAsync(int loopId, CancellationToken cancellationToken)
    {
        var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        return loop.Calendar.DayOf(await market.NowAsync(loopId, cancellationToken));
    }
}
