using System.Globalization;
using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Market.Tests.Mechanisms;

/// <summary>The published case of charging quotas to its last digit, and what holds for any.</summary>
public sealed class PowerQuotaTests
{
    private static readonly QuotaOrder[] Case =
    [
        Bid("E", 3.2m, 28), Bid("D", 10.9m, 26), Bid("B", 6.5m, 24), Bid("G", 5.4m, 20),
        Offer("H", 6.8m, 16), Offer("F", 7.2m, 19), Offer("C", 9.8m, 22), Offer("A", 3.2m, 25),
    ];

    private static QuotaOrder Bid(string party, decimal kilowattHours, decimal tokens) => new(party, Side.Buy, Energy.FromKWh(kilowattHours), Price.FromUnitsPerKWh(tokens));

    private static QuotaOrder Offer(string party, decimal kilowattHours, decimal tokens) => new(party, Side.Sell, Energy.FromKWh(kilowattHours), Price.FromUnitsPerKWh(tokens));

    private static string[] Pairs(QuotaResult result) =>
        [.. result.Trades.Select(t => string.Create(CultureInfo.InvariantCulture, $"{Case[t.Buy].Party}-{Case[t.Sell].Party} {t.Energy.KilowattHours:0.0}@{t.Price.MicroPerKWh / 1_000_000m:0.##}"))];

    private static string[] Nets(QuotaResult result) =>
        [.. result.Nets.Where(n => n.Energy != Energy.Zero).Select(n => string.Create(CultureInfo.InvariantCulture, $"{n.Party} {n.Tokens.Amount:0.0}"))];

    [Fact]
    public void The_published_quotas()
    {
        var quotas = PowerQuotas.Of(323_000, [36_000, 48_000, 42_000, 66_000, 30_000, 66_000, 54_000, 48_000]);
        Enumerable.Range(0, 8).Select(i => (quotas.ShownHundredthsOfKilowatt(i) / 100m).ToString("0.00", CultureInfo.InvariantCulture))
            .ShouldBe(["29.82", "39.75", "34.78", "54.66", "24.85", "54.66", "44.72", "39.75"]);
        quotas.QuotaWatts.ShouldBe([29_815, 39_754, 34_785, 54_662, 24_846, 54_661, 44_723, 39_754]);
        quotas.QuotaWatts.Sum().ShouldBe(323_000);
        quotas.Beta.ShouldBe((323_000, 390_000));
    }

    [Fact]
    public void The_published_pairs_at_the_average_of_bid_and_offer()
    {
        var result = QuotaAuction.Clear(Case, QuotaPricing.Pairwise);
        Pairs(result).ShouldBe(["E-H 3.2@22", "D-H 3.6@21", "D-F 7.2@22.5", "D-C 0.1@24", "B-C 6.5@23"]);
        Nets(result).ShouldBe(["E 70.4", "D 240.0", "B 149.5", "H -146.0", "F -162.0", "C -151.9"]);
        result.Price.ShouldBeNull();
        QuotaCheck.Check(Case, QuotaPricing.Pairwise, result).ShouldBeEmpty();
    }

    [Fact]
    public void The_published_amounts_at_one_price()
    {
        var result = QuotaAuction.Clear(Case, QuotaPricing.Uniform);
        // B bids 24 and C wants 22: the last that trade.
        result.Price.ShouldBe(Price.FromUnitsPerKWh(23));
        Nets(result).ShouldBe(["E 73.6", "D 250.7", "B 149.5", "H -156.4", "F -165.6", "C -151.8"]);
        QuotaCheck.Check(Case, QuotaPricing.Uniform, result).ShouldBeEmpty();
    }

    [Fact]
    public void A_margin_that_is_enough_gives_all_that_is_asked()
    {
        PowerQuotas.Of(100, [30, 0, 70]).QuotaWatts.ShouldBe([30, 0, 70]);
        PowerQuotas.Of(100, [30, 0, 70]).Beta.ShouldBe((1, 1));
        PowerQuotas.Of(0, [5, 5]).QuotaWatts.ShouldBe([0, 0]);
        PowerQuotas.Of(10, []).QuotaWatts.ShouldBeEmpty();
        Should.Throw<ArgumentOutOfRangeException>(() => PowerQuotas.Of(10, [5, -1]));
    }

    [Fact]
    public void Quotas_never_exceed_the_margin_nor_a_demand()
    {
        for (var seed = 0; seed < 1_000; seed++)
        {
            var random = new Random(seed);
            var demands = Enumerable.Range(0, random.Next(12)).Select(_ => (long)random.Next(100)).ToArray();
            var quotas = PowerQuotas.Of(random.Next(600), demands);
            quotas.QuotaWatts.Sum().ShouldBe(Math.Min(quotas.MarginWatts, quotas.DemandedWatts));
            quotas.QuotaWatts.Zip(demands).ShouldAllBe(q => q.First >= 0 && q.First <= q.Second);
        }
    }

