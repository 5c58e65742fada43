namespace Marketplace.Web.Features.Loops;

/// <summary>The communities of this deployment and their clocks.</summary>
public static class LoopsFeature
{
    public static void AddLoops(this WebApplicationBuilder builder) => builder.Services.AddScoped<MarketTime>();
}
