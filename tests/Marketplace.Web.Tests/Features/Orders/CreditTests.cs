using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Orders;

public sealed class CreditTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private const int OperatorMember = 6;

    private static PlaceOrder Order(SmallMarket market, long wattHours, long limit = 160_000, int hour = 3) => new(
        market.LoopId, SmallMarket.HomeA, Guid.NewGuid(), market.FirstHour.AddHours(hour), Carrier.Electricity, OrderSide.Buy, Energy.FromWh(wattHours), Price.FromMicroPerKWh(limit));

    private async Task<(SmallMarket Market, Actor Home, Actor Operator)> OpenAsync(long limitCents)
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);
        var keeper = market.ActorOf(OperatorMember, Role.Operator);
        await host.Send(new SetCreditLimit(market.LoopId, SmallMarket.HomeA, Money.FromCents(limitCents)), keeper);
        return (market, market.ActorOf(SmallMarket.HomeA), keeper);
    }

    private async Task<Problem> RefusedAsync(Attempted order) =>
        (await Should.ThrowAsync<RefusedException>(() => host.Send(order.Order, order.Actor))).Problems.ShouldHaveSingleItem();

    [Fact]
    public async Task An_order_counts_at_its_limit_with_network_fee_and_vat()
    {
        // 16 ct limit + 4 ct fee, 19 % VAT: 10 kWh could cost 2.38.
        var (market, home, _) = await OpenAsync(limitCents: 238);

        (await RefusedAsync(new(Order(market, 10_001), home))).Bound.ShouldBe("operator-limit");
        await host.Send(Order(market, 10_000), home);

        (await host.Send(new ShowCredit(market.LoopId, SmallMarket.HomeA), home)).Free.ShouldBe(Money.Zero);
    }

    [Fact]
    public async Task A_refusal_names_the_bound_its_figure_and_what_would_fit()
    {
        var (market, home, _) = await OpenAsync(limitCents: 238);
        await host.Send(Order(market, 5_000), home);

        var problem = await RefusedAsync(new(Order(market, 10_000, hour: 4), home));

        problem.Field.ShouldBe("Quantity");
        problem.Message.ShouldContain("operator's limit of 2.38 EUR");
        problem.Message.ShouldContain("1.19 EUR is free");
        problem.Message.ShouldContain("5 kWh would fit");
    }

    [Fact]
    public async Task Deposit_and_balance_cover_where_there_is_no_limit()
    {
        var (market, home, keeper) = await OpenAsync(limitCents: 0);
        (await RefusedAsync(new(Order(market, 1_000), home))).Bound.ShouldBe("balance");

        var deposit = new RecordReceipt(market.LoopId, SmallMarket.HomeA, Guid.NewGuid(), ReceiptKind.Deposit, Money.FromCents(238));
        await host.Send(deposit, keeper);
        await host.Send(deposit, keeper);
        (await RefusedAsync(new(Order(market, 10_001), home))).Bound.ShouldBe("deposit");
        await host.Send(Order(market, 10_000), home);

        // The journal holds the deposit: bank against the member's deposit, once.
        var transfer = (await host.Look(db => db.Transfers.Where(transfer => transfer.LoopId == market.LoopId && transfer.Kind == TransferKind.Deposit).ToListAsync())).ShouldHaveSingleItem();
        transfer.Amount.ShouldBe(2_380_000);
        (await host.Look(db => db.Accounts.SingleAsync(account => account.LoopId == market.LoopId && account.Id == transfer.DebitAccount))).Kind.ShouldBe(AccountKind.Bank);
        await Should.ThrowAsync<RefusedException>(() => host.Send(deposit with { SubmissionId = Guid.NewGuid(), Kind = ReceiptKind.DepositReturned, Amount = Money.FromCents(239) }, keeper));
    }

    [Fact]
    public async Task What_is_consumed_and_not_paid_counts_and_a_payment_frees_it()
    {
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();
        await market.AdvanceAsync();
        var keeper = market.ActorOf(OperatorMember, Role.Operator);

        var owed = (await host.Send(new ShowCredit(market.LoopId, SmallMarket.HomeA), keeper)).Owed;

        owed.ShouldBeGreaterThan(Money.Zero);
        await host.Send(new RecordReceipt(market.LoopId, SmallMarket.HomeA, Guid.NewGuid(), ReceiptKind.Payment, Money.FromCents(100)), keeper);
        (await host.Send(new ShowCredit(market.LoopId, SmallMarket.HomeA), keeper)).Owed.ShouldBe(owed - Money.FromCents(100));
    }

    [Fact]
    public async Task Offers_below_zero_are_covered_and_others_cost_nothing()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);
        await host.Send(new SetCreditLimit(market.LoopId, SmallMarket.SolarOwner, Money.Zero), market.ActorOf(OperatorMember, Role.Operator));
        var solar = market.ActorOf(SmallMarket.SolarOwner, Role.Producer);
        var offer = Order(market, 5_000, limit: -10_000) with { MemberId = SmallMarket.SolarOwner, Side = OrderSide.Sell, PlantCode = "pv" };

        (await RefusedAsync(new(offer, solar))).Bound.ShouldBe("balance");
        await host.Send(offer with { Limit = Price.Zero }, solar);
    }

    [Fact]
    public async Task Nobody_buys_above_what_the_connection_carries()
    {
        var (market, home, keeper) = await OpenAsync(limitCents: 100_000);
        var meter = await host.Look(db => db.Meters.Where(meter => meter.LoopId == market.LoopId && meter.Code == "home-a-electricity").Select(meter => meter.Id).SingleAsync());
        await host.Send(new SetMeterCapacity(market.LoopId, SmallMarket.HomeA, meter, 5_000), keeper);
        await host.Send(Order(market, 4_000), home);

        var problem = await RefusedAsync(new(Order(market, 1_001), home));

        problem.Bound.ShouldBe("capacity");
        problem.Message.ShouldContain("at most 5 kWh");
        problem.Message.ShouldContain("1 kWh more would fit");
        await host.Send(Order(market, 1_000), home);
    }

    [Fact]
    public async Task Only_the_operator_sets_limits_and_it_is_written_down()
    {
        var (market, home, _) = await OpenAsync(limitCents: 100);

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new SetCreditLimit(market.LoopId, SmallMarket.HomeA, Money.FromCents(1_000_000)), home));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new RecordReceipt(market.LoopId, SmallMarket.HomeA, Guid.NewGuid(), ReceiptKind.Deposit, Money.FromCents(1)), home));
        (await host.Look(db => db.OperatorActions.CountAsync(action => action.LoopId == market.LoopId && action.Action == nameof(SetCreditLimit)))).ShouldBe(1);
    }

    private sealed record Attempted(PlaceOrder Order, Actor Actor);
}
