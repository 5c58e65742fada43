using Marketplace.Data;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Quartz;

namespace Marketplace.Web.Features.Sending;

/// <summary>
/// Sends the letters about documents that wait and are due, of all loops, and says how many went out. Each is marked as being sent before the
/// mail server gets it, and as sent after the server has taken it. If the host dies between the two marks nobody can know whether it went out: it is not sent
/// again by itself but shown to the operator, so that a crash makes nobody get it twice.
/// </summary>
public sealed record SendDocuments : IRequest<int>, ISystemOnly;

internal sealed partial class SendDocumentsHandler(
    IDbContextFactory<MarketplaceDb> databases, DocumentLetters letters, IMail mail, TimeProvider time, ILogger<SendDocumentsHandler> log) : IRequestHandler<SendDocuments, int>
{
    /// <summary>In one run; the next run goes on.</summary>
    private const int MostAtOnce = 200;

    public async Task<int> Handle(SendDocuments request, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE market.document_letters SET state = {(short)LetterState.BrokenOff}, outcome = 'broken off'
            WHERE state = {(short)LetterState.Sending} AND begun_at <= {time.GetUtcNow() - LetterAttempt.BrokenOffAfter}
            """, cancellationToken);
        if (!mail.ReachesPeople)
        {
            return 0;
        }

        var sent = 0;
        for (var i = 0; i < MostAtOnce && await TakeAsync(db, cancellationToken) is { } row; i++)
        {
            var (state, outcome) = await LetterAttempt.MakeAsync(mail, row.Attempts, () => letters.WriteAsync(db, row, cancellationToken), fault => LogFailure(fault, row.Id), cancellationToken);
            sent += state == LetterState.Sent ? 1 : 0;
            var now = time.GetUtcNow();
            await db.Database.ExecuteSqlAsync(
                $"""
                UPDATE market.document_letters SET state = {(short)state}, outcome = {outcome}, sent_at = CASE WHEN {state == LetterState.Sent} THEN {now} ELSE sent_at END
                WHERE loop_id = {row.LoopId} AND id = {row.Id} AND state = {(short)LetterState.Sending}
                """, CancellationToken.None);
        }

        return sent;
    }

    /// <summary>One at a time, so that a crash leaves one in doubt. Two runners never take the same.</summary>
    private async Task<LetterRow?> TakeAsync(MarketplaceDb db, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var rows = await db.Database.SqlQuery<LetterRow>(
            $"""
            UPDATE market.document_letters AS d
            SET state = {(short)LetterState.Sending}, begun_at = {now}, attempts = d.attempts + 1, next_at = {now} + least(interval '6 hours', interval '2 minutes' * power(2, d.attempts))
            FROM (SELECT loop_id, id FROM market.document_letters WHERE state = {(short)LetterState.Waiting} AND next_at <= {now}
                ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED) AS due
            WHERE d.loop_id = due.loop_id AND d.id = due.id
            RETURNING d.loop_id AS "LoopId", d.id AS "Id", d.bill_id AS "BillId", d.member_id AS "MemberId", d.account_id AS "AccountId", d.attempts AS "Attempts", d.topic AS "Topic"
            """).ToListAsync(cancellationToken);
        return rows.SingleOrDefault();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A letter about a document could not be sent ({Fault}): {Id}")]
    private partial void LogFailure(string fault, long id);
}

/// <summary>Sends what waits.</summary>
[DisallowConcurrentExecution]
public sealed class DocumentRound(Requests requests) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) =>
        await requests.Send(new SendDocuments(), Actor.System, cancellationToken);
}
