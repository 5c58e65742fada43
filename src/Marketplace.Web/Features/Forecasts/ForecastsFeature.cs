namespace Marketplace.Web.Features.Forecasts;

/// <summary>What meters are expected to measure: made each day, kept, compared, and used where a loop has chosen so.</summary>
public static class ForecastsFeature
{
    public static void AddForecasts(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<DailyForecasts>();
        builder.Services.AddScoped<ExpectedQuantities>();
    }
}
