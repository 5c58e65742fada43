using System.Diagnostics;
using System.Globalization;
using System.Security.Claims;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Alarms.Temperatures;
using Marketplace.Web.Features.Api;
using Marketplace.Web.Features.Devices;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Demo;

/// <summary>
/// Some of the demo's meters as a process of their own, which holds their keys and delivers by HTTP, as meters do. This host starts it, registers its
/// devices the first time, tells it the hours that pass, and starts it again if it ends; it ends with this host. Hours are told before they are
/// settled, and told again until they are: the same batch twice is one.
/// </summary>
public sealed partial class DemoMeters(
    IConfiguration configuration, DemoProgress progress, IServiceScopeFactory scopes, IServer server, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<DemoMeters> log)
    : BackgroundService
{
    private const string KeyName = "Simulated meters";
    private const int KeyDays = 366;

    private static readonly string[] Meters =
    [
        "home-05-heat", "home-05-electricity", "home-12-heat", "home-20-heat", "school-heat", "office-b-heat", "office-b-cold", "market-hall-cold", "data-centre-cold", "bakery-heat",
    ];

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    /// <summary>How long an hour waits for its batches: as long as a portal that is being started needs. What comes later is a late reading.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private TaskCompletionSource<Process> _running = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether a process sends for the demo's devices here.</summary>
    private bool IsMeant => configuration.IsDemo() && configuration["Marketplace:Auditor"] is not null && configuration["Marketplace:MeterFolder"] is not null;

    /// <summary>The meters whose hour a device delivers. Where no process is meant to run there are none: the demo delivers all of them itself.</summary>
    public async Task<IReadOnlySet<string>> OfAsync(MarketplaceDb db, int loopId, DateTimeOffset hour, CancellationToken cancellationToken) => !IsMeant
        ? new HashSet<string>()
        : (await (
            from register in db.DeviceRegisters
            join meter in db.Meters on new { register.LoopId, Id = register.MeterId } equals new { meter.LoopId, meter.Id }
            where register.LoopId == loopId && register.FromHour <= hour && (register.UntilHour == null || register.UntilHour > hour) && Meters.Contains(meter.Code)
            select meter.Code).Distinct().ToListAsync(cancellationToken)).ToHashSet();

    /// <summary>Lets the devices send an hour that is over.</summary>
    public async Task DeliverAsync(DateTimeOffset hour, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var process = await _running.Task.WaitAsync(Patience, clock, cancellationToken);
            await process.StandardInput.WriteLineAsync(Instants.Iso(hour).AsMemory(), cancellationToken);
            await process.StandardInput.FlushAsync(cancellationToken);
            var answer = await process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(Patience, clock, cancellationToken) ?? "it ended";
            if (!answer.StartsWith("sent", StringComparison.Ordinal) || !answer.EndsWith(" 0 refused", StringComparison.Ordinal))
            {
                LogAnswer(answer);
            }
        }
        catch (Exception failure) when (failure is TimeoutException or IOException or InvalidOperationException)
        {
            // The market does not wait for meters: the hour is estimated, and corrected when its readings come.
            LogFailure(failure);
        }
        finally
        {
            _turn.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IsMeant)
        {
            return;
        }

        using var timer = new PeriodicTimer(Pause, clock);
        while (!progress.IsReady || !lifetime.ApplicationStarted.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync(stoppingToken);
        }

        do
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is IOException or InvalidOperationException or System.ComponentModel.Win32Exception or RefusedException or NotPermittedException)
            {
                LogFailure(failure);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var requests = scope.ServiceProvider.GetRequiredService<Requests>();
        var db = scope.ServiceProvider.GetRequiredService<MarketplaceDb>();
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Slug == DemoSeeding.Slug, cancellationToken);
        using var process = Start(loop);
        try
        {
            var keys = new Dictionary<string, string>();
            while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line && line != "ready")
            {
                if (line.Split(' ') is ["device", var device, var key])
                {
                    keys.Add(device, key);
                }
            }

            await KnowAsync(requests, db, loop, keys, cancellationToken);
            await process.StandardInput.WriteLineAsync((await ApiKeyAsync(requests, db, loop.Id, cancellationToken)).AsMemory(), cancellationToken);
            await process.StandardInput.FlushAsync(cancellationToken);
            _running.TrySetResult(process);
            LogStarted(keys.Count, process.Id);
            await process.WaitForExitAsync(cancellationToken);
        }
        finally
        {
            _running = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
            process.StandardInput.Close();
        }
    }

    private Process Start(Loop loop)
    {
        var address = new Uri((server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []).Order(StringComparer.Ordinal).FirstOrDefault(address => address.StartsWith("http:", StringComparison.Ordinal))
            ?.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal).Replace("//+", "//localhost", StringComparison.Ordinal)
            .Replace("//*", "//localhost", StringComparison.Ordinal) ?? throw new InvalidOperationException("This host has no address that meters could send to"));
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in (string[])
        [
            configuration["Marketplace:Auditor"]!, "device", "simulate",
            "--to", new Uri(address, $"/api/v1/loops/{loop.Slug}/readings").ToString(),
            "--folder", configuration["Marketplace:MeterFolder"]!,
            "--seed", DemoSeeding.SeedNumber(loop.Seed!).ToString(CultureInfo.InvariantCulture),
            .. Meters.SelectMany(meter => new[] { "--device", meter }),
        ])
        {
            start.ArgumentList.Add(argument);
        }

        // Meters have no business with this host's secrets.
        foreach (var secret in start.Environment.Keys.Where(k => k.StartsWith("ConnectionStrings", StringComparison.Ordinal) || k.StartsWith("Ledger__", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(secret);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("The meters could not be started");
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } words)
            {
                LogAnswer(words);
            }
        };
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Registers and commissions what is new, from the next hour on, with what is promised there. What an operator has done to a device stays;
    /// if the folder of the keys was lost, the new keys take the place of the old.</summary>
    private static async Task KnowAsync(Requests requests, MarketplaceDb db, Loop loop, Dictionary<string, string> keys, CancellationToken cancellationToken)
    {
        var clock = await requests.Send(new ShowMarketClock(loop.Id), Actor.System, cancellationToken);
        var from = MarketHour.Containing(clock.Now) + MarketHour.Length;
        foreach (var (code, key) in keys)
        {
            var device = await db.Devices.AsNoTracking().SingleOrDefaultAsync(device => device.LoopId == loop.Id && device.Code == code, cancellationToken);
            if (device is null)
            {
                await requests.Send(new RegisterDevice(loop.Id, code, "Simulated meter", Pem(key), clock.Today(loop.Calendar).AddYears(4)), Actor.System, cancellationToken);
                device = await db.Devices.AsNoTracking().SingleAsync(device => device.LoopId == loop.Id && device.Code == code, cancellationToken);
            }
            else if (device.State != DeviceState.Retired && !await KnowsAsync(db, device, key, cancellationToken))
            {
                await requests.Send(new AddDeviceKey(loop.Id, code, Pem(key)), Actor.System, cancellationToken);
            }

            if (device.State == DeviceState.Registered)
            {
                var meter = code["dm-".Length..];
                await requests.Send(new CommissionDevice(loop.Id, code, meter, from), Actor.System, cancellationToken);
                await PromiseAsync(requests, loop.Id, meter, from, cancellationToken);
            }
        }
    }

    private static async Task PromiseAsync(Requests requests, int loopId, string meter, DateTimeOffset from, CancellationToken cancellationToken)
    {
        SetTemperaturePromise? promise = meter switch
        {
            _ when meter.EndsWith("-heat", StringComparison.Ordinal) => new(loopId, meter, Carrier.Heat, from, 45_000, null, null, 38_000),
            _ when meter.EndsWith("-cold", StringComparison.Ordinal) => new(loopId, meter, Carrier.Cold, from, null, 11_000, null, null),
            _ => null,
        };
        if (promise is not null)
        {
            await requests.Send(promise, Actor.System, cancellationToken);
        }
    }

    private static async Task<bool> KnowsAsync(MarketplaceDb db, Device device, string key, CancellationToken cancellationToken)
    {
        var point = Marketplace.Metering.DevicePublicKey.Parse(Pem(key)).Point;
        return await db.DeviceKeys.AnyAsync(known => known.LoopId == device.LoopId && known.DeviceId == device.Id && known.Point == point, cancellationToken);
    }

    private static string Pem(string spki) => $"-----BEGIN PUBLIC KEY-----\n{spki}\n-----END PUBLIC KEY-----\n";

    /// <summary>A new key of the demo's technician for each start; the one before ends. It goes to the process alone, by its input.</summary>
    private static async Task<string> ApiKeyAsync(Requests requests, MarketplaceDb db, int loopId, CancellationToken cancellationToken)
    {
        var account = await db.Users.Where(user => user.Email == DemoAccounts.Technician.Email).Select(user => user.Id).SingleAsync(cancellationToken);
        var technician = Actor.From(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, account.ToString())], "demo")));
        foreach (var old in (await requests.Send(new ShowApiKeys(), technician, cancellationToken)).Keys.Where(key => key.Works && key.Key.Name == KeyName))
        {
            await requests.Send(new RevokeApiKey(old.Key.Id), technician, cancellationToken);
        }

        return await requests.Send(new CreateApiKey(KeyName, KeyDays, [new KeyScope(loopId, MayTrade: false, MayMeter: true)]), technician, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Devices} simulated meters send as process {Process}")]
    private partial void LogStarted(int devices, int process);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The simulated meters say: {Words}")]
    private partial void LogAnswer(string words);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The simulated meters did not deliver; the market goes on with estimates")]
    private partial void LogFailure(Exception failure);
}
