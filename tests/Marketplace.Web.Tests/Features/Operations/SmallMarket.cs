using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Marketplace.Web.Tests.Features.Operations;

/// <summary>Two homes, a solar roof, a heat pump, the grid and a balancing plant over a day: the smallest market with all three carriers.</summary>
internal sealed class SmallMarket
{
    public const int HomeA = 1;
    public const int HomeB = 2;
    public const int SolarOwner = 3;

    private readonly MarketplaceHost _host;

    private SmallMarket(MarketplaceHost host, int loopId, DateTimeOffset firstHour, int hours) =>
        (_host, LoopId, FirstHour, Hours) = (host, loopId, firstHour, hours);

    public int LoopId { get; }

    public DateTimeOffset FirstHour { get; }

    public int Hours { get; }

    public DateTimeOffset End => FirstHour.AddHours(Hours);

    /// <param name="clockAt">Market time; the default is after the end, so that every hour is due.</param>
    /// <param name="another">One more plant.</param>
    /// <param name="importPrice">The import price by position of the hour, in millionths per kWh; by default it rises from hour to hour.</param>
    public static async Task<SmallMarket> CreateAsync(
        MarketplaceHost host, int hours = 6, DateTimeOffset? clockAt = null, Plant? another = null, Func<int, long>? importPrice = null)
    {
        var first = MarketplaceHost.Start;
        var plan = new LoopPlan(
            $"small-{Guid.NewGuid():N}", "Small market", LoopKind.Replay, "EUR", "Europe/Berlin", [.. Enumerable.Repeat((byte)7, 32)],
            first, first.AddHours(hours), clockAt ?? first.AddHours(hours + 24),
            new Tariff
            {
                ValidFrom = first,
                DefaultLimitMargin = Price.FromMicroPerKWh(100_000),
                FeedIn = Price.FromMicroPerKWh(60_000),
                BalancingHeat = Price.FromMicroPerKWh(150_000),
                BalancingCold = Price.FromMicroPerKWh(80_000),
                NetworkFeeHeat = Price.FromMicroPerKWh(10_000),
                NetworkFeeCold = Price.FromMicroPerKWh(10_000),
                NetworkFeeElectricity = Price.FromMicroPerKWh(40_000),
                StandingChargePerDay = Money.FromMicro(300_000),
                VatBasisPoints = 1900,
            },
            [
                new LoopMember("home-a", "Home A", MemberKind.Dwelling, [LoopRole.Consumer]),
                new LoopMember("home-b", "Home B", MemberKind.Dwelling, [LoopRole.Consumer]),
                new LoopMember("solar", "Solar owner", MemberKind.Company, [LoopRole.Producer]),
                new LoopMember("works", "Heat works", MemberKind.Company, [LoopRole.Producer]),
                new LoopMember("supplier", "Grid supplier", MemberKind.Company, [LoopRole.Producer]),
                new LoopMember("operator", "Operator", MemberKind.Company, [LoopRole.Operator]),
            ],
            new Dictionary<string, IReadOnlyDictionary<string, string>>(),
            [
                .. new[] { "home-a", "home-b" }.SelectMany(home => new[] { Carrier.Heat, Carrier.Electricity }
                    .Select(carrier => new MeterPlan($"{home}-{carrier.Name()}", home, carrier, Data.MeterDirection.Consumption, null))),
            ],
            [
                new Plant { Id = "pv", DisplayName = "Roof", Owner = "solar", Kind = PlantKind.Pv, Output = Carrier.Electricity, CapacityWatts = 10_000 },
                new Plant { Id = "pump", DisplayName = "Heat pump", Owner = "works", Kind = PlantKind.HeatPump, Input = Carrier.Electricity, Output = Carrier.Heat, CapacityWatts = 20_000, PerformanceMillionths = 3_500_000 },
                new Plant { Id = "grid", DisplayName = "Grid", Owner = "supplier", Kind = PlantKind.GridSupplier, Output = Carrier.Electricity, CapacityWatts = 1_000_000 },
                new Plant { Id = "balance", DisplayName = "Balancing plant", Owner = "operator", Kind = PlantKind.BalancingPlant, Output = Carrier.Heat, CapacityWatts = 1_000_000, PerformanceMillionths = 2_500_000, RunningCost = Price.FromMicroPerKWh(30_000) },
                .. another is null ? Array.Empty<Plant>() : [another],
            ],
            []);
        var loopId = await host.Send(new SetUpLoop(plan));
        var market = new SmallMarket(host, loopId, first, hours);
        await host.Put(db => db.Conditions.AddRange(Enumerable.Range(0, hours).Select(i => new HourConditions
        {
            LoopId = loopId, Hour = first.AddHours(i), AirTempC = 4.5m, GhiWm2 = 300, ImportPrice = Price.FromMicroPerKWh(importPrice?.Invoke(i) ?? 200_000 + (i * 10_000)), CarbonGramsPerKWh = 300,
        })));
        return market;
    }

    /// <summary>Readings of all meters for all hours.</summary>
    public Task<ReceivedReadings> DeliverAsync(string batch = "all") => _host.Send(new ReceiveReadings(
        LoopId,
        batch,
        [.. Enumerable.Range(0, Hours).SelectMany(i => new[] { ("home-a-heat", 3.2m), ("home-a-electricity", 0.8m), ("home-b-heat", 2.7m), ("home-b-electricity", 1.1m) }
            .Select((meter, j) => new DeliveredReading((i * 4) + j + 1, meter.Item1, FirstHour.AddHours(i), meter.Item2 + (i * 0.1m))))],
        End.AddDays(1)));

    /// <summary>Sets the clock after the end, so that every hour is due.</summary>
    public Task EndAsync() => _host.Put(db => db.Clocks.Single(clock => clock.LoopId == LoopId).MarketAnchor = End.AddHours(24));

    public async Task<int> AdvanceAsync(int most = 1_000, bool stopOnFailure = true)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<MarketDay>().AdvanceAsync(LoopId, null, most, stopOnFailure, null, CancellationToken.None);
    }

    /// <summary>Everything that a step leaves behind, as one text: equal texts, equal effects.</summary>
    public Task<string> TracesAsync() => _host.Look(async db =>
    {
        var texts = new List<string>();
        foreach (var table in new[] { "hour_steps", "books", "book_orders", "results", "acceptances", "prices", "converter_runs", "store_levels", "positions", "balances", "settlements", "transfers", "bills", "bill_lines", "readings" })
        {
            var columns = table == "hour_steps" ? "hour, step" : table == "readings" ? "meter_id, hour, revision, energy, quality, batch_position" : "t";
#pragma warning disable EF1002 // The table's name is one of the list above.
            texts.Add(await db.Database.SqlQueryRaw<string>(
                $"SELECT '{table} ' || count(*) || ' ' || coalesce(md5(string_agg(md5(r::text), '' ORDER BY md5(r::text))), '') AS \"Value\" FROM (SELECT {columns} FROM market.{table} t WHERE loop_id = {{0}}) r",
                LoopId).SingleAsync());
#pragma warning restore EF1002
        }

        return string.Join("\n", texts);
    });

    public Actor ActorOf(int memberId, Role role = Role.Consumer) => Actor.From(new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity(
        [new System.Security.Claims.Claim(System.Security.Claims.ClaimTypes.NameIdentifier, Guid.NewGuid().ToString()), new RoleHeld(LoopId, memberId, role).ToClaim()], "test")));
}
