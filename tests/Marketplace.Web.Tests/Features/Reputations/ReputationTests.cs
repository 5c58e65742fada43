using Marketplace.Contracts.Reputations;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Reputations;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Reputations;

public sealed class ReputationTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task A_reputation_is_what_the_settled_hours_say_hour_by_hour()
    {
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();
        await market.AdvanceAsync();
        var positions = await host.Look(db => db.Positions.AsNoTracking().Where(position => position.LoopId == market.LoopId).ToListAsync());
        positions.ShouldNotBeEmpty();

        await using var scope = host.Services.CreateAsyncScope();
        var found = await scope.ServiceProvider.GetRequiredService<IReputation>().OfAsync(
            market.LoopId, [.. positions.Select(position => position.MemberId).Distinct()], new Interval(market.FirstHour, market.End), CancellationToken.None);

        // The same, hour by hour in plain steps.
        var expected = new Dictionary<(int, Carrier, bool), DeliveryRecord>();
        foreach (var hour in positions.GroupBy(position => (position.MemberId, position.Carrier, position.Direction, position.Hour)))
        {
            var gives = hour.Key.Direction == MeterDirection.Production;
            var promised = Math.Max(0, (gives ? -1 : 1) * hour.Sum(position => position.Traded.WattHours));
            var metered = Math.Max(0, (gives ? -1 : 1) * hour.Sum(position => position.Metered.WattHours));
            if (promised == 0)
            {
                continue;
            }

            var one = hour.Any(position => position.Estimated)
                ? new DeliveryRecord(0, 0, 0, 0, 0, 1)
                : new DeliveryRecord(1, metered * 100 >= promised * 95 ? 1 : 0, promised, Math.Min(promised, metered), metered > 0 ? 1 : 0, 0);
            var key = (hour.Key.MemberId, hour.Key.Carrier, gives);
            expected[key] = expected.TryGetValue(key, out var sum) ? sum + one : one;
        }

        found.ToDictionary(one => (one.MemberId, one.Carrier, one.Gives), one => one.Reputation.Record).ShouldBe(expected, ignoreOrder: true);
        found.ShouldContain(one => one.Gives);
    }

    [Fact]
    public async Task What_somebody_takes_is_not_for_everybody()
    {
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();
        await market.AdvanceAsync();
        var key = await host.Look(db => db.Members.Where(member => member.LoopId == market.LoopId && member.Id == SmallMarket.HomeA).Select(member => member.Key).SingleAsync());

        (await host.Send(new ShowParty(market.LoopId, key), market.ActorOf(SmallMarket.HomeA))).Reputations.ShouldNotBeEmpty();
        var other = await host.Send(new ShowParty(market.LoopId, key), market.ActorOf(SmallMarket.SolarOwner, Role.Producer));
        (other.Reputations.Any(one => !one.Gives), other.TakingIsHidden).ShouldBe((false, true));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowParty(market.LoopId, "nobody"), market.ActorOf(SmallMarket.HomeA)));
    }
}
