using System.Diagnostics;
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

namespace Marketplace.Benchmarks;

/// <summary>Batches of a day each, signed by many devices, sent over HTTP by a head-end that keeps two calls under way.</summary>
internal static class SignedDelivery
{
    private const int Devices = 500;
    private const int Days = 10;
    private const int BatchesACall = 800;
    private const string ApiKey = "mkt_benchmark-of-signed-delivery-0000000000";

    private static readonly DateTimeOffset Start = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(TestDatabase database, Size size)
    {
        var devices = size.Of(Devices, least: 5);
        var keys = Enumerable.Range(0, devices).Select(_ => ECDsa.Create(ECCurve.NamedCurves.nistP256)).ToList();
        try
        {
            var loopId = await SetUpAsync(database, keys);
            var calls = Bodies(keys).ToList();
            var readings = devices * Days * 24;
            LedgerSpeed.Say($"{readings} readings in {devices * Days} signed batches over HTTP");
            await using var app = await PublishedApp.ServeAsync(
                database, new Dictionary<string, string> { ["Logging__LogLevel__Default"] = "Warning", ["Api__RequestsEachMinute"] = "100000" });
            using var client = new HttpClient { BaseAddress = app.Address };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ApiKey);
            var began = Stopwatch.GetTimestamp();
            var stored = 0;
            await Parallel.ForEachAsync(calls, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (body, token) =>
            {
                using var content = new ByteArrayContent(body);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
                using var response = await client.PostAsync(new Uri("/api/v1/loops/signed-delivery/readings", UriKind.Relative), content, token);
                var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(token))!;
                Interlocked.Add(ref stored, response.IsSuccessStatusCode ? answer["stored"]!.GetValue<int>() : throw new InvalidOperationException(answer.ToJsonString()));
            });
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            if (stored != readings || loopId == 0)
            {
                throw new InvalidOperationException($"{stored} of {readings} readings were stored");
            }

            return
            [
                new Figure($"ingest_http_signed_{readings}", readings / seconds, "readings/s"),
                new Figure("ingest_http_peak_memory_host", Memory.PeakMegabytes(app.ProcessId), "MB"),
            ];
        }
        finally
        {
            keys.ForEach(key => key.Dispose());
        }
    }

    /// <summary>As an operator would have made them by the pages: a loop, a meter and a device with its key for each, and a key that delivers.</summary>
    private static async Task<int> SetUpAsync(TestDatabase database, List<ECDsa> keys)
    {
        await using var db = new MarketplaceDb(new DbContextOptionsBuilder<MarketplaceDb>().UseNpgsql(database.Owner).Options);
        var loop = new Loop { Slug = "signed-delivery", Name = "Signed delivery", Kind = LoopKind.Live, Currency = "EUR", TimeZone = "UTC", FirstHour = Start, CreatedAt = Start };
        db.Loops.Add(loop);
        await db.SaveChangesAsync();
        var account = Guid.CreateVersion7();
        var end = Start.AddDays(Days + 1);
        db.Clocks.Add(new MarketClock { LoopId = loop.Id, MarketAnchor = end, RealAnchor = end, Rate = 0 });
        db.Members.Add(new Member { LoopId = loop.Id, Id = 1, Key = "operator", Name = "Operator", Kind = "operator", JoinedAt = Start });
        db.MemberRoles.Add(new MemberRole { LoopId = loop.Id, MemberId = 1, Role = Role.Operator });
        db.Users.Add(new Account { Id = account, DisplayName = "Operator", UserName = "operator@benchmark.example", NormalizedUserName = "OPERATOR@BENCHMARK.EXAMPLE", Email = "operator@benchmark.example", CreatedAt = Start });
        await db.SaveChangesAsync();
        db.Memberships.Add(new Membership { LoopId = loop.Id, MemberId = 1, AccountId = account });
        var key = new ApiKey
        {
            Id = Guid.CreateVersion7(), AccountId = account, Name = "Benchmark", Hash = SHA256.HashData(Encoding.UTF8.GetBytes(ApiKey)), Beginning = ApiKey[..8],
            CreatedAt = Start, ExpiresAt = Start.AddYears(50),
        };
        db.ApiKeys.Add(key);
        await db.SaveChangesAsync();
        db.ApiKeyScopes.Add(new ApiKeyScope { KeyId = key.Id, LoopId = loop.Id, MayMeter = true });
        for (var i = 0; i < keys.Count; i++)
        {
            var point = keys[i].ExportParameters(false).Q;
            db.Meters.Add(new Meter { LoopId = loop.Id, Id = i + 1, MemberId = 1, Code = Code(i), Carrier = Carrier.Heat, Direction = MeterDirection.Consumption, InServiceFrom = Start });
            db.Devices.Add(new Device { LoopId = loop.Id, Id = i + 1, Code = Code(i), Model = "", State = DeviceState.InService, RegisteredAt = Start });
            db.DeviceKeys.Add(new DeviceKey { LoopId = loop.Id, DeviceId = i + 1, Number = 1, Point = [4, .. point.X!, .. point.Y!], AddedAt = Start });
        }

        await db.SaveChangesAsync();
        db.DeviceRegisters.AddRange(keys.Select((_, i) => new DeviceRegister { LoopId = loop.Id, DeviceId = i + 1, Register = Register.Heat, MeterId = i + 1, FromHour = Start }));
        await db.SaveChangesAsync();
        return loop.Id;
    }

    private static IEnumerable<byte[]> Bodies(List<ECDsa> keys)
    {
        var lines = Enumerable.Range(0, Days).SelectMany(day => keys.Select((key, device) => (day, key, device))).AsParallel().AsOrdered().Select(one =>
        {
            var readings = Enumerable.Range(0, 24).Select(hour => new SignedReading("heat", Start.AddDays(one.day).AddHours(hour), 3600, (one.device * 31) + hour, "Wh")).ToList();
            var signature = one.key.SignData(SignedBatch.Canonical(Code(one.device), one.day + 1, readings), HashAlgorithmName.SHA256);
            return string.Create(CultureInfo.InvariantCulture, $"{{\"device\":\"{Code(one.device)}\",\"sequence\":{one.day + 1},\"signature\":\"{Convert.ToBase64String(signature)}\",\"readings\":[")
                + string.Join(',', readings.Select(reading => string.Create(
                    CultureInfo.InvariantCulture, $"{{\"register\":\"heat\",\"start\":\"{Instants.Iso(reading.Start)}\",\"seconds\":3600,\"value\":{reading.Value},\"unit\":\"Wh\"}}")))
                + "]}\n";
        });
        return lines.ToList().Chunk(BatchesACall).Select(call => Encoding.UTF8.GetBytes(string.Concat(call)));
    }

    private static string Code(int device) => string.Create(CultureInfo.InvariantCulture, $"meter-{device}");
}
