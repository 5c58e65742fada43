using Marketplace.Data;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Marketplace.Web.Pipeline;

/// <summary>Sends traces of the ledger's steps, and of the statements within them, to the collector the operator names.</summary>
internal sealed class Traces : IHostedService, IDisposable
{
    /// <summary>OpenTelemetry's own name for where the collector is; without it nothing is traced.</summary>
    public const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private TracerProvider? _provider;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _provider = Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(resource => resource.AddService("marketplace"))
            .AddSource(LedgerTrace.Source, "Npgsql")
            .AddOtlpExporter()
            .Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _provider?.Dispose();
}

internal static class TracesFeature
{
    public static void AddTraces(this WebApplicationBuilder builder)
    {
        if (!string.IsNullOrEmpty(builder.Configuration[Traces.Endpoint]))
        {
            builder.Services.AddHostedService<Traces>();
        }
    }
}
