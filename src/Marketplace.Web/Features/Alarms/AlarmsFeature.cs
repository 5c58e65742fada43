using Marketplace.Web.Features.Alarms.Sending;
using Marketplace.Web.Features.Alarms.Temperatures;
using Quartz;

namespace Marketplace.Web.Features.Alarms;

/// <summary>Alarms, announcements, the temperature promise, and telling people and programs of them.</summary>
public static class AlarmsFeature
{
    public static void AddAlarms(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<StandingCauses>();
        builder.Services.AddScoped<BrokenPromises>();
        builder.Services.AddScoped<SubstationTemperatures>();
        builder.Services.AddScoped<DispatchQueue>();
        builder.Services.AddScoped<AlarmLetters>();
        builder.Services.AddSingleton<WebhookDoor>();
    }

    /// <summary>The jobs, beside the market's tick.</summary>
    internal static void ScheduleAlarms(this IQuartzBuilder quartz)
    {
        quartz.ScheduleJob<AlarmWatch>(trigger => trigger
            .WithIdentity("alarms")
            .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromSeconds(15)).RepeatForever()));
        quartz.ScheduleJob<DispatchRound>(trigger => trigger
            .WithIdentity("dispatches")
            .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromSeconds(10)).RepeatForever()));
    }
}
