using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Charging;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Marketplace.Web.Tests.Features.Charging;

/// <summary>A loop of eight members A to H who charge behind one transformer, as in the published case.</summary>
internal sealed class ChargingMarket
{
    public const int Operator = 9;
    public const int Stranger = 10;

    private readonly MarketplaceHost _host;

    private ChargingMarket(MarketplaceHost host, int loopId, DateTimeOffset period) => (_host, LoopId, Period) = (host, loopId, period);

    public int LoopId { get; }

    /// <summary>The only group of the loop.</summary>
    public int Group { get; private set; }

    /// <summary>18:30 on the loop's clock, which shows 17:00 at first.</summary>
    public DateTimeOffset Period { get; }

    public DateTimeOffset Hour => Period.AddMinutes(-30);

    public static int Member(char name) => name - 'A' + 1;

    public static async Task<ChargingMarket> CreateAsync(MarketplaceHost host, QuotaPricing pricing = QuotaPricing.Pairwise, long marginWatts = 323_000)
    {
        var first = new DateTimeOffset(2026, 3, 5, 0, 0, 0, TimeSpan.Zero);
        var period = new DateTimeOffset(2026, 3, 5, 18, 30, 0, TimeSpan.Zero);
        var drivers = Enumerable.Range(0, 8).Select(i => ((char)('a' + i)).ToString()).ToList();
        var plan = new LoopPlan(
            $"charging-{Guid.NewGuid():N}", "Charging", LoopKind.Demo, "EUR", "Etc/UTC", [.. Enumerable.Repeat((byte)7, 32)],
            first, null, period.AddMinutes(-90),
            new Tariff { ValidFrom = first, FeedIn = Price.FromMicroPerKWh(60_000), VatBasisPoints = 1900 },
            [
                .. drivers.Select(driver => new LoopMember(driver, driver.ToUpperInvariant(), MemberKind.Dwelling, [LoopRole.Consumer])),
                new LoopMember("operator", "Operator", MemberKind.Company, [LoopRole.Operator]),
                new LoopMember("stranger", "Stranger", MemberKind.Dwelling, [LoopRole.Consumer]),
            ],
            new Dictionary<string, IReadOnlyDictionary<string, string>>(),
            [.. drivers.Append("stranger").Select(driver => new MeterPlan($"{driver}-car", driver, Carrier.Electricity, Data.MeterDirection.Consumption, null))],
            [],
            []);
        var market = new ChargingMarket(host, await host.Send(new SetUpLoop(plan)), period);
        market.Group = await market.OperateAsync(new OpenChargingGroup(market.LoopId, "Garage", marginWatts, pricing, Price.FromMicroPerKWh(40_000_000)));
        for (var member = 1; member <= 8; member++)
        {
            await market.OperateAsync(new SetChargingPoint(market.LoopId, market.Group, member, await market.MeterOfAsync(member)));
        }

        return market;
    }

    public Task<int> MeterOfAsync(int member) =>
        _host.Look(db => db.Meters.Where(meter => meter.LoopId == LoopId && meter.MemberId == member).Select(meter => meter.Id).SingleAsync());

    /// <summary>Sets the market clock.</summary>
    public Task AtAsync(int hour, int minute, int second = 0) => _host.Put(db =>
    {
        var clock = db.Clocks.Single(clock => clock.LoopId == LoopId);
        (clock.MarketAnchor, clock.RealAnchor, clock.Rate) = (Period.Date.ToUniversalMidnight().AddHours(hour).AddMinutes(minute).AddSeconds(second), _host.Time.GetUtcNow(), 0);
    });

    public Actor ActorOf(int memberId, Role role = Role.Consumer) => Actor.From(new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity(
        [new System.Security.Claims.Claim(System.Security.Claims.ClaimTypes.NameIdentifier, Guid.NewGuid().ToString()), new RoleHeld(LoopId, memberId, role).ToClaim()], "test")));

    public Task<T> OperateAsync<T>(MediatR.IRequest<T> request) => _host.Send(request, ActorOf(Operator, Role.Operator));

    public Task DemandAsync(char member, decimal kilowatts, DateTimeOffset? period = null, bool daily = false) => _host.Send(
        new StateDemand(LoopId, Group, Member(member), period ?? Period, (long)(kilowatts * 1000), daily), ActorOf(Member(member)));

    public Task OrderAsync(char member, OrderSide side, decimal kilowattHours, int tokens) => _host.Send(
        new PlaceQuotaOrder(LoopId, Group, Member(member), Guid.NewGuid(), Period, side, Energy.FromKWh(kilowattHours), Price.FromMicroPerKWh(tokens * 1_000_000L)), ActorOf(Member(member)));

    public async Task DemandAsInTheCaseAsync()
    {
        foreach (var (member, kilowatts) in "ABCDEFGH".Zip([36m, 48m, 42m, 66m, 30m, 66m, 54m, 48m]))
        {
            await DemandAsync(member, kilowatts);
        }
    }

    public async Task OrderAsInTheCaseAsync()
    {
        await OrderAsync('E', OrderSide.Buy, 3.2m, 28);
        await OrderAsync('D', OrderSide.Buy, 10.9m, 26);
        await OrderAsync('B', OrderSide.Buy, 6.5m, 24);
        await OrderAsync('G', OrderSide.Buy, 5.4m, 20);
        await OrderAsync('H', OrderSide.Sell, 6.8m, 16);
        await OrderAsync('F', OrderSide.Sell, 7.2m, 19);
        await OrderAsync('C', OrderSide.Sell, 9.8m, 22);
        await OrderAsync('A', OrderSide.Sell, 3.2m, 25);
    }

    public async Task<int> AdvanceAsync()
    {
        await using var scope = _host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ChargingDay>().AdvanceAsync(LoopId, 1_000, CancellationToken.None);
    }

    /// <summary>The market's own settlement of the hour, with what charging meters took.</summary>
    public async Task MeterAsync(params (char Member, decimal KilowattHours)[] taken)
    {
        await _host.Send(new ReceiveReadings(
            LoopId,
            "cars",
            [.. taken.Select((reading, i) => new DeliveredReading(i + 1, $"{char.ToLowerInvariant(reading.Member)}-car", Hour, reading.KilowattHours))],
            Hour.AddDays(1)));
        await _host.Put(db => db.HourSteps.Add(new HourStep { LoopId = LoopId, Hour = Hour, Step = HourStepKind.Settled, DoneAt = _host.Time.GetUtcNow() }));
    }

    /// <summary>What stands on an account of a member, in millionths; debits are positive.</summary>
    public Task<long> BalanceAsync(AccountKind kind, int member = 0) => _host.Look(async db =>
    {
        var account = await db.Accounts.Where(account => account.LoopId == LoopId && account.Kind == kind && account.MemberId == member).Select(account => account.Id).SingleAsync();
        var transfers = await db.Transfers.Where(transfer => transfer.LoopId == LoopId).ToListAsync();
        return transfers.Where(transfer => transfer.DebitAccount == account).Sum(transfer => transfer.Amount)
            - transfers.Where(transfer => transfer.CreditAccount == account).Sum(transfer => transfer.Amount);
    });
}

internal static class Midnights
{
    public static DateTimeOffset ToUniversalMidnight(this DateTime day) => new(day.Date, TimeSpan.Zero);
}
