using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Native.Clp;
using Marketplace.Quantities;
using Marketplace.Web.Features.Auctions;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Operations;

public sealed class MarketDayTests(MarketDayTests.HostWithFailingSolver host) : IClassFixture<MarketDayTests.HostWithFailingSolver>
{
    [Fact]
    public async Task Every_due_hour_is_closed_cleared_and_settled()
    {
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();

        (await market.AdvanceAsync()).ShouldBe(3 * market.Hours);

        var prices = await host.Look(db => db.Prices.Where(price => price.LoopId == market.LoopId).ToListAsync());
        prices.Where(price => price.Carrier == Carrier.Electricity).ShouldAllBe(price => price.Price != null);
        var balances = await host.Look(db => db.Balances.Where(balance => balance.LoopId == market.LoopId).ToListAsync());
        balances.Count.ShouldBe(3 * market.Hours);
        balances.Where(balance => balance.Carrier == Carrier.Heat).Sum(balance => balance.ConvertedOut.WattHours).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Doing_every_step_twice_changes_nothing()
    {
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();
        await market.AdvanceAsync();
        var period = new Interval(market.FirstHour, market.End);
        await host.Send(new IssueBills(market.LoopId, period, market.End));
        var once = await market.TracesAsync();

        await market.DeliverAsync();
        await market.AdvanceAsync();
        for (var hour = market.FirstHour; hour < market.End; hour = hour.AddHours(1))
        {
            await host.Send(new CloseGate(market.LoopId, hour));
            await host.Send(new ClearHour(market.LoopId, hour));
            await host.Send(new SettleHour(market.LoopId, hour));
        }

        (await host.Send(new IssueBills(market.LoopId, period, market.End))).Outcome.ShouldBe(BillingOutcome.AlreadyIssued);
        (await market.TracesAsync()).ShouldBe(once);
    }

    [Fact]
    public async Task A_step_that_dies_before_its_commit_leaves_nothing_and_is_done_by_the_next_run()
    {
        var undisturbed = await SmallMarket.CreateAsync(host);
        await undisturbed.DeliverAsync();
        await undisturbed.AdvanceAsync();

        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();
        await market.AdvanceAsync(most: 3);
        var before = await market.TracesAsync();
        host.Solver.FailsNext = true;
        await Should.ThrowAsync<InvalidOperationException>(() => market.AdvanceAsync());

        (await host.Look(db => db.HourSteps.CountAsync(step => step.LoopId == market.LoopId && step.Step == HourStepKind.Cleared))).ShouldBe(1);
        before.ShouldContain("results 1 ");
        await market.AdvanceAsync();

        var amounts = await host.Look(db => db.Positions.Where(position => position.LoopId == market.LoopId).SumAsync(position => (long)(object)position.TradedAmount));
        var expected = await host.Look(db => db.Positions.Where(position => position.LoopId == undisturbed.LoopId).SumAsync(position => (long)(object)position.TradedAmount));
        amounts.ShouldBe(expected);
    }

    [Fact]
    public async Task A_failed_step_is_recorded_waits_and_does_not_stop_the_host()
    {
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();
        await market.AdvanceAsync(most: 1);
        host.Solver.FailsNext = true;

        (await market.AdvanceAsync(stopOnFailure: false)).ShouldBe(0);
        var failure = await host.Look(db => db.HourFailures.SingleAsync(failure => failure.LoopId == market.LoopId));
        failure.Reason.ShouldContain("solver");
        (await market.AdvanceAsync(stopOnFailure: false)).ShouldBe(0);

        host.Time.Advance(TimeSpan.FromMinutes(1));
        (await market.AdvanceAsync(stopOnFailure: false)).ShouldBe((3 * market.Hours) - 1);
        (await host.Look(db => db.HourFailures.AnyAsync(failure => failure.LoopId == market.LoopId))).ShouldBeFalse();
    }

    [Fact]
    public async Task Two_runners_at_once_do_each_step_once()
    {
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();

        var done = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => market.AdvanceAsync()));

        (done.Sum() + await market.AdvanceAsync()).ShouldBe(3 * market.Hours);
    }

    [Fact]
    public async Task An_hour_whose_clearing_fails_can_be_settled_at_the_fallback_tariff()
    {
        var market = await SmallMarket.CreateAsync(host, hours: 1);
        await market.DeliverAsync();
        await market.AdvanceAsync(most: 1);
        var operatorOf = market.ActorOf(6, Role.Operator);

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new FallBack(market.LoopId, market.FirstHour, "test"), market.ActorOf(SmallMarket.HomeA)));
        await host.Send(new FallBack(market.LoopId, market.FirstHour, "The solver failed"), operatorOf);
        await market.AdvanceAsync();

        var positions = await host.Look(db => db.Positions.Where(position => position.LoopId == market.LoopId && position.Carrier == Carrier.Electricity).ToListAsync());
        positions.Count.ShouldBe(2);
        positions.ShouldAllBe(position => position.Traded == Energy.Zero && position.ImbalancePrice == Price.FromMicroPerKWh(200_000));
    }

    /// <summary>A solver that fails when a test asks it to, once.</summary>
    public sealed class FailingSolver : ILinearProgram
    {
        private readonly ClpLinearProgram _clp = new();

        public bool FailsNext { get; set; }

        public LinearSolution Solve(LinearProblem problem)
        {
            if (FailsNext)
            {
                FailsNext = false;
                throw new InvalidOperationException("The solver died");
            }

            return _clp.Solve(problem);
        }
    }

    public sealed class HostWithFailingSolver : MarketplaceHost
    {
        public HostWithFailingSolver() => Replace = services => services.Replace(ServiceDescriptor.Singleton<ILinearProgram>(Solver));

        public FailingSolver Solver { get; } = new();
    }
}
