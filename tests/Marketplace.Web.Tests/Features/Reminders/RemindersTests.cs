using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Features.Disputes;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Features.Reminders;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Bills;
using Marketplace.Web.Tests.Features.Payments;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;
using Interval = Marketplace.Quantities.Interval;
using Money = Marketplace.Quantities.Money;
using Bill = Marketplace.Data.Bill;
using Role = Marketplace.Data.Role;

namespace Marketplace.Web.Tests.Features.Reminders;

/// <summary>Who is reminded of what, once; what that costs; and what instalments change.</summary>
public sealed class RemindersTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task Without_terms_nobody_is_reminded_and_with_them_each_level_comes_once_however_often_the_job_runs()
    {
        var loop = await OverdueAsync("levels");
        (await RemindAsync(loop)).ShouldBe(0);
        await ToDayAsync(loop, loop.Bill.DueOn.AddDays(6));
        await TermsAsync(loop, [7, 21], [0, 250]);
        (await RemindAsync(loop)).ShouldBe(0);

        await ToDayAsync(loop, loop.Bill.DueOn.AddDays(7));
        var made = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => RemindAsync(loop)));
        made.Sum().ShouldBe(1);
        (await RemindAsync(loop)).ShouldBe(0);
        await ToDayAsync(loop, loop.Bill.DueOn.AddDays(20));
        (await RemindAsync(loop)).ShouldBe(0);
        await ToDayAsync(loop, loop.Bill.DueOn.AddDays(60));
        (await RemindAsync(loop)).ShouldBe(1);
        await ToDayAsync(loop, loop.Bill.DueOn.AddDays(200));
        (await RemindAsync(loop)).ShouldBe(0);

        var reminders = await RemindersAsync(loop);
        reminders.Select(reminder => (reminder.Level, reminder.FeeCents)).ShouldBe([((short)1, 0L), ((short)2, 250L)]);
        (await host.Look(db => db.ReminderDays.CountAsync(day => day.LoopId == loop.LoopId))).ShouldBeGreaterThan(3);
        var shown = await host.Send(new ShowReminders(loop.LoopId), loop.Operator);
        (shown.Count, shown.OpenFeeCents, shown.Reminders[0].MemberName).ShouldBe((2, 250, "Kim"));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new SendReminders(loop.LoopId), Member(loop)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowReminders(loop.LoopId), Member(loop)));
    }

    [Fact]
    public async Task A_fee_is_owed_posted_once_and_paid_with_the_rest()
    {
        var loop = await OverdueAsync("fees");
        var open = await loop.OpenAsync(loop.Bill);
        await ToDayAsync(loop, loop.Bill.DueOn.AddDays(8));
        await TermsAsync(loop, [7], [400]);
        await Task.WhenAll(RemindAsync(loop), RemindAsync(loop));

        var account = await loop.AccountAsync(SettledWeekend.Household);
        (account.Balance.Cents, account.Account.Journal.Cents, account.Pay!.Cents).ShouldBe((open + 400, open + 400, open + 400));
        (await loop.JournalAsync(AccountKind.ReminderFees)).ShouldBe(-400);
        var totals = await host.Send(new TrialBalance(loop.LoopId, new Interval(SettledWeekend.Period.Start, SettledWeekend.Period.Start.AddDays(90))), loop.Operator);
        totals.Money.Sum(entry => entry.Debits).ShouldBe(totals.Money.Sum(entry => entry.Credits));

        await loop.ImportAsync(BilledLoop.Entry(open + 400, from: BilledLoop.IbanOf(SettledWeekend.Household)));
        account = await loop.AccountAsync(SettledWeekend.Household);
        account.Balance.Cents.ShouldBe(0);
        account.Account.OpenFeeCents(account.Account.Reminders.ShouldHaveSingleItem()).ShouldBe(0);
        await Should.ThrowAsync<Exception>(() => host.Look(db => db.Database.ExecuteSqlAsync($"DELETE FROM market.reminders WHERE loop_id = {loop.LoopId}")));
    }

    [Fact]
    public async Task What_is_disputed_collected_too_small_or_paid_is_left_out()
    {
        var loop = await OverdueAsync("left-out");
        var open = await loop.OpenAsync(loop.Bill);
        await ToDayAsync(loop, loop.Bill.DueOn.AddDays(30));
        await TermsAsync(loop, [7], [0], least: open - 99);
        var dispute = await DisputeAsync(loop, 100);
        (await RemindAsync(loop)).ShouldBe(0, "less than the least amount is undisputed");

        await TermsAsync(loop, [7], [0]);
        var file = await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.DirectDebits, Guid.NewGuid(), loop.Bill.DueOn.AddDays(31)), loop.Operator);
        file.SumCents.ShouldBe(open - 100);
        (await RemindAsync(loop)).ShouldBe(0, "it is being collected");
        await host.Send(new WithdrawBankFile(loop.LoopId, file.FileId), loop.Operator);

        (await RemindAsync(loop)).ShouldBe(1);
        (await RemindersAsync(loop)).ShouldHaveSingleItem().Cents.ShouldBe(open - 100);
        await loop.ImportAsync(BilledLoop.Entry(open - 100, loop.Bill.Number));
        await TermsAsync(loop, [7, 8], [0, 0]);
        await ToDayAsync(loop, loop.Bill.DueOn.AddDays(60));
        (await RemindAsync(loop)).ShouldBe(0, "all that is not disputed is paid");
        await host.Send(new DecideDispute(loop.LoopId, dispute, DisputeState.Rejected, 0, DisputeCure.None, "It fits."), loop.Operator);
        (await RemindAsync(loop)).ShouldBe(1);
        (await RemindersAsync(loop))[^1].Cents.ShouldBe(100);
    }

    [Fact]
    public async Task Instalments_keep_reminders_away_as_long_as_they_come_and_no_longer()
    {
        var loop = await OverdueAsync("plan");
        var open = await loop.OpenAsync(loop.Bill);
        var today = loop.Bill.DueOn.AddDays(10);
        await ToDayAsync(loop, today);
        await TermsAsync(loop, [7], [0]);
        var submission = Guid.NewGuid();
        var agree = new AgreeInstalments(loop.LoopId, SettledWeekend.Household, submission, 3, today.AddDays(5));
        await Should.ThrowAsync<RefusedException>(() => host.Send(agree with { Count = 1 }, loop.Operator));
        await Should.ThrowAsync<RefusedException>(() => host.Send(agree with { FirstOn = today.AddDays(-1) }, loop.Operator));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(agree, Member(loop)));
        var ids = await Task.WhenAll(host.Send(agree, loop.Operator), host.Send(agree, loop.Operator));
        ids[0].ShouldBe(ids[1]);
        await Should.ThrowAsync<RefusedException>(() => host.Send(agree with { SubmissionId = Guid.NewGuid() }, loop.Operator));

        var plan = (await loop.AccountAsync(SettledWeekend.Household)).Plans.ShouldHaveSingleItem();
        plan.Parts.Sum(part => part.Cents).ShouldBe(open);
        (await loop.AccountAsync(SettledWeekend.Household)).Pay!.Cents.ShouldBe(plan.Parts[0].Cents);
        (await RemindAsync(loop)).ShouldBe(0);

        // The mandate collects what is due of it, and no more.
        var file = await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.DirectDebits, Guid.NewGuid(), plan.Parts[0].DueOn), loop.Operator);
        file.SumCents.ShouldBe(plan.Parts[0].Cents);
        await loop.ImportAsync(BilledLoop.Entry(file.SumCents, endToEnd: PaymentReference.Of(loop.Bill.Number)));
        await ToDayAsync(loop, plan.Parts[1].DueOn.AddDays(ReminderTerms.UsualGraceDays));
        (await RemindAsync(loop)).ShouldBe(0, "an instalment may come some days late");
        (await loop.AccountAsync(SettledWeekend.Household)).Plans[0].Plan.State.ShouldBe(InstalmentPlanState.Running);

        await ToDayAsync(loop, plan.Parts[1].DueOn.AddDays(ReminderTerms.UsualGraceDays + 1));
        (await Task.WhenAll(RemindAsync(loop), RemindAsync(loop))).Sum().ShouldBe(1);
        (await loop.AccountAsync(SettledWeekend.Household)).Plans[0].Plan.State.ShouldBe(InstalmentPlanState.Broken);
        (await RemindersAsync(loop)).ShouldHaveSingleItem().Cents.ShouldBe(open - plan.Parts[0].Cents);

        // A broken plan does not stand in the way of another.
        var second = await host.Send(agree with { SubmissionId = Guid.NewGuid(), Count = 2, FirstOn = plan.Parts[1].DueOn.AddDays(20) }, loop.Operator);
        await loop.ImportAsync(BilledLoop.Entry(open - plan.Parts[0].Cents, loop.Bill.Number), "S-2");
        await RemindAsync(loop);
        (await host.Look(db => db.InstalmentPlans.AsNoTracking().SingleAsync(row => row.LoopId == loop.LoopId && row.Id == second))).State.ShouldBe(InstalmentPlanState.Completed);
        (await host.Look(db => db.InstalmentDocuments.AnyAsync(row => row.LoopId == loop.LoopId && row.Running))).ShouldBeFalse();
    }

    [Fact]
    public async Task A_plan_is_not_broken_by_an_instalment_that_is_being_collected()
    {
        var loop = await OverdueAsync("plan-in-file");
        var today = loop.Bill.DueOn.AddDays(10);
        await ToDayAsync(loop, today);
        await TermsAsync(loop, [7], [0]);
        await host.Send(new AgreeInstalments(loop.LoopId, SettledWeekend.Household, Guid.NewGuid(), 2, today.AddDays(5)), loop.Operator);
        var parts = (await loop.AccountAsync(SettledWeekend.Household)).Plans.ShouldHaveSingleItem().Parts;
        var file = await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.DirectDebits, Guid.NewGuid(), parts[0].DueOn), loop.Operator);
        file.SumCents.ShouldBe(parts[0].Cents);

        await ToDayAsync(loop, parts[0].DueOn.AddDays(ReminderTerms.UsualGraceDays + 1));
        (await RemindAsync(loop)).ShouldBe(0);
        var plan = (await loop.AccountAsync(SettledWeekend.Household)).Plans[0];
        (plan.Plan.State, plan.PaidCents, plan.OnItsWayCents).ShouldBe((InstalmentPlanState.Running, 0, parts[0].Cents));

        // It was never sent: nothing is on its way any more.
        await host.Send(new WithdrawBankFile(loop.LoopId, file.FileId), loop.Operator);
        await ToDayAsync(loop, parts[0].DueOn.AddDays(ReminderTerms.UsualGraceDays + 2));
        (await RemindAsync(loop)).ShouldBe(1);
        (await loop.AccountAsync(SettledWeekend.Household)).Plans[0].Plan.State.ShouldBe(InstalmentPlanState.Broken);
    }

    [Fact]
    public async Task The_payment_code_names_what_is_due_and_not_what_is_disputed()
    {
        var loop = await OverdueAsync("due-code");
        var due = await LaterBillAsync(loop, 500);
        var open = await loop.OpenAsync(loop.Bill);
        var lines = await host.Look(db => db.BillLines.AsNoTracking().Where(line => line.LoopId == loop.LoopId && line.BillId == loop.Bill.Id).OrderBy(line => line.Line).ToListAsync());
        await host.Put(db => db.Add(new Dispute
        {
            LoopId = loop.LoopId, Id = 1, BillId = loop.Bill.Id, Line = lines[0].Line, MemberId = SettledWeekend.Household, SubmissionId = Guid.NewGuid(), DisputedCents = open,
            OpenedAt = MarketplaceHost.Start, OpenedOn = new DateOnly(2026, 3, 5), AnswerBy = new DateOnly(2026, 4, 5),
        }));

        var pay = (await loop.AccountAsync(SettledWeekend.Household)).Pay.ShouldNotBeNull();
        (pay.Reference, pay.Cents).ShouldBe((PaymentReference.Of(due.Number), 500));
        // And who names the disputed bill all the same pays what is due.
        await loop.ImportAsync(BilledLoop.Entry(500, loop.Bill.Number));
        ((await loop.OpenAsync(loop.Bill)), (await loop.OpenAsync(due))).ShouldBe((open, 0));
        await ToDayAsync(loop, due.DueOn.AddDays(30));
        await TermsAsync(loop, [7], [400]);
        (await RemindAsync(loop)).ShouldBe(0);
    }

    /// <summary>A further bill of the household, as a later period would bring it.</summary>
    private async Task<Bill> LaterBillAsync(BilledLoop loop, long cents)
    {
        var later = await host.Look(db => db.Bills.AsNoTracking().SingleAsync(bill => bill.LoopId == loop.LoopId && bill.Id == loop.Bill.Id));
        (later.Id, later.Number, later.PeriodStart, later.PeriodEnd, later.DueOn) = (900, "LATER-2026-000900", later.PeriodEnd, later.PeriodEnd.AddDays(1), later.DueOn.AddDays(5));
        (later.NetCents, later.VatCents, later.TotalCents) = (cents, 0, cents);
        await host.Put(db => db.Add(later));
        await host.Put(db => db.Add(new Transfer
        {
            LoopId = loop.LoopId, Hour = MarketplaceHost.Start, Kind = TransferKind.Bill, Amount = Money.FromCents(cents).Micro, Reference = later.Id,
            DebitAccount = db.Accounts.Single(account => account.LoopId == loop.LoopId && account.Kind == AccountKind.Receivable && account.MemberId == SettledWeekend.Household).Id,
            CreditAccount = db.Accounts.Single(account => account.LoopId == loop.LoopId && account.Kind == AccountKind.Unbilled && account.MemberId == SettledWeekend.Household).Id,
        }));
        return later;
    }

    [Fact]
    public async Task Terms_hold_from_their_day_on()
    {
        var loop = await OverdueAsync("terms");
        var today = loop.Bill.DueOn.AddDays(8);
        await ToDayAsync(loop, today);
        await TermsAsync(loop, [30], [0], from: today.AddDays(1));
        await TermsAsync(loop, [7], [0]);
        foreach (var wrong in new SetReminderTerms[]
        {
            new(loop.LoopId, today.AddDays(-1), [7], [0], 0, 30, 5), new(loop.LoopId, today, [7, 7], [0, 0], 0, 30, 5), new(loop.LoopId, today, [7], [0, 0], 0, 30, 5),
            new(loop.LoopId, today, [7], [-1], 0, 30, 5), new(loop.LoopId, today, [7], [0], 0, 0, 5), new(loop.LoopId, today, [0], [0], 0, 30, 5),
        })
        {
            await Should.ThrowAsync<RefusedException>(() => host.Send(wrong, loop.Operator));
        }

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new SetReminderTerms(loop.LoopId, today, [7], [0], 0, 30, 5), Member(loop)));
        var shown = await host.Send(new ShowReminders(loop.LoopId), loop.Operator);
        (shown.Terms!.Version, shown.Coming!.Version).ShouldBe((2, 1));
        (await RemindAsync(loop)).ShouldBe(1);
        await ToDayAsync(loop, today.AddDays(1));
        (await host.Send(new ShowReminders(loop.LoopId), loop.Operator)).Terms!.Version.ShouldBe(1);
    }

    private static Actor Member(BilledLoop loop) => loop.Weekend.As(SettledWeekend.Household, Role.Consumer);

    private async Task<BilledLoop> OverdueAsync(string slug)
    {
        var loop = await BilledLoop.InAsync(host, slug);
        await host.Send(new SettleAccounts(loop.LoopId));
        // The others have paid: what follows is about one member.
        foreach (var entry in (await host.Send(new ListPayments(loop.LoopId), loop.Operator)).Open.Where(entry => entry.MemberId != SettledWeekend.Household))
        {
            await host.Send(new RecordReceipt(loop.LoopId, entry.MemberId, Guid.NewGuid(), ReceiptKind.Payment, Money.FromCents(entry.OpenCents)), loop.Operator);
        }

        return loop;
    }

    private async Task<int> RemindAsync(BilledLoop loop)
    {
        var made = 0;
        for (int? last = 0; last is { } after;)
        {
            var round = await host.Send(new SendReminders(loop.LoopId, after));
            (made, last) = (made + round.Reminders, round.Last);
        }

        return made;
    }

    private async Task TermsAsync(BilledLoop loop, int[] days, long[] fees, long least = 0, DateOnly? from = null)
    {
        var today = (await loop.AccountAsync(SettledWeekend.Household)).Today;
        await host.Send(new SetReminderTerms(loop.LoopId, from ?? today, days, fees, least, 30, ReminderTerms.UsualGraceDays), loop.Operator);
    }

    private async Task<int> DisputeAsync(BilledLoop loop, long cents)
    {
        var line = await host.Look(db => db.BillLines.AsNoTracking().Where(line => line.LoopId == loop.LoopId && line.BillId == loop.Bill.Id).OrderByDescending(line => line.AmountCents).FirstAsync());
        return await host.Send(new OpenDispute(loop.LoopId, loop.Bill.Number, line.Line, Guid.NewGuid(), cents, "It does not fit."), Member(loop));
    }

    private Task<List<Reminder>> RemindersAsync(BilledLoop loop) =>
        host.Look(db => db.Reminders.AsNoTracking().Where(reminder => reminder.LoopId == loop.LoopId).OrderBy(reminder => reminder.Id).ToListAsync());

    private Task<int> ToDayAsync(BilledLoop loop, DateOnly day) => host.Look(db => db.Clocks.Where(clock => clock.LoopId == loop.LoopId)
        .ExecuteUpdateAsync(clocks => clocks.SetProperty(clock => clock.MarketAnchor, new DateTimeOffset(day, new TimeOnly(12, 0), TimeSpan.Zero))));
}
