using System.Text;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Bills;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Payments.BilledLoop;

namespace Marketplace.Web.Tests.Features.Payments;

public sealed class PaymentsTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private static readonly DateOnly s_execution = new(2026, 3, 20);

    [Fact]
    public async Task An_account_is_what_the_journal_holds_and_credits_are_set_off()
    {
        var loop = await InAsync(host, "account");
        var own = loop.Bills.Where(bill => bill.MemberId == SettledWeekend.Household).ToList();
        own.Count.ShouldBe(2);

        var view = await loop.AccountAsync(SettledWeekend.Household);

        view.Balance.Cents.ShouldBe(own.Sum(bill => bill.OwedCents));
        view.Account.Journal.ShouldBe(view.Balance);
        (await loop.OpenAsync(loop.Bill)).ShouldBe(view.Balance.Cents);
        view.Pay!.Reference.ShouldBe(PaymentReference.Of(loop.Bill.Number));
        view.Pay.Code!.ShouldContain(BilledLoop.Account);
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowMemberAccount(loop.LoopId, SettledWeekend.Household), loop.Weekend.As(SettledWeekend.Neighbour, Role.Consumer)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ListPayments(loop.LoopId), loop.Weekend.As(SettledWeekend.Household, Role.Consumer)));
        (await host.Send(new SettleAccounts(loop.LoopId))).ShouldBe(1);
        (await host.Send(new SettleAccounts(loop.LoopId))).ShouldBe(0);
        (await host.Send(new ListPayments(loop.LoopId), loop.Operator)).Open.ShouldContain(entry => entry.Number == loop.Bill.Number && entry.OpenCents == view.Balance.Cents);
    }

    [Fact]
    public async Task A_payment_is_in_one_file_and_the_same_submission_gives_the_same_file()
    {
        var loop = await InAsync(host, "files");
        await host.Send(new SettleAccounts(loop.LoopId));
        var submission = Guid.NewGuid();

        var made = await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.DirectDebits, submission, s_execution), loop.Operator);
        (await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.DirectDebits, submission, s_execution), loop.Operator)).FileId.ShouldBe(made.FileId);
        await Should.ThrowAsync<RefusedException>(() => host.Send(new MakeBankFile(loop.LoopId, BankFileKind.DirectDebits, Guid.NewGuid(), s_execution), loop.Operator));

        made.Count.ShouldBe(1);
        made.SumCents.ShouldBe(await loop.OpenAsync(loop.Bill));
        var text = Encoding.UTF8.GetString((await host.Send(new ReadBankFile(loop.LoopId, made.FileId), loop.Operator)).Content);
        text.ShouldContain($"<EndToEndId>{PaymentReference.Of(loop.Bill.Number)}</EndToEndId>");
        text.ShouldContain("<MndtId>M-1</MndtId>");
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ReadBankFile(loop.LoopId, made.FileId), loop.Weekend.As(SettledWeekend.Household, Role.Consumer)));

        await host.Send(new WithdrawBankFile(loop.LoopId, made.FileId), loop.Operator);
        var second = await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.DirectDebits, Guid.NewGuid(), s_execution), loop.Operator);
        second.SumCents.ShouldBe(made.SumCents);
        (await host.Look(db => db.BankPayments.Where(payment => payment.LoopId == loop.LoopId).Select(payment => payment.EndToEndId).Distinct().CountAsync())).ShouldBe(2);
    }

    [Fact]
    public async Task A_debit_is_booked_and_returned_by_the_statement()
    {
        var loop = await InAsync(host, "debit");
        await host.Send(new SettleAccounts(loop.LoopId));
        var open = await loop.OpenAsync(loop.Bill);
        await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.DirectDebits, Guid.NewGuid(), s_execution), loop.Operator);
        var reference = PaymentReference.Of(loop.Bill.Number);

        (await loop.ImportAsync(Entry(open, endToEnd: reference))).Booked.ShouldBe(1);
        (await loop.OpenAsync(loop.Bill)).ShouldBe(0);
        (await StateAsync(loop)).ShouldBe(BankPaymentState.Booked);

        (await loop.ImportAsync(Entry(-open, endToEnd: reference, more: "<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>"), "S-2")).Booked.ShouldBe(1);
        (await loop.OpenAsync(loop.Bill)).ShouldBe(open);
        (await StateAsync(loop)).ShouldBe(BankPaymentState.Returned);
        (await loop.JournalAsync(AccountKind.Bank)).ShouldBe(0);
        await Should.ThrowAsync<RefusedException>(() => host.Send(new MakeBankFile(loop.LoopId, BankFileKind.DirectDebits, Guid.NewGuid(), s_execution), loop.Operator));

        // The member then pays by transfer, with the same reference in the text.
        (await loop.ImportAsync(Entry(open, "my bill " + PaymentReference.Grouped(reference)), "S-3")).Booked.ShouldBe(1);
        (await loop.OpenAsync(loop.Bill)).ShouldBe(0);
        (await loop.JournalAsync(AccountKind.Receivable, SettledWeekend.Household)).ShouldBe(0);

        async Task<BankPaymentState> StateAsync(BilledLoop loop) =>
            (await host.Look(db => db.BankPayments.AsNoTracking().Where(payment => payment.LoopId == loop.LoopId).ToListAsync())).ShouldHaveSingleItem().State;
    }

    [Fact]
    public async Task Credits_are_paid_out_once_and_go_out_again_when_they_come_back()
    {
        var loop = await InAsync(host, "payout");
        await host.Send(new SettleAccounts(loop.LoopId));
        var credits = loop.Bills.Where(bill => bill.OwedCents < 0 && bill.MemberId != SettledWeekend.Household).ToList();
        var made = await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.CreditTransfers, Guid.NewGuid(), s_execution), loop.Operator);
        made.Count.ShouldBe(credits.Count);
        made.SumCents.ShouldBe(-credits.Sum(bill => bill.OwedCents));
        var file = await host.Send(new ReadBankFile(loop.LoopId, made.FileId), loop.Operator);

        // The bank books the file as one.
        (await loop.ImportAsync(Entry(-made.SumCents).Replace("<NtryDtls>", $"<NtryDtls><Btch><PmtInfId>{file.MessageId}</PmtInfId></Btch>", StringComparison.Ordinal))).Booked.ShouldBe(1);
        (await loop.OpenAsync(credits[0])).ShouldBe(0);
        (await loop.JournalAsync(AccountKind.Bank)).ShouldBe(-made.SumCents);

        await loop.ImportAsync(Entry(-credits[0].OwedCents, endToEnd: PaymentReference.Of(credits[0].Number), more: "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"), "S-2");
        (await loop.AccountAsync(credits[0].MemberId)).Balance.Cents.ShouldBe(credits[0].OwedCents);
        var again = await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.CreditTransfers, Guid.NewGuid(), s_execution), loop.Operator);
        again.Count.ShouldBe(1);
        again.SumCents.ShouldBe(-credits[0].OwedCents);
        await loop.ImportAsync(Entry(credits[0].OwedCents, endToEnd: PaymentReference.Of(credits[0].Number) + "-2"), "S-3");
        (await loop.AccountAsync(credits[0].MemberId)).Balance.ShouldBe(Money.Zero);
    }

    [Fact]
    public async Task A_statement_on_its_way_is_not_paid_a_second_time_when_it_is_revised()
    {
        var loop = await InAsync(host, "revised-payout");
        var first = await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.CreditTransfers, Guid.NewGuid(), s_execution), loop.Operator);
        var paid = loop.Bills.First(bill => bill.OwedCents < 0 && bill.MemberId != SettledWeekend.Household);
        foreach (var (id, kind, cents) in new[] { (900, DocumentKind.CreditNote, paid.TotalCents), (901, DocumentKind.Invoice, paid.TotalCents - 10) })
        {
            var document = await host.Look(db => db.Bills.AsNoTracking().SingleAsync(bill => bill.LoopId == loop.LoopId && bill.Id == paid.Id));
            (document.Id, document.Number, document.Kind, document.CorrectsId, document.Revision) = (id, $"REVISED-2026-{id:000000}", kind, paid.Id, 1);
            (document.NetCents, document.VatCents, document.TotalCents) = (cents, 0, cents);
            await host.Put(db => db.Add(document));
        }

        var second = await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.CreditTransfers, Guid.NewGuid(), s_execution), loop.Operator);

        second.SumCents.ShouldBe(10);
        (await host.Look(db => db.BankPayments.Where(payment => payment.LoopId == loop.LoopId && payment.MemberId == paid.MemberId).SumAsync(payment => payment.Cents)))
            .ShouldBe(-paid.TotalCents + 10);
        first.SumCents.ShouldBeGreaterThanOrEqualTo(-paid.TotalCents);
    }

    [Fact]
    public async Task A_file_that_is_booked_as_one_is_found_by_its_name_though_its_payments_have_no_amounts()
    {
        var loop = await InAsync(host, "folded");
        var made = await host.Send(new MakeBankFile(loop.LoopId, BankFileKind.CreditTransfers, Guid.NewGuid(), s_execution), loop.Operator);
        made.Count.ShouldBeGreaterThan(1);
        var (name, ids) = await host.Look(async db => (
            await db.BankFiles.Where(file => file.LoopId == loop.LoopId).Select(file => file.MessageId).SingleAsync(),
            await db.BankPayments.Where(payment => payment.LoopId == loop.LoopId).Select(payment => payment.EndToEndId).ToListAsync()));
        var entry = Entry(-made.SumCents);
        var (from, to) = (entry.IndexOf("<TxDtls>", StringComparison.Ordinal), entry.IndexOf("</NtryDtls>", StringComparison.Ordinal));

        (await loop.ImportAsync(
            entry[..from] + $"<Btch><PmtInfId>{name}</PmtInfId></Btch>" + string.Concat(ids.Select(id => $"<TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs></TxDtls>")) + entry[to..])).Booked.ShouldBe(1);
        (await host.Look(db => db.BankPayments.Where(payment => payment.LoopId == loop.LoopId).AllAsync(payment => payment.State == BankPaymentState.Booked))).ShouldBeTrue();
        (await loop.JournalAsync(AccountKind.Bank)).ShouldBe(-made.SumCents);
    }

    [Fact]
    public async Task Read_in_twice_a_statement_changes_nothing_and_a_wrong_one_is_refused_whole()
    {
        var loop = await InAsync(host, "again");
        var open = await loop.OpenAsync(loop.Bill);
        var entries = Entry(open, "for " + loop.Bill.Number) + Entry(4_200, "present", "FR1420041010050500013M02606");
        var first = await loop.ImportAsync(entries);
        (first.Booked, first.Waiting).ShouldBe((1, 1));
        var before = await loop.TracesAsync();

        (await loop.ImportAsync(entries)).ShouldBe(new ImportedStatements(0, 1, 0, 0));
        await Should.ThrowAsync<RefusedException>(() => loop.ImportAsync(Entry(1)));
        (await Should.ThrowAsync<RefusedException>(() => loop.ImportAsync(Entry(5_000) + "<Ntry><Amt Ccy=\"EUR\">x</Amt></Ntry>", "S-9"))).Message.ShouldContain("Line");
        await Should.ThrowAsync<RefusedException>(() => loop.ImportAsync(Entry(5_000), "S-9", "AT611904300234573201"));

        (await loop.TracesAsync()).ShouldBe(before);
        (await loop.JournalAsync(AccountKind.Bank)).ShouldBe(open + 4_200);
        (await loop.JournalAsync(AccountKind.Unassigned)).ShouldBe(-4_200);
    }

    [Fact]
    public async Task Amount_and_account_together_are_enough_and_one_of_them_is_not()
    {
        var loop = await InAsync(host, "iban");
        await host.Send(new SettleAccounts(loop.LoopId));
        var open = await loop.OpenAsync(loop.Bill);

        var first = await loop.ImportAsync(Entry(open, from: IbanOf(SettledWeekend.Household)) + Entry(open, from: IbanOf(SettledWeekend.Household)));

        (first.Booked, first.Waiting).ShouldBe((1, 1));
        (await loop.OpenAsync(loop.Bill)).ShouldBe(0);
        var waiting = (await host.Send(new ListBankEntries(loop.LoopId), loop.Operator)).Entries.ShouldHaveSingleItem();
        (waiting.Reason, waiting.SuggestedMember).ShouldBe(("no-reference", SettledWeekend.Household));
    }

    [Fact]
    public async Task What_waits_is_assigned_or_put_aside_once_and_written_down()
    {
        var loop = await InAsync(host, "work");
        var byHand = new RecordReceipt(loop.LoopId, SettledWeekend.Household, Guid.NewGuid(), ReceiptKind.Payment, Money.FromCents(70));
        await host.Send(byHand, loop.Operator);
        await loop.ImportAsync(Entry(100, "for a friend") + Entry(-350, "bank charges") + Entry(70, loop.Bill.Number));
        var list = await host.Send(new ListBankEntries(loop.LoopId), loop.Operator);
        list.Entries.Select(entry => (entry.Cents, entry.Reason)).ShouldBe([(100, "unknown"), (-350, "out"), (70, "by-hand")]);
        var before = await loop.OpenAsync(loop.Bill);

        var assign = new ResolveBankEntry(loop.LoopId, list.Entries[0].Id, BankEntryState.Assigned, SettledWeekend.Household, loop.Bill.Number);
        await host.Send(assign, loop.Operator);
        await host.Send(assign, loop.Operator);
        await Should.ThrowAsync<RefusedException>(() => host.Send(new ResolveBankEntry(loop.LoopId, list.Entries[1].Id, BankEntryState.NotOurs), loop.Operator));
        await host.Send(new ResolveBankEntry(loop.LoopId, list.Entries[1].Id, BankEntryState.NotOurs, Reason: "Charges of the bank"), loop.Operator);
        var receipt = list.ByHand[70].ShouldHaveSingleItem();
        await host.Send(new ResolveBankEntry(loop.LoopId, list.Entries[2].Id, BankEntryState.AlreadyRecorded, ReceiptId: receipt.Id), loop.Operator);

        (await loop.OpenAsync(loop.Bill)).ShouldBe(before - 100);
        (await loop.JournalAsync(AccountKind.Bank)).ShouldBe(100 - 350 + 70);
        (await loop.JournalAsync(AccountKind.Unassigned)).ShouldBe(0);
        (await loop.JournalAsync(AccountKind.OtherBank)).ShouldBe(350);
        (await host.Send(new ListBankEntries(loop.LoopId), loop.Operator)).Total.ShouldBe(0);
        (await host.Look(db => db.OperatorActions.CountAsync(act => act.LoopId == loop.LoopId && act.Action == nameof(ResolveBankEntry)))).ShouldBe(4);
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(assign, loop.Weekend.As(SettledWeekend.Household, Role.Consumer)));
    }

    [Fact]
    public async Task Payments_leave_debits_equal_to_credits_and_credit_for_orders_right()
    {
        var loop = await InAsync(host, "trial");
        var owed = (await host.Send(new ShowCredit(loop.LoopId, SettledWeekend.Household), loop.Operator)).Owed;
        await loop.ImportAsync(Entry(500, loop.Bill.Number) + Entry(900, "unknown"));
        await host.Send(new RecordReceipt(loop.LoopId, SettledWeekend.Household, Guid.NewGuid(), ReceiptKind.PaidOut, Money.FromCents(200)), loop.Operator);

        (await host.Send(new ShowCredit(loop.LoopId, SettledWeekend.Household), loop.Operator)).Owed.ShouldBe(owed - Money.FromCents(300));
        var totals = await host.Send(new TrialBalance(loop.LoopId, new Interval(SettledWeekend.Period.Start, SettledWeekend.Period.Start.AddDays(60))), loop.Operator);
        totals.Money.Sum(account => account.Debits).ShouldBe(totals.Money.Sum(account => account.Credits));
        (await loop.AccountAsync(SettledWeekend.Household)).Account.Journal.Cents.ShouldBe(await loop.JournalAsync(AccountKind.Receivable, SettledWeekend.Household));
    }
}