    [Fact]
    public void A_kilowatt_over_half_an_hour_is_500_watt_hours_rounded_down() =>
        PowerQuotas.EnergyOf(29_815, QuotaGates.Period).ShouldBe(new Energy(14_907));

    [Fact]
    public void Over_use_is_what_exceeds_quota_and_bought_less_sold()
    {
        var allowance = PowerQuotas.Allowance(new Energy(14_907), new Energy(3_200), Energy.Zero);
        PowerQuotas.Penalty(new Energy(18_607), allowance, Price.FromUnitsPerKWh(60)).ShouldBe((new Energy(500), Money.FromMicro(30_000_000)));
        PowerQuotas.Penalty(new Energy(18_107), allowance, Price.FromUnitsPerKWh(60)).ShouldBe((Energy.Zero, Money.Zero));
        PowerQuotas.Settle(Money.FromMicro(100), Money.FromMicro(70)).ShouldBe((Money.FromMicro(30), Money.Zero));
        PowerQuotas.Settle(Money.FromMicro(100), Money.FromMicro(170)).ShouldBe((Money.Zero, Money.FromMicro(70)));
    }

    [Fact]
    public void A_deposit_covers_the_dearest_outcome()
    {
        QuotaAuction.Deposit(Bid("E", 3.2m, 28), Price.FromUnitsPerKWh(60)).ShouldBe(Money.FromMicro(89_600_000));
        QuotaAuction.Deposit(Offer("H", 6.8m, 16), Price.FromUnitsPerKWh(60)).ShouldBe(Money.FromMicro(408_000_000));
        QuotaAuction.Deposit(new QuotaOrder("x", Side.Buy, new Energy(1), new Price(1)), default).ShouldBe(Money.FromMicro(1));
    }

    [Fact]
    public void The_gates_of_half_past_six()
    {
        var start = new DateTimeOffset(2026, 11, 21, 18, 30, 0, TimeSpan.Zero);
        QuotaGates.Of(start).ShouldBe(new QuotaGates(start.AddMinutes(-30), start.AddMinutes(-25), start.AddMinutes(-23), start.AddMinutes(-20), start.AddMinutes(-15)));
    }

    [Fact]
    public void A_party_that_bids_and_offers_is_refused_by_name() =>
        Should.Throw<OrderBookException>(() => QuotaAuction.Clear([Bid("E", 1, 1), Offer("E", 1, 1)], QuotaPricing.Uniform)).Message.ShouldContain("'E'");

    [Theory]
    [InlineData(QuotaPricing.Pairwise)]
    [InlineData(QuotaPricing.Uniform)]
    public void Any_auction_is_balanced_within_limits_and_deposits_and_its_check_finds_changes(QuotaPricing pricing)
    {
        for (var seed = 0; seed < 1_000; seed++)
        {
            var random = new Random(seed);
            var orders = Enumerable.Range(0, random.Next(16)).Select(i => new QuotaOrder(
                $"p{i.ToString(CultureInfo.InvariantCulture)}", random.Next(2) == 0 ? Side.Buy : Side.Sell, new Energy(random.Next(0, 5_000)), new Price(random.Next(12) * 999_999))).ToArray();
            var result = QuotaAuction.Clear(orders, pricing);
            QuotaCheck.Check(orders, pricing, result).ShouldBeEmpty($"seed {seed}");
            result.Nets.Sum(n => n.Energy.WattHours).ShouldBe(0);
            result.Nets.Sum(n => n.Tokens.Micro).ShouldBe(0);
            result.Trades.ShouldAllBe(t => t.Price <= orders[t.Buy].Limit && t.Price >= orders[t.Sell].Limit);
            foreach (var net in result.Nets.Where(n => n.Energy > Energy.Zero))
            {
                // Each pair is rounded to the nearest millionth: half a millionth a pair at most.
                net.Tokens.ShouldBeLessThanOrEqualTo(QuotaAuction.Deposit(orders.Single(o => o.Party == net.Party), default) + Money.FromMicro(result.Trades.Count));
            }

            if (result.Trades.Count > 0)
            {
                var t = random.Next(result.Trades.Count);
                Fails(result with { Trades = [.. result.Trades.Where((_, i) => i != t)] });
                Fails(Changed(x => x with { Price = x.Price + new Price(1) }));
                Fails(Changed(x => x with { Energy = x.Energy - new Energy(1) }));
                Fails(result with { Nets = [.. result.Nets.Select((n, i) => i == 0 ? n with { Tokens = n.Tokens + Money.FromMicro(1) } : n)] });
                void Fails(QuotaResult tampered) => QuotaCheck.Check(orders, pricing, tampered).ShouldNotBeEmpty($"seed {seed}");
                QuotaResult Changed(Func<Trade, Trade> change) => result with { Trades = [.. result.Trades.Select((x, i) => i == t ? change(x) : x)] };
            }
        }
    }
}
