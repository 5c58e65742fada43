using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Bills;

public sealed class HandOverTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private const int Operator = 6;

    [Fact]
    public async Task Who_moves_out_gets_a_final_bill_by_days_and_who_moves_in_the_rest()
    {
        // 30 hours from 1 h local time on: a local day ends after the 23rd.
        var market = await SmallMarket.CreateAsync(host, hours: 30, clockAt: MarketplaceHost.Start.AddHours(-5));
        var midnight = market.FirstHour.AddHours(23);
        var operating = market.ActorOf(Operator, Role.Operator);
        await host.Put(db => db.Members.Add(new Member { LoopId = market.LoopId, Id = 7, Key = "newcomer", Name = "Newcomer", Kind = "dwelling", JoinedAt = midnight }));

        (await Should.ThrowAsync<RefusedException>(() => host.Send(new HandOver(market.LoopId, SmallMarket.HomeA, 7, midnight.AddHours(1), "x"), operating))).Message.ShouldContain("start of a day");
        (await Should.ThrowAsync<RefusedException>(() => host.Send(new HandOver(market.LoopId, SmallMarket.HomeA, 7, midnight, "home-a-heat 12 kWh"), operating))).Message.ShouldContain("home-a-electricity");
        await host.Send(new HandOver(market.LoopId, SmallMarket.HomeA, 7, midnight, "home-a-heat 12345.6 kWh\nhome-a-electricity 789 kWh"), operating);
        await DeliverAsync(market, midnight);
        await market.EndAsync();
        await market.AdvanceAsync();

        var final = await host.Send(new IssueFinalBill(market.LoopId, SmallMarket.HomeA), operating);
        final.Outcome.ShouldBe(BillingOutcome.Issued);
        (await host.Send(new IssueFinalBill(market.LoopId, SmallMarket.HomeA), operating)).Outcome.ShouldBe(BillingOutcome.AlreadyIssued);
        var run = (await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, market.End), market.End))).Run.ShouldNotBeNull();

        run.IsSound.ShouldBeTrue();
        run.Waiting.ShouldBe(0);
        var bills = await host.Look(db => db.Bills.AsNoTracking().Where(bill => bill.LoopId == market.LoopId && (bill.MemberId == SmallMarket.HomeA || bill.MemberId == 7)).OrderBy(bill => bill.MemberId).ToListAsync());
        bills.Select(bill => (bill.MemberId, bill.IsFinal, bill.PeriodEnd)).ShouldBe([(SmallMarket.HomeA, true, midnight), (7, false, market.End)]);
        var days = new List<long>();
        foreach (var bill in bills)
        {
            var view = await host.Send(new ShowBill(market.LoopId, bill.Number), operating);
            days.Add(view.Lines.Single(line => line.Kind == BillLineKind.StandingCharge).Quantity);
            view.Hours.ShouldBe(bill.IsFinal ? 23 : 7);
        }

        days.ShouldBe([1, 1]);
        (await host.Send(new ShowHandovers(market.LoopId), operating)).Handovers.ShouldHaveSingleItem().FinalBill.ShouldBe(bills[0].Number);
        var left = await host.Look(async db =>
        {
            var accounts = await db.Accounts.Where(account => account.LoopId == market.LoopId && account.Kind == AccountKind.Unbilled).Select(account => account.Id).ToListAsync();
            return (await db.Transfers.Where(transfer => transfer.LoopId == market.LoopId).ToListAsync())
                .Sum(transfer => (accounts.Contains(transfer.DebitAccount) ? transfer.Amount : 0) - (accounts.Contains(transfer.CreditAccount) ? transfer.Amount : 0));
        });
        left.ShouldBe(0);
    }

    [Theory]
    [InlineData("home-7-heat", "home-7-heat~2")]
    [InlineData("home-7-heat~2", "home-7-heat~3")]
    public void A_meter_keeps_its_name_and_gets_a_number(string before, string after) => HandOver.CodeAfter(before).ShouldBe(after);

    private Task<ReceivedReadings> DeliverAsync(SmallMarket market, DateTimeOffset midnight) => host.Send(new ReceiveReadings(
        market.LoopId,
        "all",
        [.. Enumerable.Range(0, market.Hours).SelectMany(i => new[] { ("home-a-heat", 3.2m), ("home-a-electricity", 0.8m), ("home-b-heat", 2.7m), ("home-b-electricity", 1.1m) }
            .Select((meter, j) => new Marketplace.Metering.DeliveredReading(
                (i * 4) + j + 1, meter.Item1.StartsWith("home-a", StringComparison.Ordinal) && market.FirstHour.AddHours(i) >= midnight ? meter.Item1 + "~2" : meter.Item1, market.FirstHour.AddHours(i), meter.Item2)))],
        market.End.AddDays(1)));
}
