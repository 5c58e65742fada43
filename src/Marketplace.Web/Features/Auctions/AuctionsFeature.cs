using Marketplace.Market;
using Marketplace.Native.Clp;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Features.Storage;

namespace Marketplace.Web.Features.Auctions;

/// <summary>Gate closure, clearing, prices.</summary>
public static class AuctionsFeature
{
    public static void AddAuctions(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ILinearProgram, ClpLinearProgram>();
        builder.Services.AddScoped<BookEntries>();
        builder.Services.AddScoped<LiveMarket>();
        builder.Services.AddScoped<LoopPlants>();
        builder.Services.AddScoped<StoreDay>();
        builder.Services.AddScoped<Network.HourNetwork>();
        builder.Services.AddScoped<Network.ZoneChoice>();
    }
}
