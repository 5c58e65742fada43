using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Demo;

/// <summary>A generated district for newcomers; only where configuration asks for it.</summary>
public static class DemoFeature
{
    public static bool IsDemo(this IConfiguration configuration) => configuration.GetValue("Marketplace:Demo", false);

    public static void AddDemo(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DemoProgress>();
        builder.Services.AddScoped<DemoSource>();
        if (builder.Configuration.IsDemo() && Commands.Serves(Environment.GetCommandLineArgs()[1..]))
        {
            builder.Services.AddHostedService<DemoSeeding>();
        }
    }
}
