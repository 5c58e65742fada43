using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Bills.SettledWeekend;

namespace Marketplace.Web.Tests.Features.Bills;

/// <summary>What statements say of plants, stores and shares beside their lines, and that all of it stands on paper too.</summary>
public sealed class StatementTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    [Fact]
    public async Task A_statement_says_of_each_plant_what_its_settled_hours_add_up_to()
    {
        var weekend = await InAsync(host, "roles");
        await host.Send(new IssueBills(weekend.LoopId, Period));

        var producer = await ShowAsync(weekend, Owner, Role.Producer);
        producer.Plants.Select(plant => plant.Plant).ShouldBe(["hp", "pv"]);
        var pv = producer.Plants.Single(plant => plant.Plant == "pv");
        var hours = weekend.Positions.Where(position => position.PlantCode == "pv").ToList();
        var given = pv.Given.ShouldHaveSingleItem();
        given.Traded.WattHours.ShouldBe(-96_000);
        given.Above.WattHours.ShouldBe(480, "ten watt-hours short in each hour");
        given.Amount.Micro.ShouldBe(hours.Sum(hour => hour.TradedAmount.Micro));
        given.AveragePrice!.Value.MicroPerKWh.ShouldBe((long)Math.Round(hours.Sum(hour => hour.TradedAmount.Micro) * 1000m / -96_000, MidpointRounding.AwayFromZero));
        (pv.Hours, pv.HoursGiving).ShouldBe((48, 48));
        pv.UseMillionths.ShouldBe(199_000, "1.99 of 10 kW in each hour");

        var heatPump = producer.Plants.Single(plant => plant.Plant == "hp");
        heatPump.Taken.ShouldHaveSingleItem().Traded.WattHours.ShouldBe(24_000);
        heatPump.HoursGiving.ShouldBe(48);
        producer.Plants.Sum(plant => plant.Revenue.Micro).ShouldBe(-weekend.Positions.Where(position => position.MemberId == Owner && position.PlantCode != "")
            .Sum(position => (position.TradedAmount + position.ImbalanceAmount + position.NetworkFee).Micro));

        var store = (await ShowAsync(weekend, StoreKeeper, Role.Storage)).Plants.ShouldHaveSingleItem();
        var levels = await host.Look(db => db.StoreLevels.Where(level => level.LoopId == weekend.LoopId).Select(level => level.Level).ToListAsync());
        store.Store!.Highest.ShouldBe(levels.Max());
        store.Store.Lowest.ShouldBe(levels.Min());
        store.Taken.ShouldHaveSingleItem().AveragePrice!.Value.MicroPerKWh.ShouldBeInRange(80_000, 80_000 + (23 * 137));

        var investor = await ShowAsync(weekend, Investor, Role.Investor);
        var share = investor.Plants.ShouldHaveSingleItem();
        share.Invested.ShouldBe(Money.FromCents(1_000_000));
        share.Revenue.Micro.ShouldBe(investor.Lines.ShouldHaveSingleItem().Trace["revenueMicro"]!.Value, "the revenue that is shared is the plant's own");
        (await ShowAsync(weekend, Household, Role.Consumer)).Plants.ShouldBeEmpty();
    }

    [Fact]
    public async Task Everything_beside_the_lines_stands_on_paper_and_nothing_of_it_waits_for_a_click()
    {
        var weekend = await InAsync(host, "papers");
        var middle = Period.Start.AddHours(24);
        await host.Send(new IssueBills(weekend.LoopId, new Interval(Period.Start, middle)));
        await host.Send(new IssueBills(weekend.LoopId, new Interval(middle, Period.End)));
        await host.Put(db => db.Add(new MemberRole { LoopId = weekend.LoopId, MemberId = Operator, Role = Role.Operator }));
        var (_, email) = await host.AddPerson(weekend.LoopId, Operator);
        using var office = new Browser(host);
        await office.SignIn(email, People.Password);

        foreach (var (member, role, words) in new[]
        {
            (Household, Role.Consumer, new[] { "What the law wants you to know", "Prices, taxes, levies and tariffs", "Where the energy came from and went", "What changed", "Compared with others and with last year" }),
            (Owner, Role.Producer, ["What your plants did", "Price received", "Imbalance, electricity", "Availability", "Curtailed by the network", "Certificates of origin", "What changed"]),
            (StoreKeeper, Role.Storage, ["What your stores did", "State of charge at the start", "Price received, heat", "What changed"]),
            (Investor, Role.Investor, ["What your shares earned, and where money was lost", "Yield of the period", "Availability", "Your part"]),
        })
        {
            var bill = await ShowAsync(weekend, member, role);
            foreach (var page in new[] { await office.Get($"/loops/papers/bills/{bill.Number}"), await office.Get($"/loops/papers/bills/{bill.Number}/print") })
            {
                foreach (var word in words)
                {
                    page.Text.ShouldContain(word, customMessage: $"{role}");
                }
            }

            var paper = await office.Get($"/loops/papers/bills/{bill.Number}/print");
            paper.Html.ShouldNotContain("<details");
            paper.Text.Contains("/loops/papers/tariffs", StringComparison.Ordinal).ShouldBe(role == Role.Consumer, "on paper a link is an address");
        }
    }

    /// <summary>A member's newest document in a role.</summary>
    private async Task<BillView> ShowAsync(SettledWeekend weekend, int member, Role role)
    {
        var number = await host.Look(db => db.Bills.Where(bill => bill.LoopId == weekend.LoopId && bill.MemberId == member && bill.Role == role)
            .OrderByDescending(bill => bill.Id).Select(bill => bill.Number).FirstAsync());
        return await host.Send(new ShowBill(weekend.LoopId, number), weekend.As(Operator, Role.Operator));
    }
}
