using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Corrections;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Shouldly;
using Xunit;
using Bill = Marketplace.Data.Bill;

namespace Marketplace.Web.Tests.Features.Bills;

public sealed class ReviseBillsTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private const int Operator = 6;

    [Fact]
    public async Task Corrected_after_billing_a_bill_is_taken_back_and_billed_as_if_right_at_first()
    {
        var late = await SettledAsync();
        (await IssueAsync(late)).Outcome.ShouldBe(BillingOutcome.Issued);
        await CorrectAsync(late);
        var waiting = await RunAsync(late);
        waiting.Waiting.ShouldBe(2);
        waiting.IsSound.ShouldBeTrue();

        var revised = await host.Send(new ReviseBills(late.LoopId));

        var early = await SettledAsync();
        await CorrectAsync(early);
        (await IssueAsync(early)).Outcome.ShouldBe(BillingOutcome.Issued);
        revised.CreditNotes.Count.ShouldBe(2);
        revised.Documents.Count.ShouldBe(2);
        (await LinesAsync(late)).ShouldBe(await LinesAsync(early));
        (await BalancesAsync(late)).ShouldBe(await BalancesAsync(early));
        (await RunAsync(late)).Waiting.ShouldBe(0);
        (await RunAsync(late)).TotalCents.ShouldBe((await RunAsync(early)).TotalCents);
    }

    [Fact]
    public async Task A_revision_links_its_documents_and_happens_once()
    {
        var market = await SettledAsync();
        await IssueAsync(market);
        await CorrectAsync(market);
        await host.Send(new ReviseBills(market.LoopId));
        var before = await market.TracesAsync();

        (await host.Send(new ReviseBills(market.LoopId))).CreditNotes.ShouldBeEmpty();
        (await IssueAsync(market)).Outcome.ShouldBe(BillingOutcome.AlreadyIssued);

        (await market.TracesAsync()).ShouldBe(before);
        var bills = await host.Look(db => db.Bills.AsNoTracking().Where(bill => bill.LoopId == market.LoopId && bill.MemberId == SmallMarket.HomeA).OrderBy(bill => bill.Id).ToListAsync());
        bills.Select(bill => (bill.Kind, bill.Revision, Corrects: bill.CorrectsId)).ShouldBe(
            [(DocumentKind.Invoice, (short)0, null), (DocumentKind.CreditNote, (short)1, bills[0].Id), (DocumentKind.Invoice, (short)1, bills[0].Id)]);
        bills[1].TotalCents.ShouldBe(bills[0].TotalCents);
        bills.Sum(bill => bill.OwedCents).ShouldBe(bills[2].TotalCents);
        bills.Select(bill => bill.Number).Distinct().Count().ShouldBe(3);
        System.Text.Encoding.UTF8.GetString(bills[1].Canonical).ShouldContain($"\nkind credit-note\ncorrects {bills[0].Number}\n");

        await CorrectAsync(market);
        (await host.Send(new ReviseBills(market.LoopId))).Documents.Count.ShouldBe(2);
        (await RunAsync(market)).IsSound.ShouldBeTrue();
        (await host.Look(db => db.Bills.CountAsync(bill => bill.LoopId == market.LoopId && bill.MemberId == SmallMarket.HomeA))).ShouldBe(5);
    }

    [Fact]
    public async Task A_correction_that_takes_another_back_is_taken_up_too()
    {
        var market = await SettledAsync();
        await IssueAsync(market);
        await CorrectAsync(market, cents: -340);
        await host.Send(new ReviseBills(market.LoopId));
        await CorrectAsync(market, cents: 340);

        (await host.Send(new ReviseBills(market.LoopId))).CreditNotes.Count.ShouldBe(2);

        (await host.Send(new ReviseBills(market.LoopId))).CreditNotes.ShouldBeEmpty();
        (await RunAsync(market)).Charges.ShouldBe(Money.FromCents(200));
    }

    [Fact]
    public async Task The_database_refuses_a_second_original_an_overlap_and_a_change()
    {
        var market = await SettledAsync();
        await IssueAsync(market);
        var bill = await host.Look(db => db.Bills.AsNoTracking().FirstAsync(bill => bill.LoopId == market.LoopId));

        (await RefusedAsync(Copy(bill, 901))).ShouldContain("ux_bills_original");
        var over = Copy(bill, 902);
        over.PeriodStart = bill.PeriodStart.AddHours(1);
        (await RefusedAsync(over)).ShouldContain("bills_one_original");
        var uncredited = Copy(bill, 903);
        (uncredited.Revision, uncredited.CorrectsId) = (1, bill.Id);
        (await RefusedAsync(uncredited)).ShouldContain("bills_credited");
        await Should.ThrowAsync<PostgresException>(() => host.Look(db =>
            db.Database.ExecuteSqlAsync($"UPDATE market.bills SET total_cents = 0 WHERE loop_id = {market.LoopId}")));
    }

    private async Task<string> RefusedAsync(Bill bill)
    {
        var refusal = await Should.ThrowAsync<Exception>(() => host.Put(db => db.Bills.Add(bill)));
        return ((refusal as PostgresException ?? refusal.InnerException as PostgresException).ShouldNotBeNull()).ConstraintName ?? "";
    }

    private static Bill Copy(Bill bill, int id) => new()
    {
        LoopId = bill.LoopId, Id = id, Number = $"copy-{id}", MemberId = bill.MemberId, Role = bill.Role, PeriodStart = bill.PeriodStart, PeriodEnd = bill.PeriodEnd,
        IssuedAt = bill.IssuedAt, DueOn = bill.DueOn, TariffVersion = bill.TariffVersion, Canonical = [1],
    };

    /// <summary>Every line of documents that stand.</summary>
    private Task<string> LinesAsync(SmallMarket market) => host.Look(async db =>
    {
        var live = await db.Bills.AsNoTracking().Where(bill => bill.LoopId == market.LoopId && bill.Kind == DocumentKind.Invoice && !db.Bills.Any(later => later.LoopId == bill.LoopId && later.CorrectsId == bill.Id))
            .OrderBy(bill => bill.MemberId).ThenBy(bill => bill.Role).ToListAsync();
        var lines = (await db.BillLines.AsNoTracking().Where(line => line.LoopId == market.LoopId).OrderBy(line => line.Line).ToListAsync()).ToLookup(line => line.BillId);
        return string.Join('\n', live.SelectMany(bill => lines[bill.Id].Select(line => $"{bill.MemberId} {bill.Role} {bill.TotalCents} {line.Line} {line.Kind} {line.Quantity} {line.Amount.Micro} {line.Trace}")));
    });

    /// <summary>The journal's balance of every account.</summary>
    private Task<string> BalancesAsync(SmallMarket market) => host.Look(async db =>
    {
        var accounts = await db.Accounts.AsNoTracking().Where(account => account.LoopId == market.LoopId).ToListAsync();
        var transfers = await db.Transfers.AsNoTracking().Where(transfer => transfer.LoopId == market.LoopId && (transfer.Kind < TransferKind.EnergyTraded || transfer.Kind > TransferKind.EnergyLost)).ToListAsync();
        return string.Join('\n', accounts.OrderBy(account => account.Kind).ThenBy(account => account.MemberId)
            .Select(account => $"{account.Kind} {account.MemberId} {transfers.Sum(transfer => (transfer.DebitAccount == account.Id ? transfer.Amount : 0) - (transfer.CreditAccount == account.Id ? transfer.Amount : 0))}"));
    });

    private Task<IssuedBills> IssueAsync(SmallMarket market) => host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, market.End), market.End));

    private async Task<BillRun> RunAsync(SmallMarket market) =>
        (await host.Send(new ShowBillRun(market.LoopId, new Interval(market.FirstHour, market.End)), market.ActorOf(Operator, Role.Operator))).Run;

    private Task<MediatR.Unit> CorrectAsync(SmallMarket market, long cents = -340) => host.Send(
        new CorrectHour(market.LoopId, market.FirstHour, Guid.NewGuid(), Carrier.Heat, "The meter of the east wing: it counted twice",
            [new CorrectedAmount(SmallMarket.HomeA, Money.FromCents(cents)), new CorrectedAmount(SmallMarket.HomeB, Money.FromCents(100))]),
        market.ActorOf(Operator, Role.Operator));

    private async Task<SmallMarket> SettledAsync()
    {
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();
        await market.AdvanceAsync();
        return market;
    }
}
