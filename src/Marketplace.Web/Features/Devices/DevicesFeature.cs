namespace Marketplace.Web.Features.Devices;

/// <summary>Devices: their life, their keys, and the batches they sign.</summary>
public static class DevicesFeature
{
    public static void AddDevices(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<DeviceBook>();
        builder.Services.AddScoped<DeviceGate>();
        builder.Services.AddScoped<SignedReadings>();
    }
}
