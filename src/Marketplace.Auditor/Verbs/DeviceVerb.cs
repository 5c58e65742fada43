using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Marketplace.Metering;

namespace Marketplace.Auditor.Verbs;

/// <summary>Acts as a meter: makes its key, signs its readings, sends them. For tests, demonstrations, and whoever builds a device.</summary>
internal static class DeviceVerb
{
    private const string Usage =
        "device key FILE | device sign --key FILE --device NAME --sequence N READINGS.csv | device send --to URL --api-key-file FILE [--name TEXT] BODY.json | " + SimulatedMeters.Usage;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static Verb Verb { get; } = new(
        "device", Usage, "Acts as a meter: makes a key, signs readings (register,start,seconds,value,unit), sends batches to the HTTP interface, is some of the demo's meters.", Run);

    private static int Run(string[] args, Terminal terminal) => args switch
    {
        ["key", .. var rest] => MakeKey(rest, terminal),
        ["sign", .. var rest] => Sign(rest, terminal),
        ["send", .. var rest] => Send(rest, terminal),
        ["simulate", .. var rest] => SimulatedMeters.Run(rest, terminal),
        _ => throw new InputException($"usage: {Usage}"),
    };

    private static int MakeKey(string[] args, Terminal terminal)
    {
        var path = new Arguments(args).Exactly(1, Usage)[0];
        using var key = NewKey(path);
        terminal.Output.WriteLine(key.ExportSubjectPublicKeyInfoPem());
        terminal.Words.WriteLine($"The private key is in {path}; register the public key above. Fingerprint {DevicePublicKey.Parse(key.ExportSubjectPublicKeyInfoPem()).Fingerprint}");
        return Exit.Good;
    }

    /// <summary>Makes a key and keeps it in a file of its own.</summary>
    internal static ECDsa NewKey(string path)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // Made for this user alone from the first moment on, and never over another key.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(path, options))
        {
            file.Write(Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
        }

        return key;
    }

    private static int Sign(string[] args, Terminal terminal)
    {
        var arguments = new Arguments(args, "key", "device", "sequence");
        string Needed(string option) => arguments.One(option) ?? throw new InputException($"--{option} is missing; usage: {Usage}");
        var path = arguments.Exactly(1, Usage)[0];
        var readings = ReadingsIn(path);
        var (device, sequence) = (Needed("device"), Given.Number("--sequence", Needed("sequence")));
        using var key = KeyIn(Needed("key"));
        var signature = key.SignData(SignedBatch.Canonical(device, sequence, readings), HashAlgorithmName.SHA256);
        if (SignedBatch.Of(device, sequence, readings, signature, out var fault) is null)
        {
            throw new InputException($"{path}: {fault}");
        }

        terminal.Output.WriteLine(JsonSerializer.Serialize(
            new[]
            {
                new
                {
                    device,
                    sequence,
                    readings = readings.Select(reading => new { reading.Register, Start = reading.Start.UtcDateTime, reading.Seconds, reading.Value, reading.Unit }),
                    signature = Convert.ToBase64String(signature),
                },
            },
            Json));
        return Exit.Good;
    }

    private static int Send(string[] args, Terminal terminal)
    {
        var arguments = new Arguments(args, "to", "api-key-file", "name");
        string Needed(string option) => arguments.One(option) ?? throw new InputException($"--{option} is missing; usage: {Usage}");
        var path = arguments.Exactly(1, Usage)[0];
        var address = AddressIn(Needed("to"));
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(Given.File(path)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Encoding.UTF8.GetString(Given.File(Needed("api-key-file"))).Trim());
        if (arguments.One("name") is { } name)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", name);
        }

        using var response = client.Send(request);
        using var reader = new StreamReader(response.Content.ReadAsStream());
        var answer = reader.ReadToEnd();
        terminal.Output.WriteLine(answer);
        if (!response.IsSuccessStatusCode)
        {
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"the portal answered {(int)response.StatusCode}"));
        }

        var refused = JsonDocument.Parse(answer).RootElement.GetProperty("refused").GetInt32();
        terminal.Words.WriteLine(refused == 0 ? "OK device: everything was taken" : string.Create(CultureInfo.InvariantCulture, $"FALSE device: {refused} refused"));
        return refused == 0 ? Exit.Good : Exit.False;
    }

    internal static Uri AddressIn(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is ("http" or "https")
        ? address : throw new InputException("--to is the address of a loop's readings, as in http://localhost:5080/api/v1/loops/lindenhof/readings");

    internal static ECDsa KeyIn(string path)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(Encoding.ASCII.GetString(Given.File(path)));
            return key;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new InputException($"{path}: not a private key in PEM");
        }
    }

    private static List<SignedReading> ReadingsIn(string path)
    {
        var readings = new List<SignedReading>();
        var lines = Encoding.UTF8.GetString(Given.File(path)).Split('\n', StringSplitOptions.TrimEntries);
        if (lines[0].TrimStart('\uFEFF') != "register,start,seconds,value,unit")
        {
            throw new InputException($"{path}, line 1: the header is register,start,seconds,value,unit");
        }

        for (var i = 1; i < lines.Length; i++)
        {
            if (lines[i].Length == 0)
            {
                continue;
            }

            var place = string.Create(CultureInfo.InvariantCulture, $"{path}, line {i + 1}");
            readings.Add(lines[i].Split(',', StringSplitOptions.TrimEntries) is [var register, var start, var seconds, var value, var unit]
                ? new SignedReading(
                    register,
                    DateTimeOffset.TryParseExact(start, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                        ? at : throw new InputException($"{place}, start: '{start}' is not a time such as 2026-03-05T00:00:00Z"),
                    int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                        ? length : throw new InputException($"{place}, seconds: '{seconds}' is not a whole number"),
                    long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                        ? number : throw new InputException($"{place}, value: '{value}' is not a whole number"),
                    unit)
                : throw new InputException($"{place}: a row has five fields"));
        }

        return readings;
    }
}
