using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Api;
using Marketplace.Web.Features.Devices;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Devices;

public sealed class ReadingsApiTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    private static readonly DateTimeOffset Hour = MarketplaceHost.Start;

    private sealed record Site(int LoopId, string Path, string Key, Guid Account, TestDevice Device);

    /// <summary>A loop with a meter that a device signs for, another that none does, and an operator's key that delivers.</summary>
    private async Task<Site> OpenAsync(bool mayMeter = true, bool onlyOtherDevice = false)
    {
        var slug = "api-" + Guid.NewGuid().ToString("N")[..8];
        var loopId = await host.AddLoop(slug);
        await host.Put(db =>
        {
            db.Meters.AddRange(Meter(1, "a-heat"), Meter(2, "b-heat"));
            db.Clocks.Single(clock => clock.LoopId == loopId).MarketAnchor = Hour.AddDays(1);
        });
        var device = new TestDevice("meter-1");
        await host.Send(new RegisterDevice(loopId, device.Code, "", device.Pem, null));
        await host.Send(new CommissionDevice(loopId, device.Code, "a-heat", Hour));
        var (account, _) = await host.AddPerson(loopId, 1);
        var actor = People.Acting(account, new RoleHeld(loopId, 1, Role.Operator));
        var key = await host.Send(new CreateApiKey("Meters", 30, [new KeyScope(loopId, false, mayMeter, onlyOtherDevice ? 7 : null)]), actor);
        return new Site(loopId, $"/api/v1/loops/{slug}/readings", key, account, device);

        Meter Meter(int id, string code) => new() { LoopId = loopId, Id = id, MemberId = 2, Code = code, Carrier = Carrier.Heat, Direction = MeterDirection.Consumption, InServiceFrom = Hour.AddDays(-1) };
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> Post(Site site, byte[] body, string type, string? idempotency = null, bool isPacked = false)
    {
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, site.Path) { Content = new ByteArrayContent(isPacked ? Pack(body) : body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", site.Key);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (isPacked)
        {
            request.Content.Headers.ContentEncoding.Add("gzip");
        }

        if (idempotency is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotency);
        }

        using var response = await client.SendAsync(request);
        var answer = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, answer.Length == 0 ? default : JsonDocument.Parse(answer).RootElement.Clone());
    }

    private static byte[] Pack(byte[] body)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(body);
        }

        return packed.ToArray();
    }

    private static object Sent(SignedBatch batch) => new
    {
        device = batch.Device, sequence = batch.Sequence, signature = Convert.ToBase64String(batch.Signature),
        readings = batch.Readings.Select(reading => new { register = reading.Register, start = reading.Start, seconds = reading.Seconds, value = reading.Value, unit = reading.Unit }),
    };

    private static byte[] Json(params SignedBatch[] batches) => JsonSerializer.SerializeToUtf8Bytes(batches.Select(Sent));

    private Task<int> StoredIn(Site site) => host.Look(db => db.Readings.CountAsync(reading => reading.LoopId == site.LoopId));

    [Fact]
    public async Task Json_ndjson_and_csv_packed_or_not_come_to_the_same()
    {
        var site = await OpenAsync();
        var (status, body) = await Post(site, Json(site.Device.Sign(1, TestDevice.Heat(Hour, 1), TestDevice.Heat(Hour, 1) with { Unit = "kWh" })), "application/json");
        status.ShouldBe(HttpStatusCode.OK);
        var item = body.GetProperty("items")[0];
        (item.GetProperty("outcome").GetString(), item.GetProperty("stored").GetInt32()).ShouldBe(("stored", 1));
        item.GetProperty("refused")[0].GetProperty("rule").GetString().ShouldBe("wrong-unit");

        var lines = string.Join('\n', new object[] { Sent(site.Device.Sign(2, TestDevice.Heat(Hour.AddHours(1), 2))), "nonsense", Sent(site.Device.Sign(3, TestDevice.Heat(Hour.AddHours(2), 3))) }
            .Select(one => JsonSerializer.Serialize(one)));
        (status, body) = await Post(site, Encoding.UTF8.GetBytes(lines), "application/x-ndjson", isPacked: true);
        status.ShouldBe(HttpStatusCode.OK);
        body.GetProperty("items").EnumerateArray().Select(one => one.GetProperty("outcome").GetString()).ShouldBe(["stored", "refused", "stored"]);

        var batch = site.Device.Sign(4, TestDevice.Heat(Hour.AddHours(3), 4), TestDevice.Heat(Hour.AddHours(4), 5));
        var signature = Convert.ToBase64String(batch.Signature);
        var csv = "device,sequence,register,start,seconds,value,unit,signature\n" + string.Join('\n', batch.Readings.Select((reading, i) =>
            string.Create(CultureInfo.InvariantCulture, $"meter-1,4,heat,{Instants.Iso(reading.Start)},3600,{reading.Value},Wh,{(i == 1 ? signature : "")}")));
        (status, body) = await Post(site, Encoding.UTF8.GetBytes(csv), "text/csv", isPacked: true);
        status.ShouldBe(HttpStatusCode.OK);
        (body.GetProperty("stored").GetInt32(), body.GetProperty("refused").GetInt32()).ShouldBe((2, 0));
        (await StoredIn(site)).ShouldBe(5);
    }

    [Fact]
    public async Task A_call_sent_again_gets_the_same_answer_and_another_body_under_its_name_none()
    {
        var site = await OpenAsync();
        var body = Json(site.Device.Sign(1, TestDevice.Heat(Hour, 1)));
        var first = await Post(site, body, "application/json", "hour 0");
        var again = await Post(site, body, "application/json", "hour 0");
        var other = await Post(site, Json(site.Device.Sign(2, TestDevice.Heat(Hour.AddHours(1), 1))), "application/json", "hour 0");

        again.Body.GetRawText().ShouldBe(first.Body.GetRawText());
        other.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await StoredIn(site)).ShouldBe(1);
        (await Post(site, body, "application/json")).Body.GetProperty("items")[0].GetProperty("outcome").GetString().ShouldBe("known");
    }

    [Fact]
    public async Task A_reading_without_a_signature_is_taken_only_for_meters_whose_device_does_not_sign()
    {
        var site = await OpenAsync();
        var csv = "meter,start,value,unit\nb-heat,2026-03-05T00:00:00Z,700,Wh\na-heat,2026-03-05T00:00:00Z,700,Wh\nb-heat,2026-03-05T01:00:00Z,7,kWh\nnobody,2026-03-05T00:00:00Z,7,Wh\n";
        var (status, body) = await Post(site, Encoding.UTF8.GetBytes(csv), "text/csv");

        status.ShouldBe(HttpStatusCode.OK);
        body.GetProperty("stored").GetInt32().ShouldBe(1);
        body.GetProperty("items").EnumerateArray().Select(item => (item.GetProperty("index").GetInt32(), item.GetProperty("rule").GetString())).ShouldBe(
            [(1, "unsigned"), (2, "wrong-unit"), (3, "unknown-meter")]);
    }

    [Fact]
    public async Task Only_a_key_that_may_delivers_and_a_devices_key_only_for_that_device()
    {
        var reader = await OpenAsync(mayMeter: false);
        (await Post(reader, Json(reader.Device.Sign(1, TestDevice.Heat(Hour, 1))), "application/json")).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        var other = await OpenAsync(onlyOtherDevice: true);
        var (status, body) = await Post(other, Json(other.Device.Sign(1, TestDevice.Heat(Hour, 1))), "application/json");
        (status, body.GetProperty("items")[0].GetProperty("rule").GetString()).ShouldBe((HttpStatusCode.OK, "other-device"));

        var loopId = reader.LoopId;
        var consumer = People.Acting((await host.AddPerson(loopId, 2)).Id, new RoleHeld(loopId, 2, Role.Consumer));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new CreateApiKey("Mine", 30, [new KeyScope(loopId, false, true)]), consumer));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ReceiveSignedBatches(loopId, []), consumer));
    }

    [Theory]
    [InlineData("application/json", "{\"device\":", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "[{\"device\":\"x\",\"sequence\":\"one\"}]", HttpStatusCode.BadRequest)]
    [InlineData("text/csv", "meter,when,value,unit\n", HttpStatusCode.BadRequest)]
    public async Task A_body_that_is_nothing_of_what_is_expected_is_refused_in_words(string type, string text, HttpStatusCode expected)
    {
        var site = await OpenAsync();
        var (status, body) = await Post(site, Encoding.UTF8.GetBytes(text), type);
        status.ShouldBe(expected);
        body.GetProperty("detail").GetString().ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task A_small_file_that_unpacks_into_a_mountain_is_given_up()
    {
        var site = await OpenAsync();
        var (status, body) = await Post(site, Encoding.UTF8.GetBytes("[" + new string(' ', 129 * 1024 * 1024)), "application/json", isPacked: true);

        status.ShouldBe(HttpStatusCode.BadRequest);
        body.GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain("larger than 128 MB");
        (status, body) = await Post(site, Encoding.UTF8.GetBytes("meter,start,value,unit" + new string('\n', 1_100_000)), "text/csv", isPacked: true);
        status.ShouldBe(HttpStatusCode.BadRequest);
        body.GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain("lines");
        (await Post(site, [1, 2, 3], "text/csv", isPacked: false)).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    [Fact]
    public async Task A_call_that_broke_off_comes_again_mended_under_its_name_and_nothing_of_it_is_lost()
    {
        var site = await OpenAsync();
        static string Row(int hour) => string.Create(CultureInfo.InvariantCulture, $$"""{"meter":"b-heat","start":"2026-03-05T0{{hour}}:00:00Z","value":{{hour + 1}},"unit":"Wh"}""");
        var broken = await Post(site, Utf8($"[{Row(0)},{Row(1)},{new string(' ', 200_000)}{{\"sequence\":\"one\"}}]"), "application/json", "march");
        var mended = await Post(site, Utf8($"[{Row(0)},{Row(1)},{Row(2)},{Row(3)}]"), "application/json", "march");

        broken.Status.ShouldBe(HttpStatusCode.BadRequest);
        (mended.Status, mended.Body.GetProperty("stored").GetInt32(), mended.Body.GetProperty("unchanged").GetInt32()).ShouldBe((HttpStatusCode.OK, 2, 2));
        (await StoredIn(site)).ShouldBe(4);
    }

    [Theory]
    [InlineData("application/x-ndjson", 0)]
    [InlineData("application/x-ndjson", 1)]
    [InlineData("application/x-ndjson", 2)]
    [InlineData("text/csv", 0)]
    [InlineData("application/json", 1)]
    public async Task A_packed_body_that_is_cut_off_is_refused_and_what_came_before_the_cut_is_taken_in(string type, int cut)
    {
        var site = await OpenAsync();
        var isCsv = type == "text/csv";
        var rows = Enumerable.Range(0, 20).Select(hour => isCsv
            ? string.Create(CultureInfo.InvariantCulture, $"b-heat,{Instants.Iso(Hour.AddHours(hour))},{hour},Wh")
            : string.Create(CultureInfo.InvariantCulture, $$"""{"meter":"b-heat","start":"{{Instants.Iso(Hour.AddHours(hour))}}","value":{{hour}},"unit":"Wh"}"""));
        var text = isCsv ? "meter,start,value,unit\n" + string.Join('\n', rows) : type == "application/json" ? $"[{string.Join(',', rows)}]" : string.Join('\n', rows);
        var packed = Pack(Utf8(text));

        // In the middle; without the trailer of length and check sum; without the last byte of it.
        var sent = packed[..(cut switch { 0 => packed.Length / 2, 1 => packed.Length - 8, _ => packed.Length - 1 })];
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, site.Path) { Content = new ByteArrayContent(sent) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", site.Key);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        request.Content.Headers.ContentEncoding.Add("gzip");
        using var response = await client.SendAsync(request);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync()).ShouldContain("not whole gzip");
        (await Post(site, Utf8(text), type, isPacked: true)).Status.ShouldBe(HttpStatusCode.OK);
        (await StoredIn(site)).ShouldBe(20);
    }

    [Fact]
    public async Task What_came_before_a_body_that_cannot_be_gone_on_with_is_taken_in()
    {
        var site = await OpenAsync();
        var (status, _) = await Post(site, Utf8("meter,start,value,unit\nb-heat,2026-03-05T00:00:00Z,7,Wh\n" + new string('\n', 1_100_000)), "text/csv");

        status.ShouldBe(HttpStatusCode.BadRequest);
        (await StoredIn(site)).ShouldBe(1);
    }

    [Theory]
    [InlineData("application/x-ndjson")]
    [InlineData("text/csv")]
    public async Task A_line_that_is_too_long_is_one_malformed_item_and_the_rest_goes_on(string type)
    {
        var site = await OpenAsync();
        string Row(int hour) => type == "text/csv"
            ? string.Create(CultureInfo.InvariantCulture, $"b-heat,2026-03-05T0{hour}:00:00Z,7,Wh")
            : string.Create(CultureInfo.InvariantCulture, $$"""{"meter":"b-heat","start":"2026-03-05T0{{hour}}:00:00Z","value":7,"unit":"Wh"}""");
        string[] lines = [Row(0), new('x', 3 * 1024 * 1024), Row(1), new('x', (2 * 1024 * 1024) + 10)];
        var (status, body) = await Post(site, Utf8((type == "text/csv" ? "meter,start,value,unit\n" : "") + string.Join('\n', lines)), type);

        status.ShouldBe(HttpStatusCode.OK);
        body.GetProperty("items").EnumerateArray().Select(item => (item.GetProperty("index").GetInt32(), item.GetProperty("rule").GetString())).ShouldBe([(1, "malformed"), (3, "malformed")]);
        (await StoredIn(site)).ShouldBe(2);
    }

    [Fact]
    public async Task A_time_without_a_zone_is_no_time()
    {
        var site = await OpenAsync();
        var lines = new[] { "2026-03-05T00:00:00", "2026-03-05T00:00:00Z", "2026-03-05T02:00:00+01:00", "2026-03-05" }
            .Select(start => $$"""{"meter":"b-heat","start":"{{start}}","value":7,"unit":"Wh"}""");
        var (status, body) = await Post(site, Utf8(string.Join('\n', lines)), "application/x-ndjson");
        status.ShouldBe(HttpStatusCode.OK);
        body.GetProperty("items").EnumerateArray().Select(item => (item.GetProperty("index").GetInt32(), item.GetProperty("rule").GetString())).ShouldBe([(0, "malformed"), (3, "malformed")]);
        body.GetProperty("items")[0].GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain("write start as 2026-03-05T00:00:00Z");
        (await host.Look(db => db.Readings.Where(reading => reading.LoopId == site.LoopId).Select(reading => reading.Hour).OrderBy(hour => hour).ToListAsync())).ShouldBe([Hour, Hour.AddHours(1)]);

        (status, body) = await Post(site, Utf8("""[{"device":"meter-1","sequence":1,"signature":"","readings":[{"register":"heat","start":"2026-03-05T00:00:00","seconds":3600,"value":1,"unit":"Wh"}]}]"""), "application/json");
        status.ShouldBe(HttpStatusCode.BadRequest);
        body.GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain("write start as 2026-03-05T00:00:00Z");
    }

    [Theory]
    [InlineData("""{"register":"heat","start":"2026-03-05T00:00:00Z","seconds":3600,"value":1}""")]
    [InlineData("""{"register":"heat","start":"2026-03-05T00:00:00Z","seconds":3600,"value":1,"unit":null}""")]
    [InlineData("""{"register":"heat","start":"2026-03-05T00:00:00Z","seconds":3600,"value":1,"unit":"Wh","extra":1}""")]
    [InlineData("""{"register":"heat","start":"2026-03-05T00:00:00Z","seconds":"3600","value":1,"unit":"Wh"}""")]
    [InlineData("""{"register":"heat","start":"2026-03-05T00:00:00Z","seconds":3600,"value":1.5,"unit":"Wh"}""")]
    [InlineData("""{"register":7,"start":"2026-03-05T00:00:00Z","seconds":3600,"value":1,"unit":"Wh"}""")]
    [InlineData("null")]
    [InlineData("[]")]
    public async Task A_reading_of_a_batch_that_is_not_as_agreed_makes_the_batch_malformed(string reading)
    {
        var site = await OpenAsync();
        var (status, body) = await Post(site, Utf8($$"""{"device":"meter-1","sequence":1,"signature":"AAAA","readings":[{{reading}}]}"""), "application/x-ndjson");

        status.ShouldBe(HttpStatusCode.OK);
        body.GetProperty("items")[0].GetProperty("rule").GetString().ShouldBe("malformed");
        body.GetProperty("items")[0].GetProperty("detail").GetString().ShouldNotBeNull().ShouldNotContain("signature");
    }

    [Fact]
    public async Task A_byte_order_mark_quotes_and_capitals_in_the_header_are_no_hindrance()
    {
        var site = await OpenAsync();
        var (_, body) = await Post(site, Utf8("\uFEFF" + """{"meter":"b-heat","start":"2026-03-05T00:00:00Z","value":7,"unit":"Wh"}"""), "application/x-ndjson");
        (body.GetProperty("stored").GetInt32(), body.GetProperty("refused").GetInt32()).ShouldBe((1, 0));
        (_, body) = await Post(site, Utf8("\uFEFFMeter,\"Start\",VALUE,unit\r\n\"b-heat\",\"2026-03-05T01:00:00Z\",\"7\",Wh\r\n"), "text/csv");
        (body.GetProperty("stored").GetInt32(), body.GetProperty("refused").GetInt32()).ShouldBe((1, 0));
    }

    [Fact]
    public async Task An_hour_at_the_end_of_time_takes_no_other_with_it()
    {
        var site = await OpenAsync();
        var (status, body) = await Post(site, Utf8("meter,start,value,unit\nb-heat,9999-12-31T23:00:00Z,7,Wh\nb-heat,2026-03-05T00:00:00Z,7,Wh\n"), "text/csv");
        (status, body.GetProperty("stored").GetInt32(), body.GetProperty("items")[0].GetProperty("rule").GetString()).ShouldBe((HttpStatusCode.OK, 1, "future"));

        var batch = site.Device.Sign(
            1, TestDevice.Heat(new DateTimeOffset(9999, 12, 31, 23, 0, 0, TimeSpan.Zero), 1), new SignedReading("volume", new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero), 3600, 1, "l"), TestDevice.Heat(Hour, 1));
        (status, body) = await Post(site, Json(batch), "application/json");
        (status, body.GetProperty("stored").GetInt32()).ShouldBe((HttpStatusCode.OK, 1));
        body.GetProperty("items")[0].GetProperty("refused").EnumerateArray().Select(item => item.GetProperty("rule").GetString()).ShouldBe(["future", "future"]);
    }

    [Fact]
    public async Task Telegrams_over_http_are_judged_one_by_one()
    {
        var site = await OpenAsync();
        var telegrams = site with { Path = site.Path.Replace("/readings", "/telegrams", StringComparison.Ordinal) };
        var (status, body) = await Post(
            telegrams, Utf8("""[null,{"telegram":"zz"},{"telegram":"E5","at":"2026-03-05T00:00:00"},{"at":"2026-03-05T00:00:00Z"},{"telegram":"E5"},{"telegram":"68 03 03 68 08 01 70 79 16","device":"\u0000"}]"""), "application/json");

        status.ShouldBe(HttpStatusCode.OK);
        body.EnumerateArray().Select(item => item.GetProperty("rule").GetString()).ShouldBe(["malformed", "malformed", "malformed", "malformed", "malformed", "malformed"]);
        body[2].GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain("write at as 2026-03-05T00:00:00Z");
        (await Post(telegrams with { Path = telegrams.Path + "?at=2026-03-05T00:00:00" }, [0xE5], "application/octet-stream")).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await Post(telegrams with { Path = telegrams.Path + "?at=2026-03-05T00:00:00Z" }, [0xE5], "application/octet-stream")).Status.ShouldBe(HttpStatusCode.OK);
    }
}
