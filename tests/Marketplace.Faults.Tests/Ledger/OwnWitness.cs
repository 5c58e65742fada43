using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Marketplace.Ledger;

namespace Marketplace.Faults.Tests.Ledger;

/// <summary>A real witness, <c>audit witness</c>, on a port of its own. Killed and started again, it goes on with its state.</summary>
internal sealed class OwnWitness(string name, string folder, VerifierKey log) : IAsyncDisposable
{
    private readonly string _address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort()}");
    private OwnProcess? _process;

    public string Url => $"http://{_address}";

    public string State => Path.Combine(folder, name + ".state");

    public string Name => name;

    public VerifierKey? Key { get; private set; }

    /// <summary>What it has put down of the log: size and root; nothing before the first cosignature.</summary>
    public (long Size, TreeHash Root)? Remembered()
    {
        if (!File.Exists(State) || JsonNode.Parse(File.ReadAllText(State))![log.Name] is not { } known)
        {
            return null;
        }

        return ((long)known["Size"]!, TreeHash.Parse((string)known["Root"]!));
    }

    public async Task StartAsync()
    {
        _process = new OwnProcess("dotnet",
        [
            Path.Combine(AppContext.BaseDirectory, "Marketplace.Auditor.dll"), "witness", "--listen", _address,
            "--key", Path.Combine(folder, name + ".key"), "--name", name + ".example", "--state", State, "--log", log.ToString(),
        ]);
        Key = VerifierKey.Parse(await _process.LineAsync(_ => true));
    }

    public async Task KillAsync()
    {
        await _process!.KillAsync();
        await _process.DisposeAsync();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
