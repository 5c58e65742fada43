using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Corrections;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Corrections;

public sealed class CorrectHourTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private const int Operator = 6;

    [Fact]
    public async Task A_correction_moves_money_against_its_account_and_says_why()
    {
        var market = await SettledAsync();
        var prices = await market.TracesAsync();

        await host.Send(Correction(market), market.ActorOf(Operator, Role.Operator));

        var transfers = await TransfersAsync(market);
        transfers.Count.ShouldBe(2);
        transfers.Sum(transfer => transfer.Amount).ShouldBe(3_400_000 + 1_000_000);
        transfers.ShouldAllBe(transfer => transfer.Hour == market.FirstHour && transfer.Reference < 0);
        var notice = (await host.Send(new CorrectionsOfHour(market.LoopId, market.FirstHour), Actor.Visitor)).ShouldHaveSingleItem();
        (notice.Carrier, notice.Reason).ShouldBe((Carrier.Heat, "The meter of the east wing: it counted twice"));
        (await host.Send(new OwnCorrections(market.LoopId, SmallMarket.HomeA, market.FirstHour), market.ActorOf(SmallMarket.HomeA)))
            .ShouldHaveSingleItem().Amount.ShouldBe(Money.FromCents(-340));
        (await host.Look(db => db.OperatorActions.CountAsync(action => action.LoopId == market.LoopId && action.Action == nameof(CorrectHour)))).ShouldBe(1);
        (await market.TracesAsync()).Split('\n').Except(prices.Split('\n')).ShouldHaveSingleItem().ShouldStartWith("transfers ");
    }

    [Fact]
    public async Task A_form_sent_twice_corrects_once()
    {
        var market = await SettledAsync();
        var correction = Correction(market);
        await host.Send(correction, market.ActorOf(Operator, Role.Operator));

        await Should.ThrowAsync<RefusedException>(() => host.Send(correction, market.ActorOf(Operator, Role.Operator)));

        (await TransfersAsync(market)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Only_the_operator_corrects_and_only_a_published_hour_of_own_members()
    {
        var market = await SettledAsync();
        var correction = Correction(market);
        var operating = market.ActorOf(Operator, Role.Operator);

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(correction, market.ActorOf(SmallMarket.HomeA)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new OwnCorrections(market.LoopId, SmallMarket.HomeA, market.FirstHour), market.ActorOf(SmallMarket.HomeB)));
        await Should.ThrowAsync<RefusedException>(() => host.Send(correction with { Hour = market.End.AddDays(1) }, operating));
        await Should.ThrowAsync<RefusedException>(() => host.Send(correction with { Members = [new CorrectedAmount(99, Money.FromCents(1))] }, operating));
        await Should.ThrowAsync<RefusedException>(() => host.Send(correction with { Reason = "" }, operating));
        (await TransfersAsync(market)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Bills_of_the_period_are_issued_beside_a_correction()
    {
        var market = await SettledAsync();
        await host.Send(Correction(market), market.ActorOf(Operator, Role.Operator));

        var issued = await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, market.End), market.End));

        issued.Outcome.ShouldBe(BillingOutcome.Issued);
        var run = issued.Run.ShouldNotBeNull();
        run.IsSound.ShouldBeTrue();
        run.Charges.ShouldBe(Money.FromCents(-340 + 100));
        var lines = await host.Look(db => db.BillLines.Where(line => line.LoopId == market.LoopId && line.Kind == (short)Billing.BillLineKind.Correction).ToListAsync());
        lines.Select(line => (line.Carrier, line.Quantity, line.AmountCents)).ShouldBe([((short)Carrier.Heat, 1, -340), ((short)Carrier.Heat, 1, 100)], ignoreOrder: true);
        var line = lines.Single(line => line.AmountCents == -340);
        var number = await host.Look(db => db.Bills.Where(bill => bill.LoopId == market.LoopId && bill.Id == line.BillId).Select(bill => bill.Number).SingleAsync());
        var detail = await host.Send(new ShowBillLine(market.LoopId, number, line.Line), market.ActorOf(SmallMarket.HomeA));
        detail.Hours.ShouldHaveSingleItem().Hour.ShouldBe(market.FirstHour);
        detail.Sum.ShouldBe(detail.Line.Exact);
    }

    [Fact]
    public async Task A_correction_of_a_billed_hour_stands_on_the_next_bill_once_its_window_is_over()
    {
        var market = await SettledAsync();
        await host.Put(db => db.BillingTerms.Add(new BillingTerms { LoopId = market.LoopId, Version = 2, LateDataDays = 0, SetAt = market.FirstHour }));
        var half = market.FirstHour.AddHours(3);
        (await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, half), half))).Outcome.ShouldBe(BillingOutcome.Issued);
        var correction = Correction(market);
        await host.Send(correction, market.ActorOf(Operator, Role.Operator));

        (await host.Send(new ReviseBills(market.LoopId))).CreditNotes.ShouldBeEmpty();
        (await host.Send(new ShowBillRun(market.LoopId, new Interval(market.FirstHour, half)), market.ActorOf(Operator, Role.Operator))).Run.IsSound.ShouldBeTrue();
        (await host.Send(new CorrectionsOfHour(market.LoopId, market.FirstHour), Actor.Visitor)).ShouldHaveSingleItem();
        (await TransfersAsync(market)).ShouldAllBe(transfer => transfer.Hour == half);
        await Should.ThrowAsync<RefusedException>(() => host.Send(correction, market.ActorOf(Operator, Role.Operator)));
        var run = (await host.Send(new IssueBills(market.LoopId, new Interval(half, market.End), market.End))).Run.ShouldNotBeNull();
        run.IsSound.ShouldBeTrue();
        run.Charges.ShouldBe(Money.FromCents(-340 + 100));
    }

    [Theory]
    [InlineData("home-a -3.40\nHOME-B 1", 0)]
    [InlineData("home-a \u22123,40", 0)]
    [InlineData("nobody 1", 1)]
    [InlineData("home-a 1.234", 1)]
    [InlineData("home-a", 1)]
    public void Amounts_are_read_line_by_line(string text, int wrong)
    {
        var problems = new List<Problem>();

        var amounts = AmountLines.Read(text, [new MemberName(1, "home-a", "Home A"), new MemberName(2, "home-b", "Home B")], problems);

        problems.Count.ShouldBe(wrong);
        if (wrong == 0)
        {
            amounts[0].ShouldBe(new CorrectedAmount(1, Money.FromCents(-340)));
        }
    }

    private static CorrectHour Correction(SmallMarket market) => new(
        market.LoopId, market.FirstHour, Guid.NewGuid(), Carrier.Heat, "The meter of the east wing: it counted twice",
        [new CorrectedAmount(SmallMarket.HomeA, Money.FromCents(-340)), new CorrectedAmount(SmallMarket.HomeB, Money.FromCents(100))]);

    private Task<List<Transfer>> TransfersAsync(SmallMarket market) => host.Look(db => db.Transfers
        .Where(transfer => transfer.LoopId == market.LoopId && transfer.Kind == TransferKind.Correction).ToListAsync());

    private async Task<SmallMarket> SettledAsync()
    {
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();
        await market.AdvanceAsync();
        return market;
    }
}
