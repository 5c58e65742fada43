using Marketplace.Ledger;
using Marketplace.Native.Crypto;

namespace Marketplace.Web.Features.Ledger;

/// <summary>The ledger: door, sequencer, witnesses, public read interface, proofs.</summary>
public static class LedgerFeature
{
    public static void AddLedger(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.Configure<LedgerOptions>(builder.Configuration.GetSection("Ledger"));
        services.AddHttpClient();
        services.AddSingleton<IEd25519, Ed25519>();
        services.AddSingleton<LogKeys>();
        services.AddSingleton<LogPolicies>();
        services.AddSingleton<LoopNames>();
        services.AddSingleton<LogAlarms>();
        services.AddSingleton<WitnessNet>();
        services.AddSingleton<Cosigning>();
        services.AddHostedService(provider => provider.GetRequiredService<Cosigning>());
        services.AddSingleton<Sequencer>();
        services.AddSingleton<LogSelfCheck>();
        services.AddSingleton<LookMemory>();
        services.AddSingleton<LedgerRepair>();
        services.AddHostedService<LogKeeper>();
        services.AddSingleton<ProofReader>();
        services.AddSingleton<FullTiles>();
    }

    public static void MapLedgerEndpoints(this IEndpointRouteBuilder routes) => routes.MapLedger();
}
