using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Replica.Demo;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using MeterDirection = Marketplace.Data.MeterDirection;

namespace Marketplace.Web.Features.Demo;

/// <summary>The demo district seen from outside: its weather, its meters, and what some of its members order for themselves.</summary>
public sealed class DemoSource(IDbContextFactory<MarketplaceDb> databases, Requests requests, DemoMeters meters, TimeProvider time) : ILoopSource
{
    /// <summary>How far ahead prices and weather are known.</summary>
    private const int HoursKnownAhead = 36;

    /// <summary>How far ahead members place their own orders.</summary>
    private const int HoursOrderedAhead = 6;

    private DemoLoop? _district;

    public async Task BeforeGateAsync(Loop loop, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var district = DistrictOf(loop);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await KnowAheadAsync(db, district, loop, hour, cancellationToken);
        await OrderAheadAsync(db, district, loop, hour, cancellationToken);
    }

    public async Task DeliverAsync(Loop loop, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var district = DistrictOf(loop);
        var traded = await TradedByPlantAsync(loop.Id, hour, cancellationToken);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var devices = await meters.OfAsync(db, loop.Id, hour, cancellationToken);
        if (devices.Count > 0)
        {
            await meters.DeliverAsync(hour, cancellationToken);
        }

        var delivered = district.Readings(hour)
            .Concat(district.Meters.Where(meter => meter.IsDispatched).Select(meter => (
                Meter: meter,
                Energy: district.Reading(meter, hour, traded.GetValueOrDefault((meter.Plant!, meter.Carrier, (MeterDirection)meter.Direction))))))
            .Where(reading => !devices.Contains(reading.Meter.Id))
            .Select((reading, i) => new DeliveredReading(i + 1, reading.Meter.Id, hour, reading.Energy.KilowattHours))
            .ToList();
        await requests.Send(new ReceiveReadings(loop.Id, Instants.Iso(hour), delivered), Actor.System, cancellationToken);
    }

    /// <summary>The readings of the day before the market starts, so that its first hours have a yesterday.</summary>
    public async Task DeliverDayBeforeAsync(Loop loop, CancellationToken cancellationToken)
    {
        var district = DistrictOf(loop);
        var row = 0;
        var delivered = new Interval(loop.FirstHour.AddDays(-1), loop.FirstHour).Steps(MarketHour.Length)
            .SelectMany(hour => district.Readings(hour).Select(reading => new DeliveredReading(++row, reading.Meter.Id, hour, reading.Energy.KilowattHours)))
            .ToList();
        await requests.Send(new ReceiveReadings(loop.Id, "day before", delivered), Actor.System, cancellationToken);
    }

    private static async Task KnowAheadAsync(MarketplaceDb db, DemoLoop district, Loop loop, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var known = await db.Conditions.Where(row => row.LoopId == loop.Id).MaxAsync(row => (DateTimeOffset?)row.Hour, cancellationToken);
        if (known >= hour.AddHours(HoursKnownAhead / 2))
        {
            return;
        }

        var from = known is { } last ? last + MarketHour.Length : loop.FirstHour;
        await db.BulkInsertAsync(
            [.. new Interval(from, hour.AddHours(HoursKnownAhead)).Steps(MarketHour.Length).Select(district.ForecastAt).Select(conditions => new HourConditions
            {
                LoopId = loop.Id,
                Hour = conditions.Hour,
                AirTempC = conditions.AirTempC,
                GhiWm2 = conditions.GhiWm2,
                ImportPrice = conditions.ImportPrice,
                CarbonGramsPerKWh = conditions.CarbonGramsPerKWh,
            })],
            cancellationToken);
    }

    /// <summary>Orders of members who look after their own; where a person has already acted for the hour, the person's word stands.</summary>
    private async Task OrderAheadAsync(MarketplaceDb db, DemoLoop district, Loop loop, DateTimeOffset closing, CancellationToken cancellationToken)
    {
        var ids = await db.Members
            .Where(member => member.LoopId == loop.Id && DemoLoop.OwnOrderMembers.Contains(member.Key))
            .ToDictionaryAsync(member => member.Key, member => member.Id, cancellationToken);
        var hour = closing.AddHours(HoursOrderedAhead);
        var hours = closing == loop.FirstHour ? new Interval(closing, hour.AddHours(1)).Steps(MarketHour.Length).ToList() : [hour];
        var acted = (await db.Orders
            .Where(order => order.LoopId == loop.Id && hours.Contains(order.Hour))
            .Select(order => new { order.MemberId, order.Hour, order.Carrier })
            .ToListAsync(cancellationToken)).Select(order => (order.MemberId, order.Hour, order.Carrier)).ToHashSet();
        var placedAt = time.GetUtcNow();
        await db.BulkInsertAsync(
            [.. hours.SelectMany(hour => DemoLoop.OwnOrderMembers.SelectMany(key => district.OwnOrders(key, hour).Select((order, i) => new MarketOrder
            {
                LoopId = loop.Id,
                SubmissionId = SubmissionId(loop.Slug, key, hour, i),
                MemberId = ids[key],
                Hour = hour,
                Carrier = order.Carrier,
                Side = order.Side == BidSide.Buy ? OrderSide.Buy : OrderSide.Sell,
                Quantity = order.Quantity,
                Limit = order.Limit,
                PlacedAt = placedAt,
            }))).Where(order => !acted.Contains((order.MemberId, order.Hour, order.Carrier)))],
            cancellationToken);
    }

    private async Task<Dictionary<(string Plant, Carrier Carrier, MeterDirection Direction), Energy>> TradedByPlantAsync(
        int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var orders = await (
            from order in db.BookOrders
            join acceptance in db.Acceptances on new { order.LoopId, order.Hour, order.Position } equals new { acceptance.LoopId, acceptance.Hour, acceptance.Position }
            where order.LoopId == loopId && order.Hour == hour && order.PlantCode != null
            select new { order.PlantCode, order.Carrier, order.Side, acceptance.Accepted }).ToListAsync(cancellationToken);
        var runs = await db.ConverterRuns.AsNoTracking().Where(run => run.LoopId == loopId && run.Hour == hour).ToListAsync(cancellationToken);
        return orders
            .Select(order => (Key: (order.PlantCode!, order.Carrier, order.Side == OrderSide.Buy ? MeterDirection.Consumption : MeterDirection.Production), order.Accepted))
            .Concat(runs.SelectMany(run => new[] { (Carrier.Heat, run.Heat), (Carrier.Cold, run.Cold), (Carrier.Electricity, run.Electricity) }
                .Select(flow => (
                    Key: (run.PlantCode, flow.Item1, flow.Item2 < Energy.Zero ? MeterDirection.Consumption : MeterDirection.Production),
                    Accepted: flow.Item2.Abs()))))
            .GroupBy(flow => flow.Key)
            .ToDictionary(flow => flow.Key, flow => flow.Aggregate(Energy.Zero, (sum, part) => sum + part.Accepted));
    }

    private DemoLoop DistrictOf(Loop loop) =>
        _district ??= DemoLoop.Create(DemoSeeding.SeedNumber(loop.Seed ?? throw new InvalidOperationException("A demo loop has a seed")));

    private static Guid SubmissionId(string loop, string member, DateTimeOffset hour, int order) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{loop}/{member}/{Instants.Iso(hour)}/{order}"))).AsSpan(0, 16));
}
