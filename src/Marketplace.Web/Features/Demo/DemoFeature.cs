using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Marketplace.Web.Features.Demo;

/// <summary>A generated district for newcomers; only where configuration asks for it.</summary>
public static class DemoFeature
{
    public static bool IsDemo(this IConfiguration configuration) => configuration.GetValue("Marketplace:Demo", false);

    public static void AddDemo(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DemoProgress>();
        builder.Services.AddScoped<DemoSource>();
        builder.Services.AddSingleton<DemoMeters>();
        if (builder.Configuration.IsDemo() && Commands.Serves(Environment.GetCommandLineArgs()[1..]))
        {
            builder.Services.AddHostedService<DemoSeeding>();
            builder.Services.AddHostedService<DemoWitnesses>();
            builder.Services.AddHostedService(provider => provider.GetRequiredService<DemoMeters>());
            builder.Services.AddHealthChecks().AddCheck<DemoIsMade>("demo", tags: [HealthFeature.Ready]);
        }
    }

    private sealed class DemoIsMade(DemoProgress progress) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(progress.IsReady ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The demo loop is being made"));
    }
}
