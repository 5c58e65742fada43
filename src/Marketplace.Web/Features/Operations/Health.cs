using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Marketplace.Web.Features.Operations;

/// <summary>
/// For whoever runs this: <c>/health</c> says that this process answers and reaches its database (restart it if not);
/// <c>/health/ready</c> also that what has to be prepared at first start is prepared (wait if not). A feature that prepares something
/// registers a check with the tag <see cref="Ready"/>.
/// </summary>
public static class HealthFeature
{
    public const string Ready = "ready";

    public static WebApplicationBuilder AddHealth(this WebApplicationBuilder builder)
    {
        builder.Services.AddHealthChecks().AddCheck<DatabaseAnswers>("database");
        return builder;
    }

    public static WebApplication MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health", new HealthCheckOptions { Predicate = check => !check.Tags.Contains(Ready) });
        app.MapHealthChecks("/health/ready");
        return app;
    }

    private sealed class DatabaseAnswers(NpgsqlDataSource database) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await using var command = database.CreateCommand("SELECT 1");
                await command.ExecuteScalarAsync(cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (NpgsqlException problem)
            {
                return HealthCheckResult.Unhealthy("The database does not answer", problem);
            }
        }
    }
}
