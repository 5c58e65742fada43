using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Features.Sending;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Quartz;

namespace Marketplace.Web.Features.Reminders;

/// <summary>Judges the plans of a loop's members and reminds of what is overdue, a hundred members in one go, each on the account as it stands at that
/// moment. What is disputed, being collected or paid by a plan that is kept is left out. A level is reached once: done again it changes nothing.</summary>
/// <param name="After">Members up to this number are done.</param>
public sealed record SendReminders(int LoopId, int After = 0) : IRequest<ReminderRound>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Reminders">Made now.</param>
/// <param name="Last">The last member that was looked at; none where the loop's are done for the day.</param>
public sealed record ReminderRound(int Reminders, int? Last);

internal sealed class SendRemindersHandler(
    Work work, AccountBook accounts, InstalmentBook instalments, OrderIntake intake, Journal journal, DocumentOutbox outbox, MarketTime market, TimeProvider time)
    : IRequestHandler<SendReminders, ReminderRound>
{
    private const int AtOnce = 100;

    /// <summary>An instalment is announced so many days before it is due.</summary>
    private const int AnnounceDays = 3;

    public async Task<ReminderRound> Handle(SendReminders request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var now = await market.NowAsync(loopId, cancellationToken);
        var today = loop.Calendar.DayOf(now);
        var terms = await ReminderTermsOn.DayAsync(db, loopId, today, cancellationToken);
        var first = terms is { LevelDays: [var days, ..] } ? days : (int?)null;
        // Only who may be concerned; the account decides.
        var members = await db.Database.SqlQuery<int>(
            $"""
            SELECT e.member_id AS "Value" FROM market.open_entries({loopId}) e
            WHERE e.kind = 1 AND e.open_cents > e.held_cents AND e.open_cents > 0 AND e.in_file_cents = 0 AND e.due_on + {first}::int <= {today} AND e.member_id > {request.After}
            UNION
            SELECT p.member_id FROM market.instalment_plans p WHERE p.loop_id = {loopId} AND p.state = {(short)InstalmentPlanState.Running} AND p.member_id > {request.After}
            ORDER BY 1 LIMIT {AtOnce}
            """).ToListAsync(cancellationToken);
        var made = 0;
        foreach (var member in members)
        {
            made += await RemindAsync(loopId, member, terms, MarketHour.Containing(now), today, cancellationToken);
        }

        if (members.Count == AtOnce)
        {
            return new ReminderRound(made, members[^1]);
        }

        await db.Database.ExecuteSqlAsync(
            $"INSERT INTO market.reminder_days (loop_id, day, done_at) VALUES ({loopId}, {today}, {time.GetUtcNow()}) ON CONFLICT DO NOTHING", cancellationToken);
        return new ReminderRound(made, null);
    }

    private async Task<int> RemindAsync(int loopId, int memberId, ReminderTerms? terms, DateTimeOffset hour, DateOnly today, CancellationToken cancellationToken)
    {
        // Payments, disputes and plans of the member wait for this lock: what is read now is so until the reminders are kept.
        await intake.LockAsync(loopId, memberId, cancellationToken);
        var account = await accounts.SettleAsync(loopId, memberId, cancellationToken);
        var planned = await JudgeAsync(loopId, await instalments.OfMemberAsync(loopId, account, cancellationToken), today, cancellationToken);
        var reminders = terms is null ? [] : Due(account, planned, terms, today);
        if (reminders.Count == 0)
        {
            return 0;
        }

        foreach (var reminder in reminders)
        {
            (reminder.LoopId, reminder.MadeOn, reminder.MadeAt) = (loopId, today, time.GetUtcNow());
        }

        work.Db.Reminders.AddRange(reminders);
        await work.Db.SaveChangesAsync(cancellationToken);
        await PostFeesAsync(loopId, memberId, reminders, hour, cancellationToken);
        // One letter, however many documents: it leads to the account, where they all stand.
        await outbox.QueueAsync(
            await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, reminders[0].BillId, LetterTopic.Reminded(reminders[0].Id), cancellationToken);
        return reminders.Count;
    }

    private static List<Reminder> Due(MemberAccount account, HashSet<int> planned, ReminderTerms terms, DateOnly today)
    {
        var before = account.Reminders.GroupBy(reminder => reminder.BillId).ToDictionary(group => group.Key, group => group.MaxBy(reminder => reminder.Level)!);
        var due = new List<Reminder>();
        foreach (var document in account.Documents.Where(document => document.DueOn < today && !planned.Contains(document.Id)).OrderBy(document => document.DueOn).ThenBy(document => document.Id))
        {
            var cents = account.OpenCents(document) - account.DisputedCents(document);
            if (cents <= 0 || cents < terms.LeastCents || account.InFileCents(document) > 0)
            {
                continue;
            }

            var last = before.GetValueOrDefault(document.Id);
            if (Reminding.LevelDue(terms.LevelDays, document.DueOn, last?.Level ?? 0, last?.MadeOn ?? default, today) is { } level)
            {
                due.Add(new Reminder
                {
                    MemberId = account.MemberId, BillId = document.Id, Level = checked((short)level), TermsVersion = terms.Version, Cents = cents, FeeCents = terms.LevelFeeCents[level - 1],
                });
            }
        }

        return due;
    }

    private async Task PostFeesAsync(int loopId, int memberId, List<Reminder> reminders, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        if (reminders.All(reminder => reminder.FeeCents == 0))
        {
            return;
        }

        var book = await journal.AccountsAsync(loopId, [memberId], cancellationToken, [AccountKind.ReminderFees]);
        // Below zero, as receipts: documents count upwards, and both are references of transfers.
        await journal.PostAsync(
            [.. reminders.SelectMany(reminder => book.Move(
                hour, TransferKind.ReminderFee, null, book[AccountKind.Receivable, memberId], book[AccountKind.ReminderFees], Money.FromCents(reminder.FeeCents).Micro, -reminder.Id))],
            cancellationToken);
    }

    /// <summary>Writes down what has become of the plans.</summary>
    /// <returns>The documents that plans still pay.</returns>
    private async Task<HashSet<int>> JudgeAsync(int loopId, IReadOnlyList<PlanView> plans, DateOnly today, CancellationToken cancellationToken)
    {
        var planned = new HashSet<int>();
        foreach (var plan in plans.Where(plan => plan.Runs))
        {
            switch (plan.StandingOn(today))
            {
                case InstalmentStanding.Completed:
                    await PlanEnd.WriteAsync(work.Db, plan.Plan, InstalmentPlanState.Completed, today, cancellationToken);
                    break;
                case InstalmentStanding.Broken:
                    await PlanEnd.WriteAsync(work.Db, plan.Plan, InstalmentPlanState.Broken, today, cancellationToken);
                    await QueueAsync(plan, LetterTopic.PlanBroken(plan.Plan.Id));
                    break;
                default:
                    planned.UnionWith(plan.Documents.Select(document => document.BillId));
                    if (plan.Next is { } next && next.DueOn.AddDays(-AnnounceDays) <= today && next.DueOn >= today)
                    {
                        await QueueAsync(plan, LetterTopic.InstalmentDue(plan.Plan.Id, plan.Parts.Index().First(part => part.Item == next).Index + 1));
                    }

                    break;
            }
        }

        return planned;

        async Task QueueAsync(PlanView plan, string topic) =>
            await outbox.QueueAsync(await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, plan.Documents[0].BillId, topic, cancellationToken);
    }
}

