using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Ledger.Trust;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Demo;

/// <summary>
/// Starts two witnesses for the demo loop, each a process of its own with its own key and memory, as a producer and a residents'
/// association would run them. They end with this process.
/// </summary>
public sealed partial class DemoWitnesses(
    IConfiguration configuration, DemoProgress progress, IServiceScopeFactory scopes, LoopNames loops, LogPolicies policies, TimeProvider clock, ILogger<DemoWitnesses> log)
    : BackgroundService
{
    private static readonly string[] Names = ["residents", "producers"];
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);
    private readonly List<Process> _witnesses = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (configuration["Marketplace:Auditor"] is not { } auditor || configuration["Marketplace:WitnessFolder"] is not { } folder)
        {
            return;
        }

        using (var timer = new PeriodicTimer(Wait, clock))
        {
            while (!progress.IsReady)
            {
                await timer.WaitForNextTickAsync(stoppingToken);
            }
        }

        try
        {
            var loopId = await loops.FindAsync(DemoSeeding.Slug, stoppingToken) ?? throw new InvalidOperationException("There is no demo loop");
            var key = await policies.KeyAsync(loopId, stoppingToken);
            var started = new List<PolicyWitness>();
            foreach (var name in Names)
            {
                started.Add(await StartAsync(auditor, Path.Combine(folder, name), name, key, stoppingToken));
            }

            await NameAsync(loopId, started, stoppingToken);
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException or FormatException or System.ComponentModel.Win32Exception or RefusedException)
        {
            LogFailure(failure);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        foreach (var witness in _witnesses)
        {
            witness.StandardInput.Close();
            witness.Dispose();
        }
    }

    private async Task<PolicyWitness> StartAsync(string auditor, string folder, string name, VerifierKey log, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var port = FreePort();
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in (string[])
        [
            auditor, "witness",
            "--listen", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"),
            "--key", Path.Combine(folder, "key"),
            "--name", $"{name}.lindenhof.example",
            "--state", Path.Combine(folder, "state"),
            "--log", log.ToString(),
            "--until", "input-closes",
        ])
        {
            start.ArgumentList.Add(argument);
        }

        // A witness has no business with this host's secrets.
        foreach (var secret in start.Environment.Keys.Where(k => k.StartsWith("ConnectionStrings", StringComparison.Ordinal) || k.StartsWith("Ledger__", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(secret);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("The witness could not be started");
        _witnesses.Add(process);
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } words)
            {
                LogWords(name, words);
            }
        };
        process.BeginErrorReadLine();
        var printed = await process.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new IOException($"The witness '{name}' ended at its start");
        return new PolicyWitness(name, VerifierKey.Parse(printed), string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
    }

    /// <summary>Names them in the loop's rule. What an operator has made of the rule stays, but for the addresses.</summary>
    private async Task NameAsync(int loopId, List<PolicyWitness> started, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var requests = scope.ServiceProvider.GetRequiredService<Requests>();
        var trust = await requests.Send(new ShowTrust(loopId), Actor.System, cancellationToken);
        if (trust.Witnesses.Count == 0)
        {
            // Both must cosign from the start; an operator who wants otherwise finds the number on the page.
            await requests.Send(new SetWitnessRule(loopId, new WitnessRuleText(started, started.Count).ToText()), Actor.System, cancellationToken);
            return;
        }

        var text = trust.RuleText;
        foreach (var witness in started)
        {
            foreach (var row in trust.Witnesses.Where(row => row.Witness.Key == witness.Key))
            {
                text = text.Replace($"{row.Witness.Key} {row.Witness.Url}", $"{witness.Key} {witness.Url}", StringComparison.Ordinal);
            }
        }

        if (text != trust.RuleText)
        {
            await requests.Send(new SetWitnessRule(loopId, text), Actor.System, cancellationToken);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Witness {Name}: {Words}")]
    private partial void LogWords(string name, string words);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The demo's witnesses could not be started; the loop's ledger goes on without them")]
    private partial void LogFailure(Exception failure);
}
