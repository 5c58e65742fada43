namespace Marketplace.Web.Features.Charging;

/// <summary>Charging quotas: transformers share their margin by half hours, and members trade what they got. The market's tick drives it.</summary>
public static class ChargingFeature
{
    public static void AddCharging(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<ChargingDay>();
        builder.Services.AddScoped<ChargingGate>();
        builder.Services.AddScoped<ChargingJournal>();
    }
}
