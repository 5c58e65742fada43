using System.Diagnostics;
using System.Globalization;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Testing;
using Marketplace.Web.Features.Auctions;
using Marketplace.Web.Features.Deals;
using Marketplace.Web.Features.Forecasts;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Marketplace.Benchmarks;

/// <summary>An hour with very many orders in PostgreSQL, from the closing of its gate to the result that is published and under the
/// ledger's signature, through the product's own steps.</summary>
internal sealed class GateClosure : IBenchmark
{
    private const int Members = 1_000;
    private const int Pumps = 200;
    private static readonly DateTimeOffset Hour = new(2026, 1, 12, 8, 0, 0, TimeSpan.Zero);

    public string Name => "gate";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var count = size.Of(100_000, least: 1_000);
        await using var database = await TestDatabase.CreateAsync();
        await using var services = PortalServices.Of(database);
        var requests = services.GetRequiredService<Requests>();
        var loopId = await requests.Send(new SetUpLoop(Plan()), Actor.System);
        await using (var db = await services.GetRequiredService<IDbContextFactory<MarketplaceDb>>().CreateDbContextAsync())
        {
            // The first hour lets the code get warm.
            foreach (var (hour, orders) in new[] { (Hour, 1_000), (Hour.AddHours(1), count) })
            {
                db.Conditions.Add(new HourConditions
                {
                    LoopId = loopId, Hour = hour, AirTempC = 4, GhiWm2 = 100, ImportPrice = Price.FromMicroPerKWh(300_000), CarbonGramsPerKWh = 300,
                });
                await db.BulkInsertAsync(Orders(loopId, hour, orders), CancellationToken.None);
            }

            await db.SaveChangesAsync();
        }

        await RunAsync(services, requests, loopId, Hour);
        var (book, clear) = await RunAsync(services, requests, loopId, Hour.AddHours(1));
        await using (var db = await services.GetRequiredService<IDbContextFactory<MarketplaceDb>>().CreateDbContextAsync())
        {
            await db.Database.OpenConnectionAsync();
            var result = await db.Results.AsNoTracking().SingleAsync(result => result.Hour == Hour.AddHours(1));
            var state = await LogTables.StateOfAsync((Npgsql.NpgsqlConnection)db.Database.GetDbConnection(), loopId, result.BatchId, CancellationToken.None);
            if (state < EntryState.UnderSignature || await db.BookOrders.CountAsync(order => order.Hour == Hour.AddHours(1)) < count)
            {
                throw new InvalidOperationException($"The result of {count} orders is {state}");
            }
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"gate_{count}_orders");
        return
        [
            new Figure(name + "_closed_and_signed", book, "s"),
            new Figure(name + "_cleared_checked_and_signed", clear, "s"),
            new Figure(name + "_to_published", book + clear, "s"),
            new Figure("gate_peak_memory", Process.GetCurrentProcess().PeakWorkingSet64 / 1e6, "MB"),
        ];
    }

    private static async Task<(double Book, double Clear)> RunAsync(ServiceProvider services, Requests requests, int loopId, DateTimeOffset hour)
    {
        var sequencer = services.GetRequiredService<Sequencer>();
        var began = Stopwatch.GetTimestamp();
        await requests.Send(new CloseGate(loopId, hour), Actor.System);
        await sequencer.IntegrateAsync(loopId, CancellationToken.None);
        var book = Stopwatch.GetElapsedTime(began).TotalSeconds;
        began = Stopwatch.GetTimestamp();
        await requests.Send(new ClearHour(loopId, hour), Actor.System);
        await sequencer.IntegrateAsync(loopId, CancellationToken.None);
        return (book, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private static LoopPlan Plan() => new(
        "gate", "Gate", LoopKind.Replay, "EUR", "Etc/UTC", [.. Enumerable.Repeat((byte)7, 32)], Hour, null, Hour,
        new Tariff
        {
            ValidFrom = Hour.AddDays(-1), FeedIn = Price.FromMicroPerKWh(60_000), BalancingHeat = Price.FromMicroPerKWh(400_000),
            BalancingCold = Price.FromMicroPerKWh(400_000), VatBasisPoints = 1900,
        },
        [
            .. Enumerable.Range(0, Members).Select(i => new LoopMember(Key(i), Key(i), MemberKind.Dwelling, [LoopRole.Consumer])),
            new LoopMember("operator", "Operator", MemberKind.Company, [LoopRole.Operator]),
        ],
        new Dictionary<string, IReadOnlyDictionary<string, string>>(),
        [],
        [
            .. Enumerable.Range(0, Pumps).Select(i => new Plant
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"hp{i}"), DisplayName = "Heat pump", Owner = Key(i), Kind = PlantKind.HeatPump, Input = Carrier.Electricity,
                Output = Carrier.Heat, CapacityWatts = 1_000_000 * (1 + (i % 20)), PerformanceMillionths = 2_000_000 + (i * 20_000), RunningCost = Price.FromMicroPerKWh(i * 100),
            }),
            new Plant { Id = "grid", DisplayName = "Grid", Owner = "operator", Kind = PlantKind.GridSupplier, Output = Carrier.Electricity, CapacityWatts = 1_000_000_000 },
            new Plant
            {
                Id = "balance", DisplayName = "Balancing plant", Owner = "operator", Kind = PlantKind.BalancingPlant, Output = Carrier.Heat, CapacityWatts = 1_000_000_000,
                PerformanceMillionths = 2_500_000, RunningCost = Price.FromMicroPerKWh(30_000),
            },
        ],
        []);

    private static string Key(int member) => string.Create(CultureInfo.InvariantCulture, $"m{member}");

    private static List<MarketOrder> Orders(int loopId, DateTimeOffset hour, int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(i => new MarketOrder
        {
            LoopId = loopId,
            SubmissionId = new Guid(i, (short)hour.Hour, 0, new byte[8]),
            MemberId = 1 + (i % Members),
            Hour = hour,
            Carrier = Carriers.All[random.Next(Carriers.All.Count)],
            Side = random.Next(2) == 0 ? OrderSide.Buy : OrderSide.Sell,
            Quantity = Energy.FromWh(random.Next(1, 50_001)),
            Limit = Price.FromMicroPerKWh(random.Next(4_001) * 100L),
            PlacedAt = hour,
        })];
    }
}
