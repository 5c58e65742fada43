using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Charging;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Charging;

public sealed class ChargingTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private static Problem TheProblem(RefusedException refusal) => refusal.Problems.ShouldHaveSingleItem();

    private async Task<ChargingMarket> ClearedAsync(QuotaPricing pricing)
    {
        var market = await ChargingMarket.CreateAsync(host, pricing);
        await market.DemandAsInTheCaseAsync();
        await market.AtAsync(18, 7);
        await market.AdvanceAsync();
        await market.OrderAsInTheCaseAsync();
        await market.AtAsync(18, 10);
        await market.AdvanceAsync();
        return market;
    }

    [Theory]
    [InlineData(QuotaPricing.Pairwise, "70.4 240.0 149.5 -146.0 -162.0 -151.9", "22 21 22.5 24 23")]
    [InlineData(QuotaPricing.Uniform, "73.6 250.7 149.5 -156.4 -165.6 -151.8", "23 23 23 23 23")]
    public async Task The_published_case_comes_out_to_the_last_digit(QuotaPricing pricing, string nets, string prices)
    {
        var market = await ClearedAsync(pricing);

        var quotas = await host.Look(db => db.ChargingQuotas.Where(quota => quota.LoopId == market.LoopId && quota.Period == market.Period).OrderBy(quota => quota.MemberId).ToListAsync());
        quotas.Select(quota => quota.ShownHundredthsOfKilowatt).ShouldBe([2982, 3975, 3478, 5466, 2485, 5466, 4472, 3975]);
        quotas.Sum(quota => quota.QuotaWatts).ShouldBe(323_000);

        var orders = await host.Look(db => db.ChargingOrders.Where(order => order.LoopId == market.LoopId).ToDictionaryAsync(order => order.Id, order => (char)('A' + order.MemberId - 1)));
        var trades = await host.Look(db => db.ChargingTrades.Where(trade => trade.LoopId == market.LoopId).OrderBy(trade => trade.Number).ToListAsync());
        trades.Select(trade => $"{orders[trade.BidId]}{orders[trade.OfferId]} {trade.Energy.WattHours}").ShouldBe(["EH 3200", "DH 3600", "DF 7200", "DC 100", "BC 6500"]);
        trades.Select(trade => trade.Price.MicroPerKWh).ShouldBe(prices.Split(' ').Select(price => (long)(decimal.Parse(price, System.Globalization.CultureInfo.InvariantCulture) * 1_000_000)));

        var byMember = await host.Look(db => db.ChargingNets.Where(net => net.LoopId == market.LoopId).ToDictionaryAsync(net => (char)('A' + net.MemberId - 1), net => net.Amount.Micro));
        "EDBHFC".Select(member => byMember[member]).ShouldBe(nets.Split(' ').Select(net => (long)(decimal.Parse(net, System.Globalization.CultureInfo.InvariantCulture) * 1_000_000)));
        byMember.Values.Sum().ShouldBe(0);
        (await market.BalanceAsync(AccountKind.QuotaMarket)).ShouldBe(0);
    }

    [Fact]
    public async Task Buyers_pay_from_their_deposits_and_sellers_deposits_stay_until_use_is_metered()
    {
        var market = await ClearedAsync(QuotaPricing.Pairwise);

        (await market.BalanceAsync(AccountKind.QuotaDeposit, ChargingMarket.Member('E'))).ShouldBe(0);
        (await market.BalanceAsync(AccountKind.Unbilled, ChargingMarket.Member('E'))).ShouldBe(70_400_000);
        // H sold 6.8 kWh for 146.0 and has 6.8 kWh · 40 held.
        (await market.BalanceAsync(AccountKind.QuotaDeposit, ChargingMarket.Member('H'))).ShouldBe(-272_000_000);
        (await market.BalanceAsync(AccountKind.Unbilled, ChargingMarket.Member('H'))).ShouldBe(272_000_000 - 146_000_000);

        // H may use 19.875 − 6.8 = 13.075 kWh in the hour and takes 14.075; A has 14.907 kWh and takes less; G's meter said nothing.
        await market.MeterAsync(('H', 14.075m), ('A', 14m), ('E', 15m));
        await market.AtAsync(19, 5);
        await market.AdvanceAsync();

        var uses = await host.Look(db => db.ChargingUses.Where(use => use.LoopId == market.LoopId && use.Hour == market.Hour).ToDictionaryAsync(use => (char)('A' + use.MemberId - 1)));
        var quota = await host.Look(db => db.ChargingQuotas.Where(row => row.LoopId == market.LoopId && row.MemberId == 8).Select(row => (long)(object)row.Energy).SingleAsync());
        uses['H'].Allowance.WattHours.ShouldBe(quota - 6_800);
        uses['H'].OverUse.WattHours.ShouldBe(14_075 - (quota - 6_800));
        uses['H'].Penalty.Micro.ShouldBe(uses['H'].OverUse.WattHours * 40_000);
        uses['A'].Penalty.ShouldBe(Money.Zero);
        uses['E'].Penalty.ShouldBe(Money.Zero);
        uses['G'].Used.ShouldBeNull();
        (await market.BalanceAsync(AccountKind.QuotaDeposit, ChargingMarket.Member('H'))).ShouldBe(0);
        (await market.BalanceAsync(AccountKind.Unbilled, ChargingMarket.Member('H'))).ShouldBe(uses['H'].Penalty.Micro - 146_000_000);
        (await market.BalanceAsync(AccountKind.QuotaPenalties)).ShouldBe(-uses['H'].Penalty.Micro);
    }

    [Fact]
    public async Task What_charging_comes_to_stands_on_bills_and_they_wait_until_it_is_settled()
    {
        var market = await ClearedAsync(QuotaPricing.Pairwise);
        var period = new Interval(market.Hour, market.Hour.AddHours(1));
        await market.MeterAsync(('H', 14.075m), ('A', 14m), ('E', 15m));
        var waiting = await host.Send(new IssueBills(market.LoopId, period));
        waiting.Outcome.ShouldBe(BillingOutcome.Blocked);
        waiting.Reason.ShouldNotBeNull().ShouldContain("charging quotas");
        await market.AtAsync(19, 5);
        await market.AdvanceAsync();

        var issued = await host.Send(new IssueBills(market.LoopId, period));

        issued.Outcome.ShouldBe(BillingOutcome.Issued);
        issued.Run.ShouldNotBeNull().IsSound.ShouldBeTrue();
        var penalty = await host.Look(db => db.ChargingUses.Where(use => use.LoopId == market.LoopId && use.MemberId == 8 && use.Hour == market.Hour).Select(use => use.Penalty).SingleAsync());
        var lines = (await host.Look(db => db.BillLines.Where(line => line.LoopId == market.LoopId)
            .Join(db.Bills.Where(bill => bill.LoopId == market.LoopId), line => line.BillId, bill => bill.Id, (line, bill) => new { line, bill.MemberId })
            .ToListAsync())).ToDictionary(row => (row.MemberId, (BillLineKind)row.line.Kind), row => row.line);
        lines[(ChargingMarket.Member('E'), BillLineKind.ChargingTrade)].Amount.Micro.ShouldBe(70_400_000);
        lines[(ChargingMarket.Member('H'), BillLineKind.ChargingTrade)].Quantity.ShouldBe(-6_800);
        lines[(ChargingMarket.Member('H'), BillLineKind.ChargingPenalty)].Amount.ShouldBe(penalty);
        lines[(ChargingMarket.Member('H'), BillLineKind.ChargingPenalty)].VatBasisPoints.ShouldBe(0);
        (await market.BalanceAsync(AccountKind.Unbilled, ChargingMarket.Member('H'))).ShouldBe(0);
    }

    [Fact]
    public async Task Doing_every_step_twice_changes_nothing_and_each_is_on_the_ledger()
    {
        var market = await ClearedAsync(QuotaPricing.Uniform);
        await market.MeterAsync(('H', 30m));
        await market.AtAsync(19, 5);
        await market.AdvanceAsync();
        var transfers = await host.Look(db => db.Transfers.CountAsync(transfer => transfer.LoopId == market.LoopId));

        await host.Send(new AllocateQuotas(market.LoopId, market.Group, market.Period));
        await host.Send(new ClearQuotas(market.LoopId, market.Group, market.Period));
        await host.Send(new SettleQuotas(market.LoopId, market.Group, market.Hour));

        (await market.AdvanceAsync()).ShouldBe(0);
        (await host.Look(db => db.Transfers.CountAsync(transfer => transfer.LoopId == market.LoopId))).ShouldBe(transfers);
        var steps = await host.Look(db => db.ChargingSteps.Where(step => step.LoopId == market.LoopId && step.Period >= market.Hour && step.Period <= market.Period).ToListAsync());
        steps.Count(step => step.BatchId > 0).ShouldBe(5);
    }

    [Fact]
    public async Task Gates_hold_to_the_second_on_the_market_clock()
    {
        var market = await ChargingMarket.CreateAsync(host);
        await market.AtAsync(18, 4, 59);
        await market.DemandAsync('A', 10);
        await market.AtAsync(18, 5);
        TheProblem(await Should.ThrowAsync<RefusedException>(() => market.DemandAsync('A', 11))).Bound.ShouldBe("gate");
        await Should.ThrowAsync<RefusedException>(() => host.Send(new AllocateQuotas(market.LoopId, market.Group, market.Period)));
        await Should.ThrowAsync<RefusedException>(() => market.OrderAsync('A', OrderSide.Buy, 1, 20));

        await market.AtAsync(18, 7);
        await market.AdvanceAsync();
        await market.AtAsync(18, 9, 59);
        await market.OrderAsync('A', OrderSide.Buy, 1, 20);
        await market.AtAsync(18, 10);
        TheProblem(await Should.ThrowAsync<RefusedException>(() => market.OrderAsync('A', OrderSide.Buy, 1, 20))).Bound.ShouldBe("gate");
        TheProblem(await Should.ThrowAsync<RefusedException>(() => market.OperateAsync(
            new OverrideMargin(market.LoopId, market.Group, market.Period, 1_000)))).Bound.ShouldBe("gate");
    }

    [Fact]
    public async Task Nobody_orders_above_credit_sells_above_the_quota_or_stands_on_both_sides()
    {
        var market = await ChargingMarket.CreateAsync(host);
        await market.DemandAsync('A', 20);
        await market.OperateAsync(new SetCreditLimit(market.LoopId, 1, Money.FromCents(10_000)));
        await market.AtAsync(18, 7);
        await market.AdvanceAsync();

        TheProblem(await Should.ThrowAsync<RefusedException>(() => market.OrderAsync('A', OrderSide.Buy, 5.001m, 20))).Bound.ShouldBe("operator-limit");
        await market.OrderAsync('A', OrderSide.Buy, 5m, 20);
        TheProblem(await Should.ThrowAsync<RefusedException>(() => market.OrderAsync('A', OrderSide.Buy, 0.001m, 20))).Bound.ShouldBe("operator-limit");
        TheProblem(await Should.ThrowAsync<RefusedException>(() => market.OrderAsync('A', OrderSide.Sell, 1, 20))).Field.ShouldBe("Side");

        // Withdrawn, the deposit is free again. A has 10 kWh of quota, and 2.5 kWh · 40 are what its credit covers.
        var order = await host.Look(db => db.ChargingOrders.Where(order => order.LoopId == market.LoopId).Select(order => order.Id).SingleAsync());
        await host.Send(new WithdrawQuotaOrder(market.LoopId, 1, order), market.ActorOf(1));
        await host.Send(new WithdrawQuotaOrder(market.LoopId, 1, order), market.ActorOf(1));
        (await market.BalanceAsync(AccountKind.QuotaDeposit, 1)).ShouldBe(0);
        TheProblem(await Should.ThrowAsync<RefusedException>(() => market.OrderAsync('A', OrderSide.Sell, 10.001m, 20))).Bound.ShouldBe("quota");
        await market.OrderAsync('A', OrderSide.Sell, 2.5m, 20);
    }

    [Fact]
    public async Task A_period_that_cannot_be_cleared_is_halted_shown_and_published_without_trades()
    {
        var market = await ChargingMarket.CreateAsync(host);
        await market.DemandAsInTheCaseAsync();
        await market.AtAsync(18, 7);
        await market.AdvanceAsync();
        await market.OrderAsInTheCaseAsync();
        // What entry never lets pass: a member on both sides.
        await host.Put(db => db.ChargingOrders.Add(new ChargingOrder
        {
            LoopId = market.LoopId, GroupId = market.Group, Period = market.Period, MemberId = 1, SubmissionId = Guid.NewGuid(), Side = OrderSide.Buy,
            Energy = Energy.FromWh(1), Limit = Price.Zero,
        }));
        await market.AtAsync(18, 37);

        await market.AdvanceAsync();

        var failure = await host.Look(db => db.ChargingFailures.SingleAsync(failure => failure.LoopId == market.LoopId));
        (failure.Period, failure.Step).ShouldBe((market.Period, ChargingStepKind.Cleared));
        (await host.Look(db => db.ChargingSteps.AnyAsync(step => step.LoopId == market.LoopId && step.Step == ChargingStepKind.Allocated && step.Period > market.Period))).ShouldBeTrue();
        await market.OperateAsync(new CancelQuotaTrades(market.LoopId, market.Group, market.Period, "Faulty order"));
        (await host.Look(db => db.ChargingFailures.AnyAsync(row => row.LoopId == market.LoopId))).ShouldBeFalse();
        for (var member = 1; member <= 8; member++)
        {
            (await market.BalanceAsync(AccountKind.QuotaDeposit, member)).ShouldBe(0);
        }

        await market.MeterAsync(('H', 10m));
        await market.AtAsync(19, 5);
        await market.AdvanceAsync();
        (await market.BalanceAsync(AccountKind.QuotaDeposit, ChargingMarket.Member('H'))).ShouldBe(0);
    }

    [Fact]
    public async Task A_repeated_demand_counts_on_working_days_until_it_ends_and_margins_follow_schedule_and_override()
    {
        var market = await ChargingMarket.CreateAsync(host, marginWatts: 10_000);
        await market.OperateAsync(new SetChargingTerms(market.LoopId, market.Group, 36, 38, 8_000, QuotaPricing.Uniform, Price.FromMicroPerKWh(1_000_000)));
        await market.OperateAsync(new OverrideMargin(market.LoopId, market.Group, market.Period.AddDays(1), 5_000));
        await market.DemandAsync('B', 20, daily: true);
        // The 5th of March 2026 is a Thursday; Monday's is said otherwise.
        await market.DemandAsync('B', 1, market.Period.AddDays(4));
        await market.AtAsync((24 * 5) + 18, 7);
        await market.AdvanceAsync();

        var shares = await host.Look(db => db.ChargingQuotas.Where(quota => quota.LoopId == market.LoopId).OrderBy(quota => quota.Period).ToListAsync());
        shares.Select(quota => (quota.Period.Day, quota.QuotaWatts)).ShouldBe([(5, 8_000), (6, 5_000), (9, 1_000), (10, 8_000)]);
        await host.Send(new EndHabit(market.LoopId, market.Group, 2, 37), market.ActorOf(2));
        await market.AtAsync((24 * 6) + 18, 7);
        await market.AdvanceAsync();
        (await host.Look(db => db.ChargingQuotas.CountAsync(quota => quota.LoopId == market.LoopId))).ShouldBe(4);
    }

    [Fact]
    public async Task Only_members_themselves_and_the_operator_may()
    {
        var market = await ChargingMarket.CreateAsync(host);

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new StateDemand(market.LoopId, market.Group, 1, market.Period, 1_000), market.ActorOf(2)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new OverrideMargin(market.LoopId, market.Group, market.Period, 1_000), market.ActorOf(1)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new AllocateQuotas(market.LoopId, market.Group, market.Period), market.ActorOf(ChargingMarket.Operator, Role.Operator)));
        await Should.ThrowAsync<RefusedException>(() => host.Send(
            new StateDemand(market.LoopId, market.Group, ChargingMarket.Stranger, market.Period, 1_000), market.ActorOf(ChargingMarket.Stranger)));
        var foreign = await market.MeterOfAsync(2);
        await Should.ThrowAsync<RefusedException>(() => market.OperateAsync(new SetChargingPoint(market.LoopId, market.Group, 1, foreign)));
    }
}
