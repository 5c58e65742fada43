namespace Marketplace.Web.Features.Replay;

/// <summary>Recorded weeks, run through the market.</summary>
public static class ReplayFeature
{
    public static void AddReplay(this WebApplicationBuilder builder) => builder.Services.AddScoped<ReplayRun>();
}
