using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests;

/// <summary>"Why this price, why not me?" in markets that can be worked out on paper, and that what is promised comes true.</summary>
public sealed class PriceExplanationTests
{
    private static PriceExplanation Explain(OrderBook book) => PriceExplanation.Of(book, Clear(book));

    [Fact]
    public void The_order_that_is_accepted_in_part_sets_the_price()
    {
        var why = Explain(Of(["heat"], [Buy("b", "heat", 100, 50_000), Sell("s", "heat", 60, 20_000), Sell("t", "heat", 60, 30_000), Sell("u", "heat", 5, 34_000)]));
        var node = why.Nodes[0];
        node.SetBy.ShouldHaveSingleItem().ShouldBe(new PriceSetter(PriceCause.MarginalOrder, "t", new(40), new(60), default, node.SetBy[0].Through));
        node.Bought.ShouldBe(new Energy(100));
        node.WithMoreDemand.ShouldBe(new PriceMove(new(20), new Price(34_000)));
        node.WithMoreSupply.ShouldBe(new PriceMove(new(40), new Price(20_000)));
        why.OfOrder(0).Outcome.ShouldBe(OrderOutcome.Accepted);
        why.OfOrder(2).Outcome.ShouldBe(OrderOutcome.Shared);
        why.OfOrder(3).ShouldBe(new OrderExplanation(
            "u", OrderOutcome.BeyondLimit, new Price(30_000), new(0), new(5), new(34_000), new Price(4_001), new Price(29_999), 1));
    }

    [Fact]
    public void Where_no_order_sets_the_price_the_rule_does()
    {
        var why = Explain(Of(["heat", "cold"], [Buy("b", "heat", 100, 50_000), Sell("s", "heat", 100, 20_000), Buy("alone", "cold", 5, 7)]));
        why.Nodes[0].SetBy.ShouldHaveSingleItem().Cause.ShouldBe(PriceCause.Middle);
        why.Nodes[0].WithMoreDemand.ShouldBe(new PriceMove(new(0), new Price(50_000)));
        why.Nodes[1].SetBy.ShouldContain(s => s.Cause == PriceCause.MarginalOrder);
        var alone = why.OfOrder(2);
        (alone.Outcome, alone.NextLimit).ShouldBe((OrderOutcome.AtThePrice, null));
    }

    [Fact]
    public void A_heat_pump_passes_a_price_on_and_a_full_one_earns_its_scarcity()
    {
        var pump = ("electricity", -1_000_000L);
        OrderBook Book(long capacity) => Of(
            ["heat", "electricity"], [Buy("home", "heat", 7_000, 100_000), Sell("grid", "electricity", 10_000, 150_000)],
            [Plant("hp", capacity, 0, pump, ("heat", 3_500_000)), Plant("boiler", 9_000, 0, pump, ("heat", 990_000))]);
        var heat = Explain(Book(50_000)).Nodes[0];
        heat.SetBy.ShouldHaveSingleItem().Cause.ShouldBe(PriceCause.PassedOn);
        heat.SetBy[0].Through.ShouldBe(["electricity"]);
        heat.Idle.ShouldHaveSingleItem().ShouldBe(new IdleUnit("boiler", new Price(107_571))); // 150,000 − 0.99 × 42,857
        heat = Explain(Book(1_000)).Nodes[0];
        heat.SetBy.ShouldContain(s => s.Cause == PriceCause.AtCapacity && s.Margin == new Price(200_000)); // 3.5 × 100,000 − 150,000
        heat.SetBy.ShouldContain(s => s.Id == "home" && s.Cause == PriceCause.MarginalOrder);
    }

    [Fact]
    public void Steps_caps_and_equal_limits_are_told_apart()
    {
        var steps = Order.Stepwise("b", "e", Side.Buy, [new(new(50), new(90_000)), new(new(50), new(10_000))]);
        var why = Explain(Of(["e"], [steps, Buy("c", "e", 30, 20_000), Buy("d", "e", 30, 20_000), Sell("s", "e", 80, 5_000), Sell("dear", "e", 9, 500_000)], cap: 400_000));
        why.OfOrder(0).Outcome.ShouldBe(OrderOutcome.StepsAccepted);
        why.OfOrder(0).NextLimit.ShouldBe(new Price(20_001));
        why.OfOrder(1).ShouldBe(new OrderExplanation("c", OrderOutcome.Shared, new Price(20_000), new(15), new(15), new(20_000), null, null, 2));
        why.OfOrder(4).Outcome.ShouldBe(OrderOutcome.OutsideBounds);
    }

    [Fact]
    public void The_next_limit_would_have_been_accepted_and_the_price_would_not()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var orders = Enumerable.Range(0, random.Next(2, 25)).Select(i =>
                random.Next(2) == 0 ? Buy($"b{i}", "n", random.Next(1, 50), random.Next(0, 40)) : Sell($"s{i}", "n", random.Next(1, 50), random.Next(0, 40))).ToArray();
            var book = Of(["n"], orders);
            var why = Explain(book);
            for (var i = 0; i < orders.Length; i++)
            {
                if (why.OfOrder(i) is { NextLimit: { } next, Accepted.WattHours: 0 } missed)
                {
                    var improved = orders.ToArray();
                    improved[i] = new Order(orders[i].Id, "n", orders[i].Side, orders[i].Quantity, next);
                    Clear(Of(["n"], improved)).Accepted[i].WattHours.ShouldBeGreaterThan(0, $"seed {seed}, {missed}");
                    Math.Abs((next - orders[i].Limit).MicroPerKWh).ShouldBe(missed.MissedBy!.Value.MicroPerKWh);
                }
            }
        }
    }
}
