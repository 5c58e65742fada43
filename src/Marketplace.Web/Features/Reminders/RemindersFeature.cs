using Quartz;

namespace Marketplace.Web.Features.Reminders;

/// <summary>Reminders of what is overdue, and payment in instalments.</summary>
public static class RemindersFeature
{
    public static void AddReminders(this WebApplicationBuilder builder) => builder.Services.AddScoped<InstalmentBook>();

    /// <summary>Once a day of each loop's own clock; asked more often, as a demo's days are short.</summary>
    internal static void ScheduleReminders(this IQuartzBuilder quartz) => quartz.ScheduleJob<RemindersJob>(trigger => trigger
        .WithIdentity("reminders")
        .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromMinutes(1)).RepeatForever()));
}
