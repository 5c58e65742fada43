using System.Globalization;
using System.Text;
using Marketplace.Data;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Features.Sending;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Notifications;

/// <summary>Sends the letters of notifications that wait and are due, of all loops, and says how many went out. Marked before and after, as letters about
/// documents are: a crash makes nobody get one twice.</summary>
public sealed record SendNotices : IRequest<int>, ISystemOnly;

internal sealed partial class SendNoticesHandler(
    IDbContextFactory<MarketplaceDb> databases, IStringLocalizer<Texts> texts, PublicAddress address, IMail mail, TimeProvider time, ILogger<SendNoticesHandler> log) : IRequestHandler<SendNotices, int>
{
    /// <summary>In one run; the next run goes on.</summary>
    private const int MostAtOnce = 200;

    public async Task<int> Handle(SendNotices request, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE market.notifications SET mail_state = {(short)LetterState.BrokenOff}, outcome = 'broken off'
            WHERE mail_state = {(short)LetterState.Sending} AND begun_at <= {time.GetUtcNow() - LetterAttempt.BrokenOffAfter}
            """, cancellationToken);
        if (!mail.ReachesPeople)
        {
            return 0;
        }

        var sent = 0;
        for (var i = 0; i < MostAtOnce && await TakeAsync(db, cancellationToken) is { } row; i++)
        {
            var (state, outcome) = await LetterAttempt.MakeAsync(mail, row.Attempts, () => WriteAsync(db, row, cancellationToken), fault => LogFailure(fault, row.Id), cancellationToken);
            sent += state == LetterState.Sent ? 1 : 0;
            var now = time.GetUtcNow();
            await db.Database.ExecuteSqlAsync(
                $"""
                UPDATE market.notifications SET mail_state = {(short)state}, outcome = {outcome}, sent_at = CASE WHEN {state == LetterState.Sent} THEN {now} ELSE sent_at END
                WHERE loop_id = {row.LoopId} AND id = {row.Id} AND mail_state = {(short)LetterState.Sending}
                """, CancellationToken.None);
        }

        return sent;
    }

    /// <summary>One at a time, so that a crash leaves one in doubt. Two runners never take the same.</summary>
    private async Task<Row?> TakeAsync(MarketplaceDb db, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var rows = await db.Database.SqlQuery<Row>(
            $"""
            UPDATE market.notifications AS n
            SET mail_state = {(short)LetterState.Sending}, begun_at = {now}, attempts = n.attempts + 1, next_at = {now} + least(interval '6 hours', interval '2 minutes' * power(2, n.attempts))
            FROM (SELECT loop_id, id FROM market.notifications WHERE mail_state = {(short)LetterState.Waiting} AND next_at <= {now}
                ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) AS due
            WHERE n.loop_id = due.loop_id AND n.id = due.id
            RETURNING n.loop_id AS "LoopId", n.id AS "Id", n.account_id AS "AccountId", n.kind AS "Kind", n.variant AS "Variant", n.attempts AS "Attempts"
            """).ToListAsync(cancellationToken);
        return rows.SingleOrDefault();
    }

    /// <summary>A sentence and a link: no amount, no name, nothing of what the portal says.</summary>
    private async Task<(Letter? Letter, LetterState Otherwise)> WriteAsync(MarketplaceDb db, Row row, CancellationToken cancellationToken)
    {
        var person = await db.Users.Where(person => person.Id == row.AccountId).Select(person => new { person.Email }).SingleOrDefaultAsync(cancellationToken);
        var members = await db.Memberships.Where(membership => membership.LoopId == row.LoopId && membership.AccountId == row.AccountId).Select(membership => membership.MemberId).ToListAsync(cancellationToken);
        if (person?.Email is not { Length: > 0 } to || members.Count == 0)
        {
            // Who has left the loop since hears nothing of it.
            return (null, LetterState.NoAddress);
        }

        var chosen = await db.Database.SqlQuery<bool>(
            $"""SELECT mail AS "Value" FROM market.notification_choices WHERE loop_id = {row.LoopId} AND account_id = {row.AccountId} AND kind = {row.Kind}""").ToListAsync(cancellationToken);
        if (!(chosen is [var wants] ? wants : ((NoticeKind)row.Kind).ByMail()))
        {
            return (null, LetterState.Refused);
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == row.LoopId, cancellationToken);
        var details = await db.BillRecipients.AsNoTracking().Where(recipient => recipient.LoopId == row.LoopId && members.Contains(recipient.MemberId))
            .OrderBy(recipient => recipient.MemberId).Select(recipient => recipient.Details).FirstOrDefaultAsync(cancellationToken);
        // The change of culture ends with this method.
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = Shell.Texts.Language(details?.Language);
        var text = new StringBuilder().AppendLine(texts["Letter.Hello"]).AppendLine().AppendLine(texts["Letter." + row.Variant, loop.Name]).AppendLine()
            .AppendLine(address.Link(string.Create(CultureInfo.InvariantCulture, $"/loops/{loop.Slug}/notifications/{row.Id}/open"))).AppendLine()
            .AppendLine(texts["Letter.SignIn"]).AppendLine(texts["Letter.Choose"]).AppendLine(address.Link($"/loops/{loop.Slug}/notifications/choices"));
        return (new Letter(to, texts["Letter.Subject", loop.Name], text.ToString()), LetterState.Sent);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The letter of a notification could not be sent ({Fault}): {Id}")]
    private partial void LogFailure(string fault, long id);

    private sealed record Row(int LoopId, long Id, Guid AccountId, short Kind, string Variant, int Attempts);
}
