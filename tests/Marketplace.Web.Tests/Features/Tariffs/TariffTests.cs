using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Tariffs;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Tariffs;

public sealed class TariffTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private const int Operator = 6;

    [Fact]
    public async Task A_new_version_a_rate_of_tax_and_a_shared_amount_stand_on_bills_to_the_cent()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start.AddHours(-5));
        var operating = market.ActorOf(Operator, Role.Operator);
        var (third, fifth) = (market.FirstHour.AddHours(2), market.FirstHour.AddHours(4));
        (await host.Send(new SetTariff(market.LoopId, third, Plan(), "Electricity tax as of today"), operating)).ShouldBe(2);
        await host.Send(new SetTaxRate(market.LoopId, fifth, Carrier.Heat, VatCategory.Standard, 700, "Heat at the reduced rate"), operating);
        await host.Send(new ShareAmount(market.LoopId, market.FirstHour, "Common pumps", Money.FromCents(1001), SharingKey.Equal, null), operating);
        await market.DeliverAsync();
        await market.EndAsync();
        await market.AdvanceAsync();

        var run = (await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, market.End), market.End))).Run.ShouldNotBeNull();

        run.IsSound.ShouldBeTrue();
        run.CommunityShares.ShouldBe(Money.FromCents(1001));
        run.Levies.ShouldBeGreaterThan(Money.Zero);
        var number = await host.Look(db => db.Bills.Where(bill => bill.LoopId == market.LoopId && bill.MemberId == SmallMarket.HomeA).Select(bill => bill.Number).SingleAsync());
        var bill = await host.Send(new ShowBill(market.LoopId, number), market.ActorOf(SmallMarket.HomeA));
        bill.Lines.Where(line => line.Carrier == Carrier.Heat && line.Kind == BillLineKind.NetworkFee).Select(line => (line.Trace.TariffVersion, line.Trace.Part, line.Vat.BasisPoints, line.Trace["rateMicroPerKWh"]))
            .ShouldBe([(1, 0, 1900, 10_000L), (2, 0, 1900, 25_000L), (2, 1, 700, 25_000L)]);
        var levy = bill.Lines.Where(line => line.Kind == BillLineKind.Levy).ToList();
        levy.ShouldAllBe(line => line.Name == "Electricity tax" && line.Carrier == Carrier.Electricity && line.Trace.TariffVersion == 2);
        levy.Sum(line => line.Quantity).ShouldBe(await host.Look(async db => (await db.Positions.Where(position => position.LoopId == market.LoopId && position.MemberId == SmallMarket.HomeA
            && position.Carrier == Carrier.Electricity && position.Hour >= third).ToListAsync()).Sum(position => position.Metered.WattHours)));
        bill.Lines.Single(line => line.Kind == BillLineKind.CommunityShare).Cents.ShouldBe(501);
        bill.TotalCents.ShouldBe(bill.Lines.Sum(line => line.Cents) + bill.Vat.Sum(group => group.TaxCents));
        foreach (var line in bill.Lines)
        {
            var detail = await host.Send(new ShowBillLine(market.LoopId, number, line.Number), market.ActorOf(SmallMarket.HomeA));
            detail.Tariff.Version.ShouldBe(line.Trace.TariffVersion);
            (detail.Hours.Count == 0 ? line.Exact : detail.Sum).ShouldBe(line.Exact, line.Kind.ToString());
        }
    }

    [Fact]
    public async Task What_is_closed_or_billed_keeps_its_tariff_and_its_taxes()
    {
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();
        await market.AdvanceAsync();
        await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, market.End), market.End));
        var operating = market.ActorOf(Operator, Role.Operator);

        (await Should.ThrowAsync<RefusedException>(() => host.Send(new SetTariff(market.LoopId, market.FirstHour, Plan(), "Late"), operating))).Message.ShouldContain("keeps its tariff");
        (await Should.ThrowAsync<RefusedException>(() => host.Send(new SetTaxRate(market.LoopId, market.End.AddHours(-1), null, VatCategory.Standard, 700, "Late"), operating))).Message.ShouldContain("is billed");
        await Should.ThrowAsync<RefusedException>(() => host.Send(new ShareAmount(market.LoopId, market.FirstHour, "Late", Money.FromCents(1), SharingKey.Equal, null), operating));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new SetTaxRate(market.LoopId, market.End, null, VatCategory.Standard, 700, "Mine"), market.ActorOf(SmallMarket.HomeA)));
        await Should.ThrowAsync<RefusedException>(() => host.Send(new SetTaxRate(market.LoopId, market.End, null, VatCategory.Zero, 700, "No rate"), operating));
        (await host.Send(new ShowTariffs(market.LoopId), market.ActorOf(SmallMarket.HomeA))).Versions.ShouldHaveSingleItem();
    }

    [Fact]
    public void What_is_typed_is_read_line_by_line()
    {
        var problems = new List<Problem>();
        var form = TariffForm.Of(new Tariff { NetworkFeeHeat = new Price(15_000), VatBasisPoints = 1900 }, new DateOnly(2026, 3, 1));
        form.Levies = "electricity 2.05 Electricity tax\nheat 0.3 Climate levy";
        form.ZoneFees = "east heat 2.1";

        var plan = form.Read("ct/kWh", problems).ShouldNotBeNull();

        problems.ShouldBeEmpty();
        plan.Levies.ShouldBe([(Carrier.Electricity, "Electricity tax", new Price(20_500)), (Carrier.Heat, "Climate levy", new Price(3_000))]);
        plan.ZoneFees.ShouldBe([("east", Carrier.Heat, new Price(21_000))]);
        form.Levies = "electricity\nwater 1 Tax\nheat x Tax";
        form.Read("ct/kWh", problems).ShouldBeNull();
        problems.Select(problem => problem.Message[..7]).ShouldBe(["Line 1:", "Line 2:", "Line 3:"], ignoreOrder: true);
    }

    private static TariffPlan Plan() => new()
    {
        DefaultLimitMargin = new Price(100_000), FeedIn = new Price(60_000), BalancingHeat = new Price(150_000), BalancingCold = new Price(80_000),
        NetworkFees = new Dictionary<Carrier, Price> { [Carrier.Heat] = new(25_000), [Carrier.Cold] = new(10_000), [Carrier.Electricity] = new(40_000) },
        Levies = [(Carrier.Electricity, "Electricity tax", new Price(20_500))], StandingChargePerDay = Money.FromMicro(300_000), VatBasisPoints = 1900, PaymentDays = 14,
    };
}
