using System.Globalization;
using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests.Mechanisms;

/// <summary>Bilateral deals taken out of the pool, preferences met by certificates, and trades held against the network.</summary>
public sealed class DealsAndOriginsTests
{
    private static readonly Nomination Deal = new("ppa-7", "solar", "school", "electricity", RandomMarket.Hour, new Energy(4_000));

    [Fact]
    public void A_deal_counts_when_both_sides_say_the_same()
    {
        Nominations.Agree(Deal, Deal with { }).ShouldBeNull();
        Nominations.Agree(Deal, Deal with { Quantity = new Energy(3_999) }).ShouldBe(NominationRefusal.SidesDiffer);
        Nominations.Agree(Deal, Deal with { Hour = Deal.Hour.AddHours(1) }).ShouldBe(NominationRefusal.SidesDiffer);
        Nominations.Agree(Deal with { Quantity = new Energy(-1) }, Deal).ShouldBe(NominationRefusal.Negative);
        Nominations.Agree(Deal with { Seller = "school" }, Deal with { Seller = "school" }).ShouldBe(NominationRefusal.SameParty);
    }

    [Fact]
    public void What_deals_bring_need_not_be_bought_and_what_is_too_much_is_sold()
    {
        Residual Of(string member, long need, long give = 10_000, long take = 10_000) => Nominations.Of(member, new Energy(need), new Energy(give), new Energy(take), [Deal]);
        Of("school", 6_500).ShouldBe(new Residual(new Energy(2_500), Energy.Zero));
        Of("school", 1_500).ShouldBe(new Residual(Energy.Zero, new Energy(2_500)));
        Of("solar", -9_000).ShouldBe(new Residual(Energy.Zero, new Energy(5_000)));
        Of("solar", -3_000).ShouldBe(new Residual(new Energy(1_000), Energy.Zero));
        Of("other", 700).ShouldBe(new Residual(new Energy(700), Energy.Zero));
        Of("solar", -9_000, give: 3_999).ShouldBe(new Residual(Energy.Zero, new Energy(9_000), NominationRefusal.BeyondSellingCapacity, new Energy(3_999)));
        Of("school", 100, take: 3_999).Refusal.ShouldBe(NominationRefusal.BeyondBuyingCapacity);
    }

