using Marketplace.Data;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Features.Sending;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Alarms.Sending;

/// <summary>Sends what waits and is due, of all loops, and says how many went out. Each is put off before it is tried, so that two runners never
/// send the same and a crash in between only makes it later.</summary>
public sealed record SendDispatches : IRequest<int>, ISystemOnly;

internal sealed partial class SendDispatchesHandler(
    IDbContextFactory<MarketplaceDb> databases, AlarmLetters letters, IMail mail, WebhookDoor door, TimeProvider time, ILogger<SendDispatchesHandler> log)
    : IRequestHandler<SendDispatches, int>
{
    /// <summary>In one run; the next run goes on.</summary>
    private const int MostAtOnce = 50;

    /// <summary>One minute, two, four, … six hours: about a day in all.</summary>
    public const int MostAttempts = 12;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public async Task<int> Handle(SendDispatches request, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = time.GetUtcNow();
        var due = await db.Dispatches.FromSql(
            $"""
            UPDATE market.dispatches AS d
            SET attempts = d.attempts + 1, next_at = {now} + least(interval '6 hours', interval '1 minute' * power(2, d.attempts))
            FROM (SELECT loop_id, id FROM market.dispatches WHERE state = {(short)DispatchState.Waiting} AND next_at <= {now}
                ORDER BY next_at LIMIT {MostAtOnce} FOR UPDATE SKIP LOCKED) AS due
            WHERE d.loop_id = due.loop_id AND d.id = due.id
            RETURNING d.*
            """).AsNoTracking().ToListAsync(cancellationToken);
        var sent = 0;
        foreach (var dispatch in due)
        {
            var (state, outcome) = await TryAsync(db, dispatch, cancellationToken);
            if (state == DispatchState.Waiting && dispatch.Attempts >= MostAttempts)
            {
                state = DispatchState.GivenUp;
            }

            sent += state == DispatchState.Sent ? 1 : 0;
            DateTimeOffset? sentAt = state == DispatchState.Sent ? time.GetUtcNow() : null;
            var kept = outcome is { Length: > 300 } ? outcome[..300] : outcome;
            await db.Dispatches.Where(row => row.LoopId == dispatch.LoopId && row.Id == dispatch.Id && row.State == DispatchState.Waiting)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, state).SetProperty(row => row.SentAt, sentAt).SetProperty(row => row.Outcome, kept), cancellationToken);
        }

        return sent;
    }

    private async Task<(DispatchState State, string? Outcome)> TryAsync(MarketplaceDb db, Dispatch dispatch, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_patience);
        try
        {
            if (dispatch.Way == DispatchWay.Webhook)
            {
                var hook = await db.Webhooks.AsNoTracking().SingleOrDefaultAsync(
                    hook => hook.LoopId == dispatch.LoopId && hook.Id == dispatch.WebhookId && hook.RemovedAt == null, cancellationToken);
                return hook is null ? (DispatchState.Dropped, "The webhook was removed.") : await door.CallAsync(hook, dispatch, limit.Token);
            }

            if (dispatch.AccountId is { } account && await MailRefusals.RefusesAsync(
                db, dispatch.LoopId, account, dispatch.AnnouncementId is null ? LetterKind.Alarms : LetterKind.Announcements, cancellationToken))
            {
                return (DispatchState.Dropped, "The person does not want such letters.");
            }

            if (await letters.WriteAsync(db, dispatch, cancellationToken) is not { } letter)
            {
                return (DispatchState.Dropped, "Nobody to write to any more.");
            }

            await mail.SendAsync(letter, limit.Token);
            return (DispatchState.Sent, null);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            // The name of the fault only: a mail server's answer repeats the address.
            LogFailure(failure, dispatch.Way, dispatch.Id);
            return (DispatchState.Waiting, failure.GetType().Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Way} {Id} could not be sent and will be tried again")]
    private partial void LogFailure(Exception failure, DispatchWay way, long id);
}
