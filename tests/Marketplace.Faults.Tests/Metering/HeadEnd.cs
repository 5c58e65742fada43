using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Testing;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Faults.Tests.Metering;

/// <summary>A batch as a device signed it, to be sent any number of times.</summary>
internal sealed record SentBatch(string Device, long Sequence, string Line, IReadOnlyList<(string Meter, DateTimeOffset Hour, long WattHours)> Readings);

/// <summary>Devices with keys of their own in a loop of their own, and the system that sends their signed batches.</summary>
internal sealed class HeadEnd : IDisposable
{
    public const string Slug = "signed-delivery";

    private const string ApiKey = "mkt_faults-of-signed-delivery-000000000000";

    public static readonly DateTimeOffset Start = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly List<ECDsa> _keys;
    private readonly TestDatabase _database;
    private readonly long[] _sequences;

    private HeadEnd(TestDatabase database, List<ECDsa> keys) => (_database, _keys, _sequences) = (database, keys, new long[keys.Count]);

    /// <summary>As an operator would have made them by the pages.</summary>
    /// <param name="devices">Each with a meter of heat.</param>
    /// <param name="marketTime">Where the loop's clock stands still.</param>
    public static async Task<HeadEnd> CreateAsync(TestDatabase database, int devices, DateTimeOffset marketTime)
    {
        var end = new HeadEnd(database, [.. Enumerable.Range(0, devices).Select(_ => ECDsa.Create(ECCurve.NamedCurves.nistP256))]);
        await using var db = end.Open();
        var loop = new Loop { Slug = Slug, Name = "Signed delivery", Kind = LoopKind.Live, Currency = "EUR", TimeZone = "UTC", FirstHour = Start, CreatedAt = Start };
        db.Loops.Add(loop);
        await db.SaveChangesAsync();
        var account = Guid.CreateVersion7();
        db.Clocks.Add(new MarketClock { LoopId = loop.Id, MarketAnchor = marketTime, RealAnchor = marketTime, Rate = 0 });
        db.Members.Add(new Member { LoopId = loop.Id, Id = 1, Key = "operator", Name = "Operator", Kind = "operator", JoinedAt = Start });
        db.MemberRoles.Add(new MemberRole { LoopId = loop.Id, MemberId = 1, Role = Role.Operator });
        db.Users.Add(new Account { Id = account, DisplayName = "Operator", UserName = "operator@faults.example", NormalizedUserName = "OPERATOR@FAULTS.EXAMPLE", Email = "operator@faults.example", CreatedAt = Start });
        await db.SaveChangesAsync();
        db.Memberships.Add(new Membership { LoopId = loop.Id, MemberId = 1, AccountId = account });
        var key = new ApiKey
        {
            Id = Guid.CreateVersion7(), AccountId = account, Name = "Faults", Hash = SHA256.HashData(Encoding.UTF8.GetBytes(ApiKey)), Beginning = ApiKey[..8],
            CreatedAt = Start, ExpiresAt = Start.AddYears(50),
        };
        db.ApiKeys.Add(key);
        await db.SaveChangesAsync();
        db.ApiKeyScopes.Add(new ApiKeyScope { KeyId = key.Id, LoopId = loop.Id, MayMeter = true });
        for (var i = 0; i < devices; i++)
        {
            var point = end._keys[i].ExportParameters(false).Q;
            db.Meters.Add(new Meter { LoopId = loop.Id, Id = i + 1, MemberId = 1, Code = Code(i), Carrier = Carrier.Heat, Direction = MeterDirection.Consumption, InServiceFrom = Start });
            db.Devices.Add(new Device { LoopId = loop.Id, Id = i + 1, Code = Code(i), Model = "", State = DeviceState.InService, RegisteredAt = Start });
            db.DeviceKeys.Add(new DeviceKey { LoopId = loop.Id, DeviceId = i + 1, Number = 1, Point = [4, .. point.X!, .. point.Y!], AddedAt = Start });
        }

        await db.SaveChangesAsync();
        db.DeviceRegisters.AddRange(end._keys.Select((_, i) => new DeviceRegister { LoopId = loop.Id, DeviceId = i + 1, Register = Register.Heat, MeterId = i + 1, FromHour = Start }));
        await db.SaveChangesAsync();
        return end;
    }

    /// <summary>The next batch of a device: some hours, signed.</summary>
    public SentBatch Next(int device, DateTimeOffset from, int hours)
    {
        var sequence = ++_sequences[device];
        var readings = Enumerable.Range(0, hours).Select(hour => new SignedReading(
            "heat", from.AddHours(hour), 3600, (device * 31) + (((from - Start).Ticks / TimeSpan.TicksPerHour + hour) * 7 % 1_000), "Wh")).ToList();
        var signature = _keys[device].SignData(SignedBatch.Canonical(Code(device), sequence, readings), HashAlgorithmName.SHA256);
        var line = string.Create(CultureInfo.InvariantCulture, $"{{\"device\":\"{Code(device)}\",\"sequence\":{sequence},\"signature\":\"{Convert.ToBase64String(signature)}\",\"readings\":[")
            + string.Join(',', readings.Select(reading => string.Create(
                CultureInfo.InvariantCulture, $"{{\"register\":\"heat\",\"start\":\"{Instants.Iso(reading.Start)}\",\"seconds\":3600,\"value\":{reading.Value},\"unit\":\"Wh\"}}")))
            + "]}\n";
        return new SentBatch(Code(device), sequence, line, [.. readings.Select(reading => (Code(device), reading.Start, reading.Value))]);
    }

    /// <summary>Sends batches in one call; null when the portal died before it answered.</summary>
    public static async Task<JsonNode?> SendAsync(Uri portal, IEnumerable<SentBatch> batches)
    {
        using var client = new HttpClient { BaseAddress = portal };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ApiKey);
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(string.Concat(batches.Select(batch => batch.Line))));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        try
        {
            using var response = await client.PostAsync(new Uri($"/api/v1/loops/{Slug}/readings", UriKind.Relative), content);
            var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            return response.IsSuccessStatusCode ? answer : throw new InvalidOperationException(answer.ToJsonString());
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>The market clock jumps.</summary>
    public async Task SetMarketTimeAsync(DateTimeOffset marketTime)
    {
        await using var db = Open();
        await db.Clocks.ExecuteUpdateAsync(clock => clock.SetProperty(c => c.MarketAnchor, marketTime));
    }

    public void Dispose() => _keys.ForEach(key => key.Dispose());

    private static string Code(int device) => string.Create(CultureInfo.InvariantCulture, $"meter-{device}");

    private MarketplaceDb Open() => new(new DbContextOptionsBuilder<MarketplaceDb>().UseNpgsql(_database.Owner).Options);
}