    [Fact]
    public void Deals_and_pool_together_are_what_a_member_needs()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var deals = Enumerable.Range(0, random.Next(6)).Select(i => Deal with { Deal = i.ToString(CultureInfo.InvariantCulture), Seller = $"m{random.Next(3)}", Buyer = $"m{3 + random.Next(3)}", Quantity = new Energy(random.Next(5_000)) }).ToArray();
            var members = Enumerable.Range(0, 6).Select(m => (Name: $"m{m.ToString(CultureInfo.InvariantCulture)}", Need: new Energy(random.Next(-9_000, 9_000)))).ToArray();
            var pool = members.Select(m => Nominations.Of(m.Name, m.Need, new Energy(100_000), new Energy(100_000), deals)).ToArray();
            pool.ShouldAllBe(r => r.Refusal == null && (r.Buy == Energy.Zero || r.Sell == Energy.Zero) && !r.Buy.IsNegative && !r.Sell.IsNegative);
            pool.Sum(r => r.Buy.WattHours - r.Sell.WattHours).ShouldBe(members.Sum(m => m.Need.WattHours));
        }
    }

    [Fact]
    public void A_deal_serves_the_best_steps_of_an_order_first()
    {
        var order = Order.Stepwise("s", "heat", Side.Sell, [new(new(100), new(10)), new(new(100), new(20))], "p");
        var (left, beyond) = Nominations.Reduce(order, new Energy(130));
        (left.Step(0).Quantity.WattHours, left.Step(1).Quantity.WattHours, left.Step(1).Limit, left.Party, beyond).ShouldBe((0, 70, new Price(20), "p", Energy.Zero));
        Nominations.Reduce(Buy("b", "heat", 50, 9), new Energy(80)).Beyond.ShouldBe(new Energy(30));
    }

    [Fact]
    public void Renewable_is_shared_by_what_was_bought_and_unmet_pays_no_premium()
    {
        var outcome = Preferences.Allocate(
            [
                new("anna", Preference.RenewableOnly, new Energy(3_000), new Price(20_000)), new("ben", Preference.RenewableOnly, new Energy(1_000), new Price(20_000)),
                new("cleo", Preference.LocalFirst, new Energy(2_000), default), new("dora", Preference.Cheapest, new Energy(9_000), new Price(5)),
            ],
            [new("wind", IsLocal: false, IsRenewable: true, new Energy(1_001)), new("chp", IsLocal: true, IsRenewable: false, new Energy(1_500)), new("pv", IsLocal: true, IsRenewable: true, new Energy(1_000))]);
        // Wind: 751 + 250. The CHP: 1,500 to Cleo. PV over what is lacking, 2,249 : 750 : 500: 643, 214, 143.
        outcome.Requests.Select(r => (r.Met.WattHours, r.Premium.Micro)).ShouldBe([(751 + 643, 27_880), (250 + 214, 9_280), (1_643, 0), (0, 0)]);
        outcome.Shares.Select(s => (s.Request, s.Supply, s.Energy.WattHours)).ShouldBe([(0, 0, 751), (0, 2, 643), (1, 0, 250), (1, 2, 214), (2, 1, 1_500), (2, 2, 143)]);
    }

    [Fact]
    public void No_origin_is_counted_twice_and_as_much_is_met_as_can_be()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var requests = Enumerable.Range(0, random.Next(8)).Select(i => new PreferenceRequest(
                $"m{i.ToString(CultureInfo.InvariantCulture)}", (Preference)random.Next(1, 4), new Energy(random.Next(300)), new Price(random.Next(3) * 777))).ToArray();
            var supplies = Enumerable.Range(0, random.Next(8)).Select(i => new OriginSupply(
                $"s{i.ToString(CultureInfo.InvariantCulture)}", random.Next(2) == 0, random.Next(2) == 0, new Energy(random.Next(300)))).ToArray();
            var outcome = Preferences.Allocate(requests, supplies);
            foreach (var (s, supply) in supplies.Index())
            {
                outcome.Shares.Where(x => x.Supply == s).Sum(x => x.Energy.WattHours).ShouldBeLessThanOrEqualTo(supply.Sold.WattHours);
            }

            foreach (var (r, request) in requests.Index())
            {
                var shares = outcome.Shares.Where(x => x.Request == r).ToList();
                shares.ShouldAllBe(x => x.Energy > Energy.Zero && (request.Preference == Preference.RenewableOnly ? supplies[x.Supply].IsRenewable : request.Preference == Preference.LocalFirst && supplies[x.Supply].IsLocal));
                shares.Sum(x => x.Energy.WattHours).ShouldBe(outcome.Requests[r].Met.WattHours);
                outcome.Requests[r].Met.ShouldBeLessThanOrEqualTo(request.Bought);
                shares.Sum(x => x.Premium.Micro).ShouldBe(request.Premium.Of(outcome.Requests[r].Met).Micro);
            }

            long Asked(Preference p) => requests.Where(r => r.Preference == p).Sum(r => r.Bought.WattHours);
            long Sold(bool local, bool renewable) => supplies.Where(s => s.IsLocal == local && s.IsRenewable == renewable).Sum(s => s.Sold.WattHours);
            var lack = Math.Max(0, Asked(Preference.RenewableOnly) - Sold(false, true)) + Math.Max(0, Asked(Preference.LocalFirst) - Sold(true, false)) - Sold(true, true);
            outcome.Requests.Sum(r => r.Met.WattHours).ShouldBe(Asked(Preference.RenewableOnly) + Asked(Preference.LocalFirst) - Math.Max(0, lack));
        }
    }

    [Fact]
    public void The_latest_trades_are_curtailed_first_and_those_made_at_once_share()
    {
        NetworkTrade Trade(string id, long at, long wattHours, long price) => new(id, at, "A", "B", new Energy(wattHours), new Price(price));
        var outcomes = NetworkCheck.Check(
            [Trade("late", 3, 500, 100_000), Trade("first", 1, 600, 150_000), Trade("x", 2, 300, 120_000), Trade("y", 2, 600, 250_000), Trade("home", 3, 100, 1) with { To = "A" }],
            [new("pipe", "A", "B", new Energy(1_000)), new("out of A", "A", null, new Energy(5_000))], shortfall: new Price(200_000), surplus: new Price(90_000));
        outcomes.Select(o => (o.Allowed.WattHours, o.Curtailed.WattHours, o.Limit, o.Shared, o.ToBuyer.Micro, o.ToSeller.Micro)).ShouldBe([
            (0, 500, "pipe", false, 50_000, 5_000), (600, 0, null, false, 0, 0), (133, 167, "pipe", true, 13_360, 5_010), (267, 333, "pipe", true, 0, 53_280), (100, 0, null, false, 0, 0)]);
    }

    [Fact]
    public void Every_limit_holds_and_nothing_is_curtailed_for_no_reason_or_compensated_below_zero()
    {
        for (var seed = 0; seed < 1_000; seed++)
        {
            var random = new Random(seed);
            string Zone() => $"z{random.Next(3)}";
            var trades = Enumerable.Range(0, random.Next(15)).Select(i => new NetworkTrade(
                i.ToString(CultureInfo.InvariantCulture), random.Next(4), Zone(), Zone(), new Energy(random.Next(1_000)), new Price(random.Next(-100, 300)))).ToArray();
            var limits = Enumerable.Range(0, random.Next(5)).Select(i => new NetworkLimit(
                i.ToString(CultureInfo.InvariantCulture), random.Next(3) == 0 ? null : Zone(), random.Next(3) == 0 ? null : Zone(), new Energy(random.Next(1_500)))).ToArray();
            var outcomes = NetworkCheck.Check(trades, limits, new Price(150), new Price(50));
            var full = limits.Where(l => outcomes.Where(o => l.Carries(o.Trade)).Sum(o => o.Allowed.WattHours) is var sum && sum <= l.Capacity.WattHours && sum == l.Capacity.WattHours).Select(l => l.Id).ToHashSet();
            limits.ShouldAllBe(l => outcomes.Where(o => l.Carries(o.Trade)).Sum(o => o.Allowed.WattHours) <= l.Capacity.WattHours);
            outcomes.ShouldAllBe(o => o.Allowed + o.Curtailed == o.Trade.Energy && !o.Allowed.IsNegative && !o.ToBuyer.IsNegative && !o.ToSeller.IsNegative);
            outcomes.Where(o => o.Curtailed > Energy.Zero).ShouldAllBe(o => full.Contains(o.Limit!));

            // A later trade changes nothing for earlier ones.
            var earlier = trades.Where(t => t.Sequence < 3).ToArray();
            NetworkCheck.Check(earlier, limits, new Price(150), new Price(50)).ShouldBe(outcomes.Where(o => o.Trade.Sequence < 3));
        }
    }
}
