using System.Security.Claims;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Marketplace.Web.Tests.Features.Metering;

/// <summary>A loop of two members with three meters, whose market clock stands a day after the host's start.</summary>
public abstract class MeteringLoop : IAsyncLifetime
{
    protected static readonly DateTimeOffset Hour = MarketplaceHost.Start;

    protected MarketplaceHost Host { get; } = new();

    protected int LoopId { get; private set; }

    public async Task InitializeAsync()
    {
        await Host.InitializeAsync();
        var loop = new Loop { Slug = "tests", Name = "Tests", Kind = LoopKind.Live, Currency = "EUR", TimeZone = "Europe/Berlin", Seed = [1, 2, 3], FirstHour = Hour.AddDays(-30), CreatedAt = Hour };
        await Host.Put(db => db.Loops.Add(loop));
        LoopId = loop.Id;
        await Host.Put(db =>
        {
            db.Clocks.Add(new MarketClock { LoopId = LoopId, MarketAnchor = Hour.AddDays(1), RealAnchor = MarketplaceHost.Start, Rate = 0 });
            db.Members.AddRange(Member(1, "ann"), Member(2, "bob"));
        });
        await Host.Put(db => db.Meters.AddRange(
            Meter(1, 1, "ann-heat", Carrier.Heat), Meter(2, 1, "ann-electricity", Carrier.Electricity), Meter(3, 2, "bob-heat", Carrier.Heat)));
    }

    public Task DisposeAsync() => Host.DisposeAsync();

    protected Task<ReceivedReadings> Receive(string batchKey, params DeliveredReading[] readings) => Host.Send(new ReceiveReadings(LoopId, batchKey, readings));

    protected static DeliveredReading Row(string meter, int hours, decimal kilowattHours, string? note = null) =>
        new(1, meter, Hour.AddHours(hours), kilowattHours, note);

    /// <summary>The daily look at all meters has been taken: what is found is found in what comes.</summary>
    protected Task DayIsJudged() => Host.Put(db => db.JudgedDays.Add(new JudgedDay { LoopId = LoopId, Until = new DateOnly(2026, 3, 6) }));

    protected Task<List<Reading>> Stored() =>
        Host.Look(db => db.Readings.AsNoTracking().Where(reading => reading.LoopId == LoopId).OrderBy(reading => reading.MeterId).ThenBy(reading => reading.Hour).ThenBy(reading => reading.Revision).ToListAsync());

    protected async Task<long> Committed() => await Host.Look(db => db.Database.SqlQuery<long>($"SELECT coalesce(sum(entry_count), 0)::bigint AS \"Value\" FROM ledger.batches WHERE loop_id = {LoopId}").SingleAsync());

    /// <summary>A person with these roles.</summary>
    protected static Actor Acting(params RoleHeld[] roles) => Actor.From(new ClaimsPrincipal(new ClaimsIdentity(
        [new Claim(ClaimTypes.NameIdentifier, new Guid(1, 2, 3, new byte[8]).ToString()), .. roles.Select(role => role.ToClaim())], "test")));

    private Member Member(int id, string key) => new() { LoopId = LoopId, Id = id, Key = key, Name = key, Kind = "Dwelling", JoinedAt = Hour.AddDays(-60) };

    private Meter Meter(int id, int member, string code, Carrier carrier) => new()
    {
        LoopId = LoopId, Id = id, MemberId = member, Code = code, Carrier = carrier, Direction = MeterDirection.Consumption, InServiceFrom = Hour.AddDays(-30),
    };
}
