using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Corrections;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Metering.Quality;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Corrections;

public sealed class ResettleHourTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private const int Operator = 6;

    [Fact]
    public async Task A_corrected_reading_after_settlement_moves_imbalance_and_fee_once_and_back_again()
    {
        var market = await SettledAsync();
        var published = await PositionAsync(market);
        await DeliverAsync(market, "late", 5.2m);

        await CheckAsync(market);
        await CheckAsync(market);

        // Two kilowatt-hours more than settled: short by them, and the fee of 1 ct for each.
        var moved = (await MovedAsync(market)).ShouldHaveSingleItem();
        moved.ShouldBe(published.ImbalancePrice!.Value.Of(published.Metered + Energy.FromKWh(2) - published.Traded) - published.ImbalanceAmount + Money.FromMicro(20_000));
        (await PositionAsync(market)).Metered.ShouldBe(published.Metered);
        (await TransfersAsync(market)).Where(transfer => transfer.Kind == TransferKind.EnergyImbalance).ShouldHaveSingleItem().Amount.ShouldBe(2_000);
        var notice = (await host.Send(new CorrectionsOfHour(market.LoopId, market.FirstHour), Actor.Visitor)).ShouldHaveSingleItem();
        (notice.Carrier, notice.Reason).ShouldBe((Carrier.Heat, "Readings that came or were replaced after the hour was settled"));

        await DeliverAsync(market, "right after all", 3.2m);
        await CheckAsync(market);
        (await MovedAsync(market)).Aggregate(Money.Zero, (sum, amount) => sum + amount).ShouldBe(Money.Zero);
        (await host.Look(db => db.Database.SqlQuery<int>($"SELECT count(*)::int AS \"Value\" FROM market.resettlements WHERE loop_id = {market.LoopId}").SingleAsync())).ShouldBe(2);
        (await host.Look(db => db.Database.SqlQuery<int>($"SELECT count(*)::int AS \"Value\" FROM ledger.batches WHERE loop_id = {market.LoopId} AND batch_key LIKE 'resettlement/%'").SingleAsync())).ShouldBe(2);
    }

    [Fact]
    public async Task Two_passes_at_once_settle_the_difference_once()
    {
        var market = await SettledAsync();
        await DeliverAsync(market, "late", 5.2m);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => host.Send(new ResettleHour(market.LoopId, market.FirstHour))));

        (await MovedAsync(market)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task What_comes_after_the_window_waits_for_the_operator_and_is_never_dropped()
    {
        var market = await SettledAsync();
        var operating = market.ActorOf(Operator, Role.Operator);
        await host.Send(new SetLateWindow(market.LoopId, 0), operating);
        await DeliverAsync(market, "late", 5.2m);

        await CheckAsync(market);
        (await MovedAsync(market)).ShouldBeEmpty();
        var waiting = await host.Send(new ShowLateReadings(market.LoopId), operating);
        waiting.Hours.ShouldHaveSingleItem().Hour.ShouldBe(market.FirstHour);
        waiting.Hours[0].Meters.ShouldBe(["home-a-heat"]);
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new DecideLate(market.LoopId, [market.FirstHour], true, "x"), market.ActorOf(SmallMarket.HomeA)));

        await host.Send(new DecideLate(market.LoopId, [market.FirstHour], Settle: true, "the reader was on holiday"), operating);
        await CheckAsync(market);
        (await MovedAsync(market)).ShouldHaveSingleItem();
        (await host.Send(new ShowLateReadings(market.LoopId), operating)).Hours.ShouldBeEmpty();

        // Left as it was settled; a further value of the same hour asks again.
        await DeliverAsync(market, "later", 6.2m);
        await CheckAsync(market);
        (await host.Send(new DecideLate(market.LoopId, [market.FirstHour], Settle: false, "not worth it"), operating)).ShouldBe(1);
        await CheckAsync(market);
        (await MovedAsync(market)).ShouldHaveSingleItem();
        await DeliverAsync(market, "latest", 7.2m);
        await CheckAsync(market);
        (await host.Send(new ShowLateReadings(market.LoopId), operating)).Hours.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task An_estimate_that_an_operator_puts_in_the_place_of_a_settled_reading_is_settled_and_billed_as_a_correction()
    {
        var market = await SettledAsync(wrong: 40m);
        var operating = market.ActorOf(Operator, Role.Operator);
        await host.Send(new SetLateWindow(market.LoopId, 0), operating);
        var meter = await host.Look(db => db.Meters.SingleAsync(meter => meter.LoopId == market.LoopId && meter.Code == "home-a-heat"));
        var at = market.FirstHour.AddHours(2);
        var flag = new ReadingFlag { LoopId = market.LoopId, MeterId = meter.Id, Hour = at, UntilHour = at.AddHours(1), CheckName = "spike", Severity = FlagSeverity.Doubtful, Words = "Much.", FoundAt = at };
        await host.Put(db => db.ReadingFlags.Add(flag));
        await host.Put(db => db.OpenFlags.Add(new OpenFlag { LoopId = market.LoopId, FlagId = flag.Id, MeterId = meter.Id, Carrier = Carrier.Heat, Severity = FlagSeverity.Doubtful, CheckName = "spike", Hour = at }));

        (await host.Send(new ResolveExceptions(market.LoopId, [flag.Id], null, ExceptionCure.Estimate, "it cannot be"), operating)).Hours.ShouldBe(1);
        await CheckAsync(market);

        var own = (await host.Look(db => db.CorrectedMembers.Where(one => one.LoopId == market.LoopId).ToListAsync())).ShouldHaveSingleItem();
        own.Amount.IsNegative.ShouldBeTrue();
        (own.Hour, own.MemberId, own.Carrier).ShouldBe((at, SmallMarket.HomeA, Carrier.Heat));
        var run = (await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, market.End), market.End))).Run.ShouldNotBeNull();
        run.IsSound.ShouldBeTrue();
        run.Charges.ShouldBe(own.Amount);
        var line = await host.Look(db => db.BillLines.SingleAsync(line => line.LoopId == market.LoopId && line.Kind == (short)Billing.BillLineKind.Correction));
        line.Carrier.ShouldBe((short)Carrier.Heat);
    }

    [Fact]
    public async Task A_late_reading_of_a_billed_hour_revises_its_bill_within_the_window_and_stands_on_the_next_one_after_it()
    {
        var market = await SettledAsync();
        var half = market.FirstHour.AddHours(3);
        (await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, half), half))).Outcome.ShouldBe(BillingOutcome.Issued);
        await DeliverAsync(market, "late", 5.2m);

        await CheckAsync(market);

        (await TransfersAsync(market)).ShouldAllBe(transfer => transfer.Hour < half);
        var revised = await host.Send(new ReviseBills(market.LoopId));
        (revised.CreditNotes.Count, revised.Documents.Count).ShouldBe((1, 1));
        var run = (await host.Send(new IssueBills(market.LoopId, new Interval(half, market.End), market.End))).Run.ShouldNotBeNull();
        run.IsSound.ShouldBeTrue();
        run.Charges.ShouldBe(Money.Zero);

        await host.Put(db => db.BillingTerms.Add(new BillingTerms { LoopId = market.LoopId, Version = 2, LateDataDays = 0, SetAt = market.End }));
        await DeliverAsync(market, "later", 6.2m);
        await CheckAsync(market);
        (await host.Send(new ReviseBills(market.LoopId))).CreditNotes.ShouldBeEmpty();
        (await TransfersAsync(market)).Where(transfer => transfer.Hour >= market.End).ShouldNotBeEmpty();
    }

    /// <param name="wrong">What the third hour was settled with, if not with what is usual.</param>
    private async Task<SmallMarket> SettledAsync(decimal? wrong = null)
    {
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();
        if (wrong is { } value)
        {
            await DeliverAsync(market, "wrong", value, 2);
        }

        await market.AdvanceAsync();
        await CheckAsync(market);
        return market;
    }

    private Task<ReceivedReadings> DeliverAsync(SmallMarket market, string batch, decimal kilowattHours, int hour = 0) => host.Send(new ReceiveReadings(
        market.LoopId, batch, [new DeliveredReading(1, "home-a-heat", market.FirstHour.AddHours(hour), kilowattHours)], market.End.AddDays(1)));

    private async Task CheckAsync(SmallMarket market)
    {
        await using var scope = host.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<ReadingChecks>().RunAsync(market.LoopId, CancellationToken.None);
    }

    private Task<Position> PositionAsync(SmallMarket market) => host.Look(db => db.Positions.AsNoTracking().SingleAsync(position =>
        position.LoopId == market.LoopId && position.Hour == market.FirstHour && position.MemberId == SmallMarket.HomeA && position.Carrier == Carrier.Heat && position.PlantCode == ""));

    private Task<List<Money>> MovedAsync(SmallMarket market) =>
        host.Look(db => db.CorrectedMembers.Where(one => one.LoopId == market.LoopId).Select(one => one.Amount).ToListAsync());

    private Task<List<Transfer>> TransfersAsync(SmallMarket market) =>
        host.Look(db => db.Transfers.AsNoTracking().Where(transfer => transfer.LoopId == market.LoopId && transfer.Reference < 0).ToListAsync());
}
