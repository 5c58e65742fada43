using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Replica.Demo;

namespace Marketplace.Auditor.Verbs;

/// <summary>
/// Meters of the demo district as a process of their own: each device has its key, which leaves this process as little as it leaves a real meter, and
/// sends one signed batch for each hour that is over. What a real meter has built in comes by the input, a line each: first the API key, then the
/// start of every hour that has passed on the market's clock. The number of a batch is the number of its hour, so nothing has to be remembered: an
/// hour told twice, by this process or the one before it, is the same batch.
/// </summary>
internal sealed class SimulatedMeters : IDisposable
{
    public const string Usage = "device simulate --to URL --folder DIR --seed N --device METER [--device METER …]";

    /// <summary>What devices are called: after their meter.</summary>
    private const string Prefix = "dm-";

    private const int MostWaiting = 48;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly Uri _address;
    private readonly DemoLoop _district;
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(20) };
    private readonly List<(DemoMeter Meter, ECDsa Key)> _devices = [];
    private readonly List<DateTimeOffset> _waiting = [];

    private SimulatedMeters(Uri address, DemoLoop district) => (_address, _district) = (address, district);

    public static int Run(string[] args, Terminal terminal)
    {
        var arguments = new Arguments(args, "to", "folder", "seed", "device");
        arguments.Exactly(0, Usage);
        string Needed(string option) => arguments.One(option) ?? throw new InputException($"--{option} is missing; usage: {Usage}");
        var district = DemoLoop.Create((ulong)Given.Number("--seed", Needed("seed")));
        using var meters = new SimulatedMeters(DeviceVerb.AddressIn(Needed("to")), district);
        var folder = Directory.CreateDirectory(Needed("folder")).FullName;
        foreach (var code in arguments.All("device"))
        {
            var meter = district.Meters.FirstOrDefault(meter => meter.Id == code && !meter.IsDispatched) ?? throw new InputException($"the demo district has no meter '{code}' that runs by itself");
            var path = Path.Combine(folder, code + ".pem");
            var key = File.Exists(path) ? DeviceVerb.KeyIn(path) : DeviceVerb.NewKey(path);
            meters._devices.Add((meter, key));
            terminal.Output.WriteLine($"device {Prefix}{code} {Convert.ToBase64String(key.ExportSubjectPublicKeyInfo())}");
        }

        terminal.Output.WriteLine("ready");
        terminal.Output.Flush();
        meters.Serve(Console.In, terminal);
        return Exit.Good;
    }

    public void Dispose()
    {
        _client.Dispose();
        _devices.ForEach(device => device.Key.Dispose());
    }

    /// <summary>Until the input ends: whoever started this process holds its other end.</summary>
    private void Serve(TextReader input, Terminal terminal)
    {
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", input.ReadLine()?.Trim());
        while (input.ReadLine() is { } line)
        {
            if (!DateTimeOffset.TryParseExact(line.Trim(), "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var hour))
            {
                throw new InputException($"'{line}' is not the start of an hour such as 2026-03-05T00:00:00Z");
            }

            // What could not be sent waits in the meter, as far as its memory goes.
            _waiting.Add(hour);
            _waiting.RemoveRange(0, Math.Max(0, _waiting.Count - MostWaiting));
            terminal.Output.WriteLine(Send());
            terminal.Output.Flush();
        }
    }

    private string Send()
    {
        var hours = string.Join(' ', _waiting.Select(Instants.Iso));
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _address)
            {
                Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(_waiting.SelectMany(hour => _devices.Select(device => Batch(device.Meter, device.Key, hour))), Json)),
            };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = _client.Send(request);
            using var reader = new StreamReader(response.Content.ReadAsStream());
            var answer = reader.ReadToEnd();
            if (!response.IsSuccessStatusCode)
            {
                return string.Create(CultureInfo.InvariantCulture, $"failed {hours}: the portal answered {(int)response.StatusCode}");
            }

            _waiting.Clear();
            var root = JsonDocument.Parse(answer).RootElement;
            return $"sent {hours}: {root.GetProperty("stored")} readings stored, {root.GetProperty("refused")} refused{string.Concat(Reasons(root).Distinct().Take(3).Select(reason => $"; {reason}"))}";
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or TaskCanceledException)
        {
            return $"failed {hours}: {failure.Message.ReplaceLineEndings(" ")}";
        }
    }

    private static IEnumerable<string> Reasons(JsonElement delivery)
    {
        foreach (var item in delivery.GetProperty("items").EnumerateArray())
        {
            if (item.GetProperty("outcome").GetString() == "refused")
            {
                yield return $"{item.GetProperty("device")}: {item.GetProperty("rule")}";
            }

            foreach (var one in item.GetProperty("refused").EnumerateArray())
            {
                yield return $"{item.GetProperty("device")}: {one.GetProperty("rule")}";
            }
        }
    }

    private object Batch(DemoMeter meter, ECDsa key, DateTimeOffset hour)
    {
        var energy = _district.Reading(meter, hour);
        var readings = new List<SignedReading> { Reading(meter.Carrier == Carrier.Electricity && meter.Direction == MeterDirection.Production ? "electricity-export" : meter.Carrier.Name(), energy.WattHours, "Wh") };
        if (meter.Carrier != Carrier.Electricity)
        {
            var water = Substation.WaterOf(_district, meter, hour, energy);
            readings.AddRange(
            [
                Reading("volume", water.Litres, "l"), Reading("flow-temperature", water.SupplyMilliCelsius, "mC"), Reading("return-temperature", water.ReturnMilliCelsius, "mC"),
            ]);
        }

        var (device, sequence) = (Prefix + meter.Id, hour.ToUnixTimeSeconds() / 3600);
        return new
        {
            device,
            sequence,
            readings = readings.Select(reading => new { reading.Register, Start = reading.Start.UtcDateTime, reading.Seconds, reading.Value, reading.Unit }),
            signature = Convert.ToBase64String(key.SignData(SignedBatch.Canonical(device, sequence, readings), HashAlgorithmName.SHA256)),
        };

        SignedReading Reading(string register, long value, string unit) => new(register, hour, 3600, value, unit);
    }
}
