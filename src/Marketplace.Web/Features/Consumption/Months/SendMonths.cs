using System.Globalization;
using System.Text;
using Marketplace.Data;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Features.Sending;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Localization;
using Quartz;

namespace Marketplace.Web.Features.Consumption.Months;

/// <summary>
/// Sends the letters about months that wait, of all loops: a link, and nothing about the person. Each is marked before the mail server gets it and after it
/// has taken it; one that was in between when the host died stays in doubt and is not sent twice.
/// </summary>
public sealed record SendMonths : IRequest<int>, ISystemOnly;

internal sealed partial class SendMonthsHandler(
    IDbContextFactory<MarketplaceDb> databases, IMail mail, IStringLocalizer<Texts> texts, PublicAddress address, TimeProvider time, ILogger<SendMonthsHandler> log) : IRequestHandler<SendMonths, int>
{
    private const int MostAtOnce = 200;

    public async Task<int> Handle(SendMonths request, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE market.consumption_letters SET state = {(short)LetterState.BrokenOff}, outcome = 'broken off'
            WHERE state = {(short)LetterState.Sending} AND begun_at <= {time.GetUtcNow() - LetterAttempt.BrokenOffAfter}
            """, cancellationToken);
        if (!mail.ReachesPeople)
        {
            return 0;
        }

        var sent = 0;
        for (var i = 0; i < MostAtOnce && await TakeAsync(db, cancellationToken) is { } row; i++)
        {
            var (state, outcome) = await LetterAttempt.MakeAsync(
                mail, row.Attempts, async () => (await WriteAsync(db, row, cancellationToken), LetterState.NoAddress), fault => LogFailure(fault, row.LoopId, row.MemberId), cancellationToken);
            sent += state == LetterState.Sent ? 1 : 0;
            var now = time.GetUtcNow();
            await db.Database.ExecuteSqlAsync(
                $"""
                UPDATE market.consumption_letters SET state = {(short)state}, outcome = {outcome}, sent_at = CASE WHEN {state == LetterState.Sent} THEN {now} ELSE sent_at END
                WHERE loop_id = {row.LoopId} AND member_id = {row.MemberId} AND month = {row.Month} AND recipient = {row.Recipient} AND state = {(short)LetterState.Sending}
                """, CancellationToken.None);
        }

        return sent;
    }

    private async Task<MonthRow?> TakeAsync(MarketplaceDb db, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var rows = await db.Database.SqlQuery<MonthRow>(
            $"""
            UPDATE market.consumption_letters AS d
            SET state = {(short)LetterState.Sending}, begun_at = {now}, attempts = d.attempts + 1, next_at = {now} + least(interval '6 hours', interval '2 minutes' * power(2, d.attempts))
            FROM (SELECT loop_id, member_id, month, recipient FROM market.consumption_letters WHERE state = {(short)LetterState.Waiting} AND next_at <= {now}
                ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED) AS due
            WHERE d.loop_id = due.loop_id AND d.member_id = due.member_id AND d.month = due.month AND d.recipient = due.recipient
            RETURNING d.loop_id AS "LoopId", d.member_id AS "MemberId", d.month AS "Month", d.recipient AS "Recipient", d.account_id AS "AccountId", d.attempts AS "Attempts"
            """).ToListAsync(cancellationToken);
        return rows.SingleOrDefault();
    }

    private async Task<Letter?> WriteAsync(MarketplaceDb db, MonthRow row, CancellationToken cancellationToken)
    {
        var details = await db.BillRecipients.AsNoTracking().Where(recipient => recipient.LoopId == row.LoopId && recipient.MemberId == row.MemberId)
            .Select(recipient => recipient.Details).SingleOrDefaultAsync(cancellationToken);
        // Only while the person still acts for the member.
        var to = row.AccountId is not { } account ? details?.Email
            : await (from membership in db.Memberships
                     join person in db.Users on membership.AccountId equals person.Id
                     where membership.LoopId == row.LoopId && membership.MemberId == row.MemberId && person.Id == account
                     select person.Email).SingleOrDefaultAsync(cancellationToken);
        if (string.IsNullOrEmpty(to))
        {
            return null;
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == row.LoopId, cancellationToken);
        // The change of culture ends with this method.
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = Shell.Texts.Language(details?.Language);
        var month = row.Month.ToString("MMMM yyyy", CultureInfo.CurrentCulture);
        var text = new StringBuilder().AppendLine(texts["Letter.Hello"]).AppendLine().AppendLine(texts["Letter.Month", month, loop.Name]).AppendLine()
            .AppendLine(address.Link(string.Create(CultureInfo.InvariantCulture, $"/loops/{loop.Slug}/consumption?period={row.Month:yyyy-MM}&member={row.MemberId}"))).AppendLine()
            .AppendLine(texts["Letter.SignIn"]).AppendLine(texts["Letter.Choose"]).AppendLine(address.Link($"/loops/{loop.Slug}/notifications/choices"));
        return new Letter(to, texts["Letter.Month.Subject", month, loop.Name], text.ToString());
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A letter about a month could not be sent ({Fault}): loop {Loop}, member {Member}")]
    private partial void LogFailure(string fault, int loop, int member);

    private sealed record MonthRow(int LoopId, int MemberId, DateOnly Month, string Recipient, Guid? AccountId, int Attempts);
}

/// <summary>Makes the letters of finished months, and sends what waits.</summary>
[DisallowConcurrentExecution]
public sealed class MonthRound(Requests requests, IDbContextFactory<MarketplaceDb> databases) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        List<int> loops;
        await using (var db = await databases.CreateDbContextAsync(cancellationToken))
        {
            loops = await db.Loops.Where(loop => loop.Kind != LoopKind.Replay).OrderBy(loop => loop.Id).Select(loop => loop.Id).ToListAsync(cancellationToken);
        }

        foreach (var loop in loops)
        {
            await requests.Send(new QueueMonths(loop), Actor.System, cancellationToken);
        }

        await requests.Send(new SendMonths(), Actor.System, cancellationToken);
    }
}
