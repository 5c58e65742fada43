using Marketplace.Data;
using Marketplace.Web.Features.Demo;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Quartz;

namespace Marketplace.Web.Features.Notifications;

/// <summary>What people are told, in the portal and by e-mail.</summary>
public static class NotificationsFeature
{
    internal static void ScheduleNotifications(this IQuartzBuilder quartz)
    {
        quartz.ScheduleJob<NotifyJob>(trigger => trigger
            .WithIdentity("notifications")
            .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromSeconds(30)).RepeatForever()));
        quartz.ScheduleJob<NoticeRound>(trigger => trigger
            .WithIdentity("letters of notifications")
            .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromSeconds(10)).RepeatForever()));
    }

    /// <summary>Where a notification's link leads: it counts as read, and its page follows. Making it twice changes nothing.</summary>
    public static void MapNotifications(this IEndpointRouteBuilder routes) => routes.MapGet("/loops/{slug}/notifications/{id:long}/open", async (string slug, long id, Requests requests) =>
    {
        try
        {
            var loop = await requests.Send(new FindLoop(slug));
            return await requests.Send(new ReadNotice(loop.Id, id)) is { } notice
                ? Results.LocalRedirect(loop.Path + NoticeWords.Place(notice))
                : Results.LocalRedirect(loop.Path + "/notifications");
        }
        catch (NotPermittedException)
        {
            return Results.NotFound();
        }
    }).RequireAuthorization();
}

/// <summary>Tells the people of each running loop what is new. Coming twice or late changes nothing.</summary>
[DisallowConcurrentExecution]
public sealed partial class NotifyJob(IDbContextFactory<MarketplaceDb> databases, Requests requests, DemoProgress demoProgress, ILogger<NotifyJob> log) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var running = await (
            from clock in db.Clocks
            join loop in db.Loops on clock.LoopId equals loop.Id
            where clock.Rate > 0
            orderby loop.Id
            select new { loop.Id, loop.Slug, loop.Kind }).ToListAsync(cancellationToken);
        foreach (var loop in running.Where(loop => loop.Kind != LoopKind.Demo || demoProgress.IsReady))
        {
            try
            {
                await requests.Send(new Notify(loop.Id), Actor.System, cancellationToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // One loop's trouble does not silence the others.
                LogFailure(failure, loop.Slug);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Loop}: its people could not be told what is new")]
    private partial void LogFailure(Exception failure, string loop);
}

/// <summary>Sends what waits.</summary>
[DisallowConcurrentExecution]
public sealed class NoticeRound(Requests requests) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) =>
        await requests.Send(new SendNotices(), Actor.System, cancellationToken);
}
