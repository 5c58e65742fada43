using System.Globalization;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Sending;

/// <summary>Which letters an operator looks at.</summary>
public enum LetterFilter
{
    /// <summary>What did not arrive and waits for somebody.</summary>
    Failed,
    Waiting,
    Sent,
    All,
}

/// <summary>The letters about a loop's documents, newest first.</summary>
public sealed record ShowLetters(int LoopId, LetterFilter Filter, int Page = 1) : IRequest<LetterSheet>, IGuarded
{
    public const int PageSize = 50;

    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Counts">How many there are by filter.</param>
public sealed record LetterSheet(IReadOnlyList<LetterView> Letters, IReadOnlyDictionary<LetterFilter, long> Counts, bool MailReachesPeople);

/// <param name="Person">Who it goes to; null for the address of the billing details, and for nobody.</param>
public sealed record LetterView(
    long Id, string Number, string Topic, string Member, string Recipient, string? Person, short StateNumber, int Attempts, DateTimeOffset QueuedAt, DateTimeOffset NextAt, DateTimeOffset? SentAt, string? Outcome)
{
    public LetterState State => (LetterState)StateNumber;

    /// <summary>What the operator may send again: anything but what goes out anyway.</summary>
    public bool CanBeSentAgain => State is not (LetterState.Waiting or LetterState.Sending);
}

/// <summary>Sends one letter again: never more than one.</summary>
public sealed record SendLetterAgain(int LoopId, long LetterId) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"letter {LetterId}");
}

internal sealed class LettersHandler(Work work, DocumentOutbox outbox, IMail mail, TimeProvider time)
    : IRequestHandler<ShowLetters, LetterSheet>, IRequestHandler<SendLetterAgain, Unit>
{
    private static readonly short[] s_failed = [(short)LetterState.Failed, (short)LetterState.BrokenOff, (short)LetterState.NoAddress, (short)LetterState.NotSetUp];
    private static readonly short[] s_waiting = [(short)LetterState.Waiting, (short)LetterState.Sending];
    private static readonly short[] s_all = [.. Enum.GetValues<LetterState>().Select(state => (short)state)];

    public async Task<LetterSheet> Handle(ShowLetters request, CancellationToken cancellationToken)
    {
        var states = StatesOf(request.Filter);
        var rows = await work.Db.Database.SqlQuery<LetterView>(
            $"""
            SELECT d.id AS "Id", b.number AS "Number", split_part(d.topic, '/', 1) AS "Topic", m.name AS "Member", d.recipient AS "Recipient", p.display_name AS "Person", d.state AS "StateNumber",
                   d.attempts AS "Attempts", d.queued_at AS "QueuedAt", d.next_at AS "NextAt", d.sent_at AS "SentAt", d.outcome AS "Outcome"
            FROM market.document_letters d
            JOIN market.bills b ON b.loop_id = d.loop_id AND b.id = d.bill_id
            JOIN market.members m ON m.loop_id = d.loop_id AND m.id = d.member_id
            LEFT JOIN market.people p ON p.id = d.account_id
            WHERE d.loop_id = {request.LoopId} AND d.state = ANY ({states})
            ORDER BY d.id DESC OFFSET {(Math.Max(1, request.Page) - 1) * ShowLetters.PageSize} LIMIT {ShowLetters.PageSize}
            """).ToListAsync(cancellationToken);
        var counts = await work.Db.Database.SqlQuery<StateCount>(
            $"""SELECT state AS "State", count(*) AS "Count" FROM market.document_letters WHERE loop_id = {request.LoopId} GROUP BY state""").ToListAsync(cancellationToken);
        return new LetterSheet(
            rows, Enum.GetValues<LetterFilter>().ToDictionary(filter => filter, filter => counts.Where(count => StatesOf(filter).Contains(count.State)).Sum(count => count.Count)), mail.ReachesPeople);
    }

    public async Task<Unit> Handle(SendLetterAgain request, CancellationToken cancellationToken)
    {
        if (!mail.ReachesPeople)
        {
            throw new RefusedException("", "E-mail is not set up on this installation, so nothing can be sent.");
        }

        var db = work.Db;
        var found = await db.Database.SqlQuery<AgainRow>(
            $"""
            SELECT bill_id AS "BillId", recipient AS "Recipient", topic AS "Topic" FROM market.document_letters
            WHERE loop_id = {request.LoopId} AND id = {request.LetterId} AND NOT state = ANY ({s_waiting}) FOR UPDATE
            """).ToListAsync(cancellationToken);
        if (found.SingleOrDefault() is not { } row)
        {
            throw new RefusedException("", "This letter is waiting or being sent already.");
        }

        if (row.Recipient == DocumentOutbox.Nobody)
        {
            // Since then somebody may have become reachable; the place for nobody stays until then.
            await db.Database.ExecuteSqlAsync($"DELETE FROM market.document_letters WHERE loop_id = {request.LoopId} AND id = {request.LetterId}", cancellationToken);
            await outbox.QueueAsync(await work.ConnectionAsync(cancellationToken), work.Transaction, request.LoopId, row.BillId, row.Topic, cancellationToken);
            return Unit.Value;
        }

        var now = time.GetUtcNow();
        await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE market.document_letters SET state = {(short)LetterState.Waiting}, attempts = 0, next_at = {now}, outcome = NULL
            WHERE loop_id = {request.LoopId} AND id = {request.LetterId}
            """, cancellationToken);
        return Unit.Value;
    }

    private static short[] StatesOf(LetterFilter filter) => filter switch
    {
        LetterFilter.Failed => s_failed,
        LetterFilter.Waiting => s_waiting,
        LetterFilter.Sent => [(short)LetterState.Sent],
        _ => s_all,
    };

    private sealed record StateCount(short State, long Count);

    private sealed record AgainRow(int BillId, string Recipient, string Topic);
}
