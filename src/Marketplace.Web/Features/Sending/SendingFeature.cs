using Quartz;

namespace Marketplace.Web.Features.Sending;

/// <summary>Letters about documents, and what people want to be written to about.</summary>
public static class SendingFeature
{
    public static void AddSending(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<DocumentOutbox>();
        builder.Services.AddScoped<DocumentLetters>();
    }

    internal static void ScheduleSending(this IQuartzBuilder quartz) => quartz.ScheduleJob<DocumentRound>(trigger => trigger
        .WithIdentity("document letters")
        .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromSeconds(10)).RepeatForever()));
}
