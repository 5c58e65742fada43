using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
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
public sealed class NotifyJob(LoopRounds rounds) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) =>
        await rounds.SendAsync(nameof(NotifyJob), one => one.Runs, loop => new Notify(loop), cancellationToken);
}

/// <summary>Sends what waits.</summary>
[DisallowConcurrentExecution]
public sealed class NoticeRound(Requests requests) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) =>
        await requests.Send(new SendNotices(), Actor.System, cancellationToken);
}