/// <summary>Ends a plan: its documents are due as if there had been none.</summary>
internal static class PlanEnd
{
    public static async Task WriteAsync(MarketplaceDb db, InstalmentPlan plan, InstalmentPlanState state, DateOnly today, CancellationToken cancellationToken)
    {
        await db.InstalmentPlans.Where(row => row.LoopId == plan.LoopId && row.Id == plan.Id && row.State == InstalmentPlanState.Running)
            .ExecuteUpdateAsync(rows => rows.SetProperty(row => row.State, state).SetProperty(row => row.EndedOn, today), cancellationToken);
        await db.InstalmentDocuments.Where(row => row.LoopId == plan.LoopId && row.PlanId == plan.Id)
            .ExecuteUpdateAsync(rows => rows.SetProperty(row => row.Running, false), cancellationToken);
    }
}

/// <summary>Goes through the arrears of each loop once a day, in the morning of its own clock. Coming twice or late changes nothing.</summary>
[DisallowConcurrentExecution]
public sealed class RemindersJob(LoopRounds rounds, IDbContextFactory<MarketplaceDb> databases, Requests requests) : IJob
{
    /// <summary>Nobody is written to at night.</summary>
    private static readonly TimeSpan s_morning = TimeSpan.FromHours(8);

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await rounds.GoAsync(
            nameof(RemindersJob),
            one => !one.IsReplay && one.Loop.Calendar.ToLocal(one.Now).TimeOfDay >= s_morning,
            async one =>
            {
                var (loopId, today) = (one.Loop.Id, one.Loop.Calendar.DayOf(one.Now));
                if (await db.ReminderDays.AnyAsync(day => day.LoopId == loopId && day.Day == today, cancellationToken))
                {
                    return;
                }

                for (int? last = 0; last is { } after;)
                {
                    last = (await requests.Send(new SendReminders(loopId, after), Actor.System, cancellationToken)).Last;
                }
            },
            cancellationToken);
    }
}
