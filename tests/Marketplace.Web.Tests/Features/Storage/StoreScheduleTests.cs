using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Corrections;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Storage;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Storage;

public sealed class StoreScheduleTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private const string Battery = "battery";
    private const int Operator = 6;

    private static readonly Plant Store = new()
    {
        Id = Battery, DisplayName = "Battery", Owner = "solar", Kind = PlantKind.Store, Output = Carrier.Electricity, CapacityWatts = 2_000,
        Store = new StoreDetails(Energy.FromWh(8_000), 950_000, 950_000, 1_000, 100_000, Price.FromMicroPerKWh(5_000)),
    };

    /// <summary>Three days on which electricity is cheap for eight hours and dear for the others.</summary>
    private async Task<SmallMarket> MarketAsync(bool byMarket)
    {
        var market = await SmallMarket.CreateAsync(host, 72, MarketplaceHost.Start.AddHours(-3), Store, i => i % 24 < 8 ? 100_000 : 400_000);
        if (byMarket)
        {
            await host.Send(Choice(market), market.ActorOf(SmallMarket.SolarOwner, Role.Storage));
        }

        await market.DeliverAsync();
        await market.EndAsync();
        await market.AdvanceAsync();
        return market;
    }

    private static ChooseStoreSchedule Choice(SmallMarket market, bool byMarket = true, int share = StoreTerms.DefaultOwnerShareMillionths) =>
        new(market.LoopId, SmallMarket.SolarOwner, Battery, byMarket, share);

    [Fact]
    public async Task The_market_schedules_a_store_over_the_day_and_its_owner_and_the_loop_share_what_it_earns()
    {
        var market = await MarketAsync(byMarket: true);

        // The first local day has no day before it; a day needs books of a whole day.
        var plans = await host.Look(db => db.StorePlans.Where(plan => plan.LoopId == market.LoopId).OrderBy(plan => plan.Hour).ToListAsync());
        plans.Count.ShouldBe(48);
        plans.RemoveAll(plan => plan.Hour >= market.End);
        var import = await host.Look(db => db.Conditions.Where(row => row.LoopId == market.LoopId).ToDictionaryAsync(row => row.Hour, row => row.ImportPrice.MicroPerKWh));
        plans.Where(plan => plan.Charge > Energy.Zero).ShouldNotBeEmpty();
        plans.Where(plan => plan.Charge > Energy.Zero).ShouldAllBe(plan => import[plan.Hour] == 100_000);
        plans.Where(plan => plan.Discharge > Energy.Zero).ShouldAllBe(plan => import[plan.Hour] == 400_000);

        // The auctions of the hours do as planned where nothing comes otherwise: charge when cheap, discharge when dear, never both.
        var levels = await host.Look(db => db.StoreLevels.Where(level => level.LoopId == market.LoopId && level.Hour >= plans[0].Hour).ToListAsync());
        levels.Sum(level => level.Charged.WattHours).ShouldBeGreaterThanOrEqualTo(8_000);
        levels.Where(level => level.Charged > Energy.Zero).ShouldAllBe(level => import[level.Hour] == 100_000);
        levels.Where(level => level.Discharged > Energy.Zero).ShouldAllBe(level => import[level.Hour] == 400_000);

        var shares = await host.Look(db => db.StoreShares.Where(share => share.LoopId == market.LoopId).ToListAsync());
        shares.ShouldNotBeEmpty();
        shares.ShouldAllBe(share => share.Amount == share.Result - Money.FromMicro(Rounding.DivideAwayFromZero((Int128)share.Result.Micro * 8, 10)));
        var lines = await BilledAsync(market);
        lines.ShouldHaveSingleItem().Amount.ShouldBe(shares.Aggregate(Money.Zero, (sum, share) => sum + share.Amount));
        (await LoopsAsync(market)).ShouldBe(-shares.Sum(share => share.Amount.Micro));
        shares.Sum(share => share.Result.Micro).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_late_reading_of_a_scheduled_store_moves_the_loops_part_of_its_hour_too()
    {
        var market = await MarketAsync(byMarket: true);
        var share = (await host.Look(db => db.StoreShares.Where(share => share.LoopId == market.LoopId && share.Result < Money.Zero).OrderBy(share => share.Hour).ToListAsync()))[0];
        await host.Put(db => db.Meters.Add(new Meter
        {
            LoopId = market.LoopId, Id = 1_000, MemberId = SmallMarket.SolarOwner, Carrier = Carrier.Electricity, Direction = MeterDirection.Consumption,
            Code = "battery-in", PlantCode = Battery, InServiceFrom = market.FirstHour,
        }));
        await host.Send(new ReceiveReadings(market.LoopId, "late", [new DeliveredReading(1, "battery-in", share.Hour, 9.5m)], market.End.AddDays(1)));

        (await host.Send(new ResettleHour(market.LoopId, share.Hour))).ShouldBeTrue();
        (await host.Send(new ResettleHour(market.LoopId, share.Hour))).ShouldBeFalse();

        var moved = await host.Look(db => db.Transfers.AsNoTracking().Where(transfer => transfer.LoopId == market.LoopId && transfer.Kind == TransferKind.Correction).ToListAsync());
        var accounts = await host.Look(db => db.Accounts.AsNoTracking().Where(account => account.LoopId == market.LoopId).ToDictionaryAsync(account => account.Id, account => account.Kind));
        long To(AccountKind kind) => moved.Sum(transfer => accounts[transfer.CreditAccount] == kind ? transfer.Amount : accounts[transfer.DebitAccount] == kind ? -transfer.Amount : 0);
        var cost = To(AccountKind.Imbalance) + To(AccountKind.NetworkFees);
        cost.ShouldBeGreaterThan(0);

        // Of what it cost more, the owner bears the owner's part: 80 %; the loop the rest.
        var result = share.Result - Money.FromMicro(cost);
        var part = result - Money.FromMicro(Rounding.DivideAwayFromZero((Int128)result.Micro * 8, 10));
        To(AccountKind.StoreShares).ShouldBe((part - share.Amount).Micro);
        (await host.Look(db => db.CorrectedMembers.SingleAsync(one => one.LoopId == market.LoopId))).Amount.ShouldBe(Money.FromMicro(cost) + part - share.Amount);
    }

    [Fact]
    public async Task A_store_left_to_its_owner_follows_its_own_rule_and_shares_nothing()
    {
        var market = await MarketAsync(byMarket: false);

        (await host.Look(db => db.StorePlans.AnyAsync(plan => plan.LoopId == market.LoopId))).ShouldBeFalse();
        (await BilledAsync(market)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_choice_is_the_owners_holds_from_the_next_day_on_and_keeps_its_terms()
    {
        var market = await SmallMarket.CreateAsync(host, 30, MarketplaceHost.Start, Store);
        var owner = market.ActorOf(SmallMarket.SolarOwner, Role.Storage);

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(Choice(market), market.ActorOf(SmallMarket.HomeA)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(Choice(market) with { MemberId = SmallMarket.HomeA }, market.ActorOf(SmallMarket.HomeA)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new SetStoreTerms(market.LoopId, 500_000), owner));
        await Should.ThrowAsync<RefusedException>(() => host.Send(new SetStoreTerms(market.LoopId, 1_000_001), market.ActorOf(Operator, Role.Operator)));

        var from = await host.Send(Choice(market), owner);
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        TimeZoneInfo.ConvertTime(from, zone).TimeOfDay.ShouldBe(TimeSpan.Zero);
        from.ShouldBeGreaterThan(MarketplaceHost.Start);
        await host.Send(Choice(market), owner);
        await host.Send(new SetStoreTerms(market.LoopId, 500_000), market.ActorOf(Operator, Role.Operator));
        await host.Send(Choice(market), owner);

        var choice = (await host.Look(db => db.StoreChoices.Where(choice => choice.LoopId == market.LoopId).ToListAsync())).ShouldHaveSingleItem();
        (choice.ByMarket, choice.OwnerShareMillionths).ShouldBe((true, 800_000));
        await host.Send(Choice(market, byMarket: false), owner);
        var stale = await Should.ThrowAsync<RefusedException>(() => host.Send(Choice(market, share: 700_000), owner));
        stale.Problems.ShouldHaveSingleItem().Message.ShouldContain("50 %");
        await host.Send(Choice(market, share: 500_000), owner);
        var view = await host.Send(new ShowStoreSchedules(market.LoopId, SmallMarket.SolarOwner, new Interval(market.FirstHour, market.End)), owner);
        view.OfferedShareMillionths.ShouldBe(500_000);
        view.Stores.ShouldHaveSingleItem().Next.ShouldNotBeNull().OwnerShareMillionths.ShouldBe(500_000);
    }

    private async Task<List<BillLineRow>> BilledAsync(SmallMarket market)
    {
        var issued = await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, market.End), market.End));
        issued.Run.ShouldNotBeNull().IsSound.ShouldBeTrue();
        return await host.Look(db => db.BillLines.Where(line => line.LoopId == market.LoopId && line.Kind == (short)BillLineKind.StoreShare).ToListAsync());
    }

    private Task<long> LoopsAsync(SmallMarket market) => host.Look(async db =>
    {
        var account = await db.Accounts.Where(account => account.LoopId == market.LoopId && account.Kind == AccountKind.StoreShares).Select(account => account.Id).SingleAsync();
        return await db.Transfers.Where(transfer => transfer.LoopId == market.LoopId && transfer.Kind == TransferKind.StoreShare)
            .SumAsync(transfer => transfer.DebitAccount == account ? transfer.Amount : -transfer.Amount);
    });
}
