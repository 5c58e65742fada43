using System.Text;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Corrections;
using Marketplace.Web.Features.Disputes;
using Marketplace.Web.Features.Members;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Features.Transparency.Records;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Bills;
using Marketplace.Web.Tests.Features.Operations;
using Marketplace.Web.Tests.Features.Payments;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;
using Role = Marketplace.Data.Role;

namespace Marketplace.Web.Tests.Features.Disputes;

/// <summary>What a dispute holds back, how it ends, and what becomes of the money.</summary>
public sealed class DisputesTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private static readonly DateOnly s_execution = new(2026, 3, 20);

    [Fact]
    public async Task A_member_disputes_a_line_once_and_only_its_own()
    {
        var loop = await BilledLoop.InAsync(host, "open");
        var (line, cents) = await HeaviestLineAsync(loop);
        var submission = Guid.NewGuid();
        var request = new OpenDispute(loop.LoopId, loop.Bill.Number, line, submission, 100, "We were away.");

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(request, loop.Weekend.As(SettledWeekend.Neighbour, Role.Consumer)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(request, loop.Operator));
        await Should.ThrowAsync<RefusedException>(() => host.Send(request with { DisputedCents = cents + 1 }, Member(loop)));
        await Should.ThrowAsync<RefusedException>(() => host.Send(request with { DisputedCents = 0 }, Member(loop)));
        await Should.ThrowAsync<RefusedException>(() => host.Send(request with { Reason = " " }, Member(loop)));
        var ids = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => host.Send(request, Member(loop))));

        ids.Distinct().ShouldHaveSingleItem();
        await Should.ThrowAsync<RefusedException>(() => host.Send(request with { SubmissionId = Guid.NewGuid() }, Member(loop)));
        var view = await host.Send(new ShowDispute(loop.LoopId, ids[0]), Member(loop));
        view.AsOperator.ShouldBeFalse();
        view.DaysLeft.ShouldBe(ReminderTerms.UsualAnswerDays);
        view.Notes.ShouldHaveSingleItem().Text.ShouldBe("We were away.");
        view.Hours.Count.ShouldBe(5);
        (await host.Send(new ShowDispute(loop.LoopId, ids[0]), loop.Operator)).AsOperator.ShouldBeTrue();
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowDispute(loop.LoopId, ids[0]), loop.Weekend.As(SettledWeekend.Neighbour, Role.Consumer)));
        (await host.Send(new ListDisputes(loop.LoopId, SettledWeekend.Household), Member(loop))).HeldCents.ShouldBe(100);
        var counts = await host.Send(new CountDisputes(loop.LoopId), loop.Operator);
        (counts.Open, counts.Late, counts.Soon, counts.ToRevise).ShouldBe((1, 0, 0, 0));
        await ToDayAsync(loop, view.Dispute.AnswerBy.AddDays(1));
        (await host.Send(new CountDisputes(loop.LoopId), loop.Operator)).Late.ShouldBe(1);
        (await host.Send(new ListLoopDisputes(loop.LoopId), loop.Operator)).Disputes.ShouldHaveSingleItem().Id.ShouldBe(ids[0]);
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ListLoopDisputes(loop.LoopId), Member(loop)));
    }

    [Fact]
    public async Task What_is_disputed_is_neither_due_nor_collected_nor_set_off_and_is_again_when_rejected()
    {
        var loop = await BilledLoop.InAsync(host, "held");
        await host.Send(new SettleAccounts(loop.LoopId));
        var open = await loop.OpenAsync(loop.Bill);
        var before = (await host.Send(new ListPayments(loop.LoopId), loop.Operator)).Totals;
        var id = await OpenAsync(loop, 150);

        var account = await loop.AccountAsync(SettledWeekend.Household);
        account.DisputedCents.ShouldBe(150);
        account.Pay!.Cents.ShouldBe(open - 150);
        account.Account.Journal.ShouldBe(account.Balance);
        var totals = (await host.Send(new ListPayments(loop.LoopId), loop.Operator)).Totals;
        (totals.DisputedCents, totals.OpenCents, before.DisputedCents).ShouldBe((150, before.OpenCents, 0));
        var file = await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.DirectDebits, Guid.NewGuid(), s_execution), loop.Operator);
        file.SumCents.ShouldBe(open - 150);

        // Money that names nothing settles what is not disputed only.
        await loop.ImportAsync(BilledLoop.Entry(open - 150, endToEnd: PaymentReference.Of(loop.Bill.Number)) + BilledLoop.Entry(500, from: BilledLoop.IbanOf(SettledWeekend.Household)));
        var waiting = (await host.Send(new ListBankEntries(loop.LoopId), loop.Operator)).Entries.ShouldHaveSingleItem();
        await host.Send(new ResolveBankEntry(loop.LoopId, waiting.Id, BankEntryState.Assigned, SettledWeekend.Household), loop.Operator);
        (await loop.OpenAsync(loop.Bill)).ShouldBe(150);

        await host.Send(new DecideDispute(loop.LoopId, id, DisputeState.Rejected, 0, DisputeCure.None, "The readings fit."), loop.Operator);
        (await host.Send(new SettleAccounts(loop.LoopId))).ShouldBe(1);
        (await loop.OpenAsync(loop.Bill)).ShouldBe(0);
        (await loop.AccountAsync(SettledWeekend.Household)).Balance.Cents.ShouldBe(-350);
        (await loop.JournalAsync(AccountKind.Goodwill)).ShouldBe(0);
    }

    [Fact]
    public async Task A_credit_is_posted_once_however_often_and_by_whomever_it_is_decided()
    {
        var loop = await BilledLoop.InAsync(host, "credit");
        await host.Send(new SettleAccounts(loop.LoopId));
        var open = await loop.OpenAsync(loop.Bill);
        var id = await OpenAsync(loop, 200);
        var decide = new DecideDispute(loop.LoopId, id, DisputeState.PartlyUpheld, 80, DisputeCure.Credit, "Half of it was ours.");

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(decide, Member(loop)));
        await Should.ThrowAsync<RefusedException>(() => host.Send(decide with { GrantedCents = 200 }, loop.Operator));
        await Should.ThrowAsync<RefusedException>(() => host.Send(decide with { Outcome = DisputeState.Upheld }, loop.Operator));
        await Should.ThrowAsync<RefusedException>(() => host.Send(decide with { Cure = DisputeCure.None }, loop.Operator));
        await Should.ThrowAsync<RefusedException>(() => host.Send(decide with { Answer = "" }, loop.Operator));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => host.Send(decide, loop.Operator)));
        await Should.ThrowAsync<RefusedException>(() => host.Send(decide with { GrantedCents = 90 }, loop.Operator));
        await Should.ThrowAsync<RefusedException>(() => host.Send(new WithdrawDispute(loop.LoopId, id), Member(loop)));

        (await loop.JournalAsync(AccountKind.Goodwill)).ShouldBe(80);
        (await loop.OpenAsync(loop.Bill)).ShouldBe(open - 80);
        var account = await loop.AccountAsync(SettledWeekend.Household);
        (account.Balance.Cents, account.DisputedCents).ShouldBe((open - 80, 0));
        account.Account.Journal.ShouldBe(account.Balance);
        (await host.Look(db => db.GoodwillCredits.CountAsync(credit => credit.LoopId == loop.LoopId))).ShouldBe(1);
        (await host.Send(new ShowDispute(loop.LoopId, id), Member(loop))).Notes.Count.ShouldBe(2);
        var totals = await host.Send(new TrialBalance(loop.LoopId, new Interval(SettledWeekend.Period.Start, SettledWeekend.Period.Start.AddDays(60))), loop.Operator);
        totals.Money.Sum(entry => entry.Debits).ShouldBe(totals.Money.Sum(entry => entry.Credits));
        await Should.ThrowAsync<Exception>(() => host.Look(db => db.Database.ExecuteSqlAsync($"UPDATE market.goodwill_credits SET cents = 1 WHERE loop_id = {loop.LoopId}")));
    }

    [Fact]
    public async Task A_credit_of_a_paid_bill_is_paid_out()
    {
        var loop = await BilledLoop.InAsync(host, "payout-credit");
        await host.Send(new SettleAccounts(loop.LoopId));
        await loop.ImportAsync(BilledLoop.Entry(await loop.OpenAsync(loop.Bill), loop.Bill.Number));
        var id = await OpenAsync(loop, 120);
        await host.Send(new DecideDispute(loop.LoopId, id, DisputeState.Upheld, 120, DisputeCure.Credit, "You were right."), loop.Operator);

        (await loop.AccountAsync(SettledWeekend.Household)).Balance.Cents.ShouldBe(-120);
        var credits = loop.Bills.Where(bill => bill.OwedCents < 0 && bill.MemberId != SettledWeekend.Household).Sum(bill => -bill.OwedCents);
        var file = await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.CreditTransfers, Guid.NewGuid(), s_execution), loop.Operator);
        file.SumCents.ShouldBe(credits + 120);
        await loop.ImportAsync(BilledLoop.Entry(-120, endToEnd: PaymentReference.Of(loop.Bill.Number)), "S-2");
        (await loop.AccountAsync(SettledWeekend.Household)).Balance.ShouldBe(Money.Zero);
        (await loop.JournalAsync(AccountKind.Receivable, SettledWeekend.Household)).ShouldBe(0);
    }

    [Fact]
    public async Task Upheld_by_revision_the_amount_stays_held_until_the_bill_is_taken_back_and_an_open_dispute_follows_to_the_new_bill()
    {
        const int office = 6;
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();
        await market.AdvanceAsync();
        await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, market.End), market.End));
        var bill = await host.Look(db => db.Bills.AsNoTracking().FirstAsync(bill => bill.LoopId == market.LoopId && bill.MemberId == SmallMarket.HomeA && bill.Role == Role.Consumer));
        var lines = await host.Look(db => db.BillLines.AsNoTracking().Where(line => line.LoopId == market.LoopId && line.BillId == bill.Id && line.AmountCents > 1).OrderBy(line => line.Line).ToListAsync());
        lines.Count.ShouldBeGreaterThan(1);
        var (member, keeper) = (market.ActorOf(SmallMarket.HomeA), market.ActorOf(office, Role.Operator));
        var upheld = await host.Send(new OpenDispute(market.LoopId, bill.Number, lines[0].Line, Guid.NewGuid(), 2, "Counted twice"), member);
        await host.Send(new OpenDispute(market.LoopId, bill.Number, lines[1].Line, Guid.NewGuid(), 1, "Too dear"), member);

        await host.Send(new DecideDispute(market.LoopId, upheld, DisputeState.Upheld, 2, DisputeCure.Revision, "The meter counted twice."), keeper);
        (await HeldAsync()).ShouldBe([(bill.Id, 3)]);
        var view = await host.Send(new ShowDispute(market.LoopId, upheld), keeper);
        view.AwaitsRevision.ShouldBeTrue();
        (await host.Send(new CountDisputes(market.LoopId), keeper)).ToRevise.ShouldBe(1);

        await host.Send(
            new CorrectHour(market.LoopId, market.FirstHour, Guid.NewGuid(), Carrier.Heat, "The meter counted twice", [new CorrectedAmount(SmallMarket.HomeA, Money.FromCents(-2))]), keeper);
        (await host.Send(new ReviseBills(market.LoopId))).CreditNotes.ShouldHaveSingleItem();

        view = await host.Send(new ShowDispute(market.LoopId, upheld), member);
        view.AwaitsRevision.ShouldBeFalse();
        view.CreditNote.ShouldNotBeNull();
        view.ReplacedBy.ShouldNotBeNull();
        (await host.Send(new CountDisputes(market.LoopId), keeper)).ToRevise.ShouldBe(0);
        var replaced = await host.Look(db => db.Bills.AsNoTracking().SingleAsync(later => later.LoopId == market.LoopId && later.CorrectsId == bill.Id && later.Kind == DocumentKind.Invoice));
        (await HeldAsync()).ShouldBe([(bill.Id, 1), (replaced.Id, 1)]);
        (await host.Send(new ShowMemberAccount(market.LoopId, SmallMarket.HomeA), member)).DisputedCents.ShouldBe(1);
        await Should.ThrowAsync<RefusedException>(() => host.Send(new OpenDispute(market.LoopId, bill.Number, lines[0].Line, Guid.NewGuid(), 1, "Again"), member));

        async Task<List<(int, long)>> HeldAsync() => (await host.Look(db => db.Database
            .SqlQuery<Held>($"""SELECT bill_id AS "BillId", cents AS "Cents" FROM market.disputed_amounts({market.LoopId}) ORDER BY bill_id""").ToListAsync())).ConvertAll(held => (held.BillId, held.Cents));
    }

    [Fact]
    public async Task An_outcome_is_on_the_ledger_for_its_parties_and_for_nobody_else()
    {
        var loop = await BilledLoop.InAsync(host, "outcome");
        var id = await OpenAsync(loop, 60);
        (await host.Send(new ProveDispute(loop.LoopId, id), Member(loop))).ShouldBeNull();
        await host.Send(new AttachToDispute(loop.LoopId, id, Guid.NewGuid(), "note.pdf", Encoding.ASCII.GetBytes("%PDF-1.7 x")), Member(loop));
        await host.Send(new DecideDispute(loop.LoopId, id, DisputeState.Upheld, 60, DisputeCure.Credit, "Right."), loop.Operator);

        (await host.Send(new ProveDispute(loop.LoopId, id), Member(loop))).ShouldNotBeNull();
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ProveDispute(loop.LoopId, id), loop.Weekend.As(SettledWeekend.Neighbour, Role.Consumer)));
        var dispute = await host.Look(db => db.Disputes.AsNoTracking().SingleAsync(row => row.LoopId == loop.LoopId && row.Id == id));
        var words = Encoding.UTF8.GetString(dispute.Canonical!);
        words.ShouldStartWith($"disputeOutcome/v1\nloop outcome\nnumber {id}\nmember m-02\nbill {loop.Bill.Number}\nline {dispute.Line}\n");
        words.ShouldContain("\ndisputedCents 60\nanswerBy 2026-04-02\noutcome Upheld\n");
        words.ShouldContain("\ngrantedCents 60\ncure Credit\nanswerSha256 ");
        words.ShouldContain("\nfileSha256 ");
        words.ShouldNotContain("Right");
        await using var scope = host.Services.CreateAsyncScope();
        var records = scope.ServiceProvider.GetServices<IRecordSource>().Single(source => source.Kind == RecordKind.DisputeOutcome);
        var place = new EntryPlace(loop.LoopId, "outcome", dispute.BatchId!.Value, $"dispute/{id}", dispute.BatchPosition!.Value);
        (await records.FindAsync(place, Member(loop), default)).ShouldNotBeNull().Record.Canonical.ShouldBe(dispute.Canonical);
        (await records.FindAsync(place, loop.Operator, default)).ShouldNotBeNull();
        (await records.FindAsync(place, loop.Weekend.As(SettledWeekend.Neighbour, Role.Consumer), default)).ShouldBeNull();
    }

    [Fact]
    public async Task Both_sides_write_and_add_files_that_are_what_they_say_while_it_is_open()
    {
        var loop = await BilledLoop.InAsync(host, "talk");
        var id = await OpenAsync(loop, 60);
        var submission = Guid.NewGuid();
        await host.Send(new WriteToDispute(loop.LoopId, id, submission, "Which meter?"), loop.Operator);
        await host.Send(new WriteToDispute(loop.LoopId, id, submission, "Which meter?"), loop.Operator);
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new WriteToDispute(loop.LoopId, id, Guid.NewGuid(), "I too"), loop.Weekend.As(SettledWeekend.Neighbour, Role.Consumer)));
        var pdf = Encoding.ASCII.GetBytes("%PDF-1.4\n1 0 obj");
        var attached = Guid.NewGuid();
        await host.Send(new AttachToDispute(loop.LoopId, id, attached, "../../a<b>.exe", pdf), Member(loop));
        await host.Send(new AttachToDispute(loop.LoopId, id, attached, "again.pdf", pdf), Member(loop));
        foreach (var wrong in new[] { "<html><script>alert(1)</script>"u8.ToArray(), "MZ..."u8.ToArray(), [0xFF, 0xD8, 0xFF, 0xE0], new byte[AttachToDispute.MostBytes + 1], [] })
        {
            await Should.ThrowAsync<RefusedException>(() => host.Send(new AttachToDispute(loop.LoopId, id, Guid.NewGuid(), "x.pdf", wrong), Member(loop)));
        }

        var notes = (await host.Send(new ShowDispute(loop.LoopId, id), Member(loop))).Notes;
        notes.Count.ShouldBe(3);
        notes.Select(note => note.FromOperator).ShouldBe([false, true, false]);
        var file = notes.Single(note => note.FileId is not null);
        (file.FileName, file.ContentType).ShouldBe(("ab.pdf", "application/pdf"));
        (await host.Send(new ReadDisputeFile(loop.LoopId, id, file.FileId!.Value), loop.Operator)).Content.ShouldBe(pdf);
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ReadDisputeFile(loop.LoopId, id, file.FileId!.Value), loop.Weekend.As(SettledWeekend.Neighbour, Role.Consumer)));

        await host.Send(new WithdrawDispute(loop.LoopId, id), Member(loop));
        await Should.ThrowAsync<RefusedException>(() => host.Send(new WriteToDispute(loop.LoopId, id, Guid.NewGuid(), "One more"), Member(loop)));
        (await loop.AccountAsync(SettledWeekend.Household)).DisputedCents.ShouldBe(0);
        await host.Put(db => db.Add(new MemberRole { LoopId = loop.LoopId, MemberId = SettledWeekend.Operator, Role = Role.Operator }));
        await host.AddPerson(loop.LoopId, SettledWeekend.Operator);
        await host.Send(new EraseMember(loop.LoopId, SettledWeekend.Household));
        (await host.Send(new ShowDispute(loop.LoopId, id), loop.Operator)).Notes.ShouldBeEmpty();
    }

    private static Actor Member(BilledLoop loop) => loop.Weekend.As(SettledWeekend.Household, Role.Consumer);

    private async Task<(short Line, long Cents)> HeaviestLineAsync(BilledLoop loop)
    {
        var line = await host.Look(db => db.BillLines.AsNoTracking().Where(line => line.LoopId == loop.LoopId && line.BillId == loop.Bill.Id).OrderByDescending(line => line.AmountCents).FirstAsync());
        return (line.Line, line.AmountCents + Rounding.DivideAwayFromZero((Int128)line.AmountCents * line.VatBasisPoints, 10_000));
    }

    private async Task<int> OpenAsync(BilledLoop loop, long cents) =>
        await host.Send(new OpenDispute(loop.LoopId, loop.Bill.Number, (await HeaviestLineAsync(loop)).Line, Guid.NewGuid(), cents, "It does not fit."), Member(loop));

    private Task<int> ToDayAsync(BilledLoop loop, DateOnly day) => host.Look(db => db.Clocks.Where(clock => clock.LoopId == loop.LoopId)
        .ExecuteUpdateAsync(clocks => clocks.SetProperty(clock => clock.MarketAnchor, new DateTimeOffset(day, new TimeOnly(12, 0), TimeSpan.Zero))));

    private sealed record Held(int BillId, long Cents);
}
