using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Settlement;

public sealed class HourToSettleTests
{
    private static readonly DateTimeOffset Hour = new(2026, 3, 5, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Electricity at 10 ct; outside 30 ct to buy and 6 ct to sell; network fee 4 ct.</summary>
    private static HourToSettle Electricity(IReadOnlyList<Traded> trades, IReadOnlyList<Metered> meters, Price? price, params string[] stores) => new(
        1,
        Hour,
        trades,
        meters,
        new Dictionary<Carrier, Price?> { [Carrier.Electricity] = price },
        Carriers.All.ToDictionary(carrier => carrier, _ => new OutsidePrices(Price.FromMicroPerKWh(300_000), Price.FromMicroPerKWh(60_000))),
        Carriers.All.ToDictionary(carrier => carrier, _ => Price.FromMicroPerKWh(40_000)),
        stores.ToHashSet());

    private static readonly Price Ten = Price.FromMicroPerKWh(100_000);

    private static Traded Bought(int member, long wattHours, string plant = "") => new(member, plant, Carrier.Electricity, MeterDirection.Consumption, Energy.FromWh(wattHours));

    private static Traded Sold(int member, long wattHours, string plant) => new(member, plant, Carrier.Electricity, MeterDirection.Production, Energy.FromWh(-wattHours));

    private static Metered Used(int member, long wattHours) => new(member, "", Carrier.Electricity, MeterDirection.Consumption, Energy.FromWh(wattHours), false);

    private static Metered Made(int member, long wattHours, string plant) => new(member, plant, Carrier.Electricity, MeterDirection.Production, Energy.FromWh(wattHours), false);

    [Fact]
    public void Who_takes_more_than_bought_pays_the_import_price_for_the_difference()
    {
        var position = Electricity([Bought(1, 10_000)], [Used(1, 12_000)], Ten).Positions().Single();

        position.TradedAmount.ShouldBe(Money.FromMicro(1_000_000));
        position.ImbalanceAmount.ShouldBe(Money.FromMicro(600_000));
        position.NetworkFee.ShouldBe(Money.FromMicro(480_000));
    }

    [Fact]
    public void Who_takes_less_than_bought_gets_the_feed_in_price_for_the_difference() =>
        Electricity([Bought(1, 10_000)], [Used(1, 7_000)], Ten).Positions().Single().ImbalanceAmount.ShouldBe(Money.FromMicro(-180_000));

    [Fact]
    public void Who_gives_less_than_sold_is_short_too()
    {
        var position = Electricity([Sold(2, 5_000, "pv")], [Made(2, 4_000, "pv")], Ten).Positions().Single();

        position.TradedAmount.ShouldBe(Money.FromMicro(-500_000));
        position.ImbalanceAmount.ShouldBe(Money.FromMicro(300_000));
        position.NetworkFee.ShouldBe(Money.Zero);
    }

    [Fact]
    public void A_plant_without_a_meter_has_delivered_what_it_sold() =>
        Electricity([Sold(2, 5_000, "pv")], [], Ten).Positions().Single().ImbalanceAmount.ShouldBe(Money.Zero);

    [Fact]
    public void A_store_pays_the_network_fee_once_when_it_charges()
    {
        var positions = Electricity([Bought(3, 1_000, "battery"), Sold(3, 500, "battery")], [], Ten, "battery").Positions();

        positions.Single(position => position.Direction == MeterDirection.Consumption).NetworkFee.ShouldBe(Money.FromMicro(40_000));
        positions.Single(position => position.Direction == MeterDirection.Production).NetworkFee.ShouldBe(Money.Zero);
    }

    [Fact]
    public void Without_an_auction_all_energy_is_settled_at_the_outside_prices()
    {
        var positions = Electricity([], [Used(1, 1_000), Made(2, 1_000, "pv")], null).Positions();

        positions.Single(position => position.MemberId == 1).ImbalanceAmount.ShouldBe(Money.FromMicro(300_000));
        positions.Single(position => position.MemberId == 2).ImbalanceAmount.ShouldBe(Money.FromMicro(-60_000));
    }

    [Fact]
    public void Energy_that_was_bought_from_nobody_stops_the_settlement()
    {
        var hour = Electricity([Bought(1, 1_000)], [], Ten);

        Should.Throw<BrokenInvariantException>(() => hour.Balances(hour.Positions(), new HashSet<string>()))
            .Invariant.ShouldBe("energy sold and made equals energy bought and used");
    }

    [Fact]
    public void Every_transfer_is_above_zero_and_the_market_keeps_only_what_rounding_leaves()
    {
        // A third of a millionth each: rounding leaves something over.
        var odd = Price.FromMicroPerKWh(333);
        var hour = Electricity([Bought(1, 1), Bought(2, 1), Sold(3, 2, "pv")], [], odd);
        var ids = new Dictionary<(AccountKind, int), int>();
        foreach (var kind in JournalAccounts.OfTheLoop)
        {
            ids[(kind, 0)] = ids.Count + 1;
        }

        for (var member = 1; member <= 3; member++)
        {
            foreach (var kind in JournalAccounts.OfAMember)
            {
                ids[(kind, member)] = ids.Count + 1;
            }
        }

        var accounts = new JournalAccounts(1, ids);
        var transfers = hour.Transfers(hour.Positions(), accounts);

        transfers.ShouldAllBe(transfer => transfer.Amount > 0);
        var market = accounts[AccountKind.Market];
        foreach (var kinds in transfers.GroupBy(transfer => transfer.Kind is TransferKind.EnergyTraded or TransferKind.EnergyImbalance))
        {
            (kinds.Where(transfer => transfer.DebitAccount == market).Sum(transfer => transfer.Amount)
                - kinds.Where(transfer => transfer.CreditAccount == market).Sum(transfer => transfer.Amount)).ShouldBe(0);
        }
    }
}
