using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests;

/// <summary>The demo's meters as the process they are, sending to a portal that this test plays.</summary>
public sealed class SimulatedMetersTests : IAsyncLifetime, IDisposable
{
    private const string FirstHour = "2026-03-05T00:00:00Z";
    private const string NextHour = "2026-03-05T01:00:00Z";

    private readonly HttpListener _portal = new();
    private readonly BlockingCollection<(string? Authorization, JsonElement Body)> _heard = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("meters-");
    private readonly string _address = $"http://127.0.0.1:{FreePort()}/";
    private volatile int _answer = 200;
    private Task _serving = Task.CompletedTask;

    public Task InitializeAsync()
    {
        _portal.Prefixes.Add(_address);
        _portal.Start();
        _serving = ServeAsync();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Each_device_signs_each_hour_and_the_same_hour_is_the_same_batch_to_the_next_process_too()
    {
        await using var meters = new Meters(_address, _folder.FullName);
        // Heat, water and two temperatures of the one, electricity of the other.
        (await meters.TellAsync(FirstHour)).ShouldBe($"sent {FirstHour}: 5 readings stored, 0 refused");

        var (authorization, body) = _heard.Take();
        authorization.ShouldBe("Bearer the-key");
        body.EnumerateArray().Select(batch => batch.GetProperty("device").GetString()).ShouldBe(["dm-home-05-heat", "dm-home-05-electricity"]);
        foreach (var (batch, key) in body.EnumerateArray().Zip(meters.Keys))
        {
            var readings = batch.GetProperty("readings").EnumerateArray().Select(reading => new SignedReading(
                reading.GetProperty("register").GetString()!, reading.GetProperty("start").GetDateTimeOffset(), reading.GetProperty("seconds").GetInt32(),
                reading.GetProperty("value").GetInt64(), reading.GetProperty("unit").GetString()!)).ToList();
            var signed = SignedBatch.Of(
                batch.GetProperty("device").GetString()!, batch.GetProperty("sequence").GetInt64(), readings, Convert.FromBase64String(batch.GetProperty("signature").GetString()!), out var fault);
            fault.ShouldBeNull();
            signed!.Sequence.ShouldBe(DateTimeOffset.Parse(FirstHour, null).ToUnixTimeSeconds() / 3600);
            DevicePublicKey.Parse(key).Verifies(signed.Hash, signed.Signature).ShouldBeTrue();
        }

        await meters.DisposeAsync();
        await using var again = new Meters(_address, _folder.FullName);
        await again.TellAsync(FirstHour);
        again.Keys.ShouldBe(meters.Keys);
        Unsigned(_heard.Take().Body).ShouldBe(Unsigned(body));
    }

    [Fact]
    public async Task What_the_portal_did_not_take_is_sent_with_the_next_hour()
    {
        await using var meters = new Meters(_address, _folder.FullName);
        _answer = 503;
        (await meters.TellAsync(FirstHour)).ShouldBe($"failed {FirstHour}: the portal answered 503");
        _answer = 200;
        (await meters.TellAsync(NextHour)).ShouldStartWith($"sent {FirstHour} {NextHour}: ");

        _heard.Take();
        _heard.Take().Body.EnumerateArray().Count().ShouldBe(4);
    }

    [Fact]
    public async Task A_meter_that_the_district_does_not_have_is_named()
    {
        using var process = Start("device", "simulate", "--to", _address, "--folder", _folder.FullName, "--seed", "7", "--device", "moon-heat");
        var words = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        process.ExitCode.ShouldBe(2);
        words.ShouldContain("no meter 'moon-heat'");
    }

    public async Task DisposeAsync()
    {
        _portal.Stop();
        await _serving;
    }

    public void Dispose()
    {
        _portal.Close();
        _heard.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _portal.GetContextAsync();
            }
            catch (Exception stopped) when (stopped is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var body = await JsonDocument.ParseAsync(context.Request.InputStream);
            var count = body.RootElement.EnumerateArray().Sum(batch => batch.GetProperty("readings").GetArrayLength());
            _heard.Add((context.Request.Headers["Authorization"], body.RootElement.Clone()));
            context.Response.StatusCode = _answer;
            context.Response.Close(Encoding.UTF8.GetBytes($$"""{"stored":{{count}},"refused":0,"items":[]}"""), willBlock: false);
        }
    }

    /// <summary>ECDSA signs the same bytes differently each time; all else of a batch is the same.</summary>
    private static string Unsigned(JsonElement body) =>
        string.Join('\n', body.EnumerateArray().Select(batch => $"{batch.GetProperty("device")} {batch.GetProperty("sequence")} {batch.GetProperty("readings").GetRawText()}"));

    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Marketplace.Auditor.dll"), .. arguments])
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private sealed class Meters : IAsyncDisposable
    {
        private readonly Process _process;
        private bool _isOver;

        public Meters(string address, string folder)
        {
            _process = Start("device", "simulate", "--to", address, "--folder", folder, "--seed", "7", "--device", "home-05-heat", "--device", "home-05-electricity");
            while (_process.StandardOutput.ReadLine() is { } line && line != "ready")
            {
                Keys.Add(Pem(line.Split(' ')[2]));
            }

            _process.StandardInput.WriteLine("the-key");
        }

        public List<string> Keys { get; } = [];

        public async Task<string> TellAsync(string hour)
        {
            await _process.StandardInput.WriteLineAsync(hour);
            await _process.StandardInput.FlushAsync();
            return (await _process.StandardOutput.ReadLineAsync())!.Split("; ")[0];
        }

        /// <summary>The process ends when its input does.</summary>
        public async ValueTask DisposeAsync()
        {
            if (!_isOver)
            {
                _isOver = true;
                _process.StandardInput.Close();
                await _process.WaitForExitAsync();
                _process.Dispose();
            }
        }

        private static string Pem(string key)
        {
            using var parsed = ECDsa.Create();
            parsed.ImportSubjectPublicKeyInfo(Convert.FromBase64String(key), out _);
            return parsed.ExportSubjectPublicKeyInfoPem();
        }
    }
}
