using System.Net;
using System.Security.Cryptography;
using Marketplace.Ledger;
using Marketplace.Native.Crypto;
using Microsoft.Extensions.DependencyInjection;

namespace Marketplace.Web.Tests.Features.Ledger;

/// <summary>A host whose configuration names three witnesses, two of which must cosign.</summary>
public sealed class WitnessedHost : MarketplaceHost
{
    public WitnessedHost()
    {
        Network.AddRange(Witnesses);
        var lines = Witnesses.Select((w, i) => $"witness w{i + 1} {w.Key.Verifier} http://{w.Key.Verifier.Name}/");
        Settings["Ledger:Policy"] = $"{string.Join('\n', lines)}\ngroup stakeholders 2 w1 w2 w3\nquorum stakeholders\n";
        Replace = services => services.AddHttpClient("Cosigning").ConfigurePrimaryHttpMessageHandler(() => new WitnessNetwork(Network));
    }

    /// <summary>All witnesses that can be reached, those of the configuration and those a test adds.</summary>
    internal List<LocalWitness> Network { get; } = [];

    internal IReadOnlyList<LocalWitness> Witnesses { get; } = [new("w1.example"), new("w2.example"), new("w3.example")];
}

/// <summary>A witness in this process, deciding by the same rules as the real one.</summary>
internal sealed class LocalWitness(string name)
{
    private readonly Lock _gate = new();

    public SignerKey Key { get; } = new(name, SignatureType.Cosignature, SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)), new Ed25519());

    public List<VerifierKey> Logs { get; } = [];

    public Dictionary<string, WitnessedState> States { get; } = [];

    /// <summary>What it shows of each log, by the hash of its origin.</summary>
    public Dictionary<string, string> Shown { get; } = [];

    public bool IsDown { get; set; }

    public WitnessReply Decide(byte[] body)
    {
        lock (_gate)
        {
            var reply = WitnessRules.Decide(body, [.. Logs], o => States.GetValueOrDefault(o, WitnessedState.Nothing), Key, 1700000000, new Ed25519());
            if (reply is { NewState: { } state, Origin: { } origin, Cosigned: { } note })
            {
                States[origin] = state;
                Shown[Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(origin)))] = note.ToString();
            }

            return reply;
        }
    }
}

internal sealed class WitnessNetwork(IReadOnlyList<LocalWitness> witnesses) : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var witness = witnesses.FirstOrDefault(w => w.Key.Verifier.Name == request.RequestUri!.Host) ?? throw new HttpRequestException("There is no such host");
        if (witness.IsDown)
        {
            throw new HttpRequestException("It is down");
        }

        if (request.Method == HttpMethod.Get)
        {
            return witness.Shown.TryGetValue(request.RequestUri!.AbsolutePath.Trim('/').Split('/')[0], out var note)
                ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(note) }
                : new HttpResponseMessage(HttpStatusCode.NotFound);
        }

        var reply = witness.Decide(await request.Content!.ReadAsByteArrayAsync(cancellationToken));
        return new HttpResponseMessage((HttpStatusCode)reply.Status) { Content = new StringContent(reply.Body) };
    }
}
