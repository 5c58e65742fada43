using Marketplace.Web.Features.Alarms;
using Marketplace.Web.Features.Consumption;
using Marketplace.Web.Features.Contracts;
using Marketplace.Web.Features.Privacy;
using Marketplace.Web.Features.Sending;
using Marketplace.Web.Features.Forecasts;
using Marketplace.Web.Features.Governance;
using Marketplace.Web.Features.Metering.Quality;
using Marketplace.Web.Features.Notifications;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Features.Reminders;
using Marketplace.Web.Pipeline;
using Npgsql;
using Quartz;

namespace Marketplace.Web.Features.Operations;

/// <summary>The market's clockwork: Quartz ticks in real time and asks each loop's market clock what is due.</summary>
public static class OperationsFeature
{
    public static void AddOperations(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MarketEvents>();
        builder.Services.AddScoped<MarketDay>();
        builder.Services.AddScoped<LoopRounds>();
        if (!Commands.Serves(Environment.GetCommandLineArgs()[1..]))
        {
            return;
        }

        var connection = new NpgsqlConnectionStringBuilder(ConnectionStrings.Application(builder.Configuration)) { SearchPath = "quartz" }.ConnectionString;
        builder.Services.AddQuartz(quartz =>
        {
            quartz.UsePersistentStore(store =>
            {
                store.UsePostgres(NpgsqlFactory.Instance, connection);
                store.UseClustering();
                store.ProvisionSchema();
            });
            quartz.ScheduleJob<Tick>(trigger => trigger
                .WithIdentity("tick")
                .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromSeconds(1)).RepeatForever()));
            quartz.ScheduleJob<DailyForecastsJob>(trigger => trigger
                .WithIdentity("daily forecasts")
                .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromMinutes(1)).RepeatForever()));
            quartz.ScheduleJob<ReadingChecksJob>(trigger => trigger
                .WithIdentity("reading checks")
                .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromMinutes(1)).RepeatForever()));
            quartz.ScheduleJob<SettleAccountsJob>(trigger => trigger
                .WithIdentity("settle accounts")
                .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromMinutes(1)).RepeatForever()));
            quartz.ScheduleGovernance();
            quartz.ScheduleAlarms();
            quartz.ScheduleContracts();
            quartz.ScheduleSending();
            quartz.ScheduleNotifications();
            quartz.ScheduleMonths();
            quartz.SchedulePrivacy();
            quartz.ScheduleReminders();
        });
        builder.Services.AddQuartzHostedService(options => options.WaitForJobsToComplete = true);
    }
}
