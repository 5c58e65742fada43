using Marketplace.Web.Features.Corrections;

namespace Marketplace.Web.Features.Settlement;

/// <summary>Metered against traded, in the journal.</summary>
public static class SettlementFeature
{
    public static void AddSettlement(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<Journal>();
        builder.Services.AddScoped<HourInputs>();
        builder.Services.AddScoped<LateReadings>();
    }
}
