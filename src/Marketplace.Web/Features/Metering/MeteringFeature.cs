namespace Marketplace.Web.Features.Metering;

/// <summary>Readings: taking them in, estimating what is missing, and showing them.</summary>
public static class MeteringFeature
{
    public static void AddMetering(this WebApplicationBuilder builder) => builder.Services.AddScoped<ReadingStore>();
}
