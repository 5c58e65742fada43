using System.Globalization;
using Marketplace.Web.Features.Mail;
using Npgsql;

namespace Marketplace.Web.Features.Sending;

/// <summary>How a letter stands. Stored as numbers: never renumber.</summary>
public enum LetterState : short
{
    Waiting = 1,

    /// <summary>Handed to the mail server just now.</summary>
    Sending = 2,
    Sent = 3,

    /// <summary>Tried often enough.</summary>
    Failed = 4,

    /// <summary>The work ended while the mail server had it: it may have gone out. It is never sent again by itself.</summary>
    BrokenOff = 5,
    Refused = 6,
    NoAddress = 7,

    /// <summary>There was no mail server when the document was issued: nobody gets old letters when there is one.</summary>
    NotSetUp = 8,

    /// <summary>What it was to say is not so any more: what it reminds of was paid meanwhile.</summary>
    NoLongerTrue = 9,
}

/// <summary>What letters are about. A recipient gets one letter ever about a topic of a document.</summary>
internal static class LetterTopic
{
    /// <summary>That the document was issued.</summary>
    public const string Document = "document";

    /// <summary>A member disputes a line of the document: to the operators.</summary>
    public static string Disputed(int dispute) => string.Create(CultureInfo.InvariantCulture, $"dispute/{dispute}/opened");

    /// <summary>The other side has written: one letter a day says so.</summary>
    public static string Answered(int dispute, DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"dispute/{dispute}/news/{day:yyyy-MM-dd}");

    public static string Decided(int dispute) => string.Create(CultureInfo.InvariantCulture, $"dispute/{dispute}/decided");

    /// <summary>What of the member is overdue, the document first of all.</summary>
    public static string Reminded(long reminder) => string.Create(CultureInfo.InvariantCulture, $"reminder/{reminder}");

    public static string PlanAgreed(int plan) => string.Create(CultureInfo.InvariantCulture, $"plan/{plan}/agreed");

    public static string PlanBroken(int plan) => string.Create(CultureInfo.InvariantCulture, $"plan/{plan}/broken");

    public static string InstalmentDue(int plan, int part) => string.Create(CultureInfo.InvariantCulture, $"plan/{plan}/part/{part}");
}

/// <summary>Makes the letters about documents in the transaction in which they are issued. They are sent afterwards. A document goes to the
/// address of the member's billing details; where none is stated there, to each person who acts for the member. What else happens with a
/// document (a dispute, a reminder, instalments) goes the same way.</summary>
internal sealed class DocumentOutbox(IMail mail, TimeProvider time)
{
    /// <summary>Recipient names of rows that have no account.</summary>
    public const string BillingAddress = "billing", Nobody = "none";

    /// <summary>Queues what is not queued yet of documents of a loop, numbered from first to last.</summary>
    public Task QueueAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, int loopId, int firstBill, int lastBill, CancellationToken cancellationToken) =>
        QueueAsync(connection, transaction, loopId, firstBill, lastBill, LetterTopic.Document, cancellationToken);

    /// <summary>Queues letters to the document's member about a topic (<see cref="LetterTopic"/>).</summary>
    public Task QueueAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, int loopId, int bill, string topic, CancellationToken cancellationToken) =>
        QueueAsync(connection, transaction, loopId, bill, bill, topic, cancellationToken);

    /// <summary>Queues letters to each person who operates the loop.</summary>
    public async Task QueueToOperatorsAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, int loopId, int bill, string topic, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            INSERT INTO market.document_letters (loop_id, bill_id, member_id, account_id, recipient, topic, state, queued_at, next_at)
            SELECT DISTINCT ON (m.account_id) $1, $2, m.member_id, m.account_id, m.account_id::text, $3, CASE WHEN $4 THEN 1 ELSE 8 END, $5, $5
            FROM market.memberships m JOIN market.member_roles r ON r.loop_id = m.loop_id AND r.member_id = m.member_id AND r.role = {(short)Data.Role.Operator}
            WHERE m.loop_id = $1 ORDER BY m.account_id, m.member_id
            ON CONFLICT (loop_id, bill_id, recipient, topic) DO NOTHING
            """,
            connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = bill });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = topic });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = mail.ReachesPeople });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task QueueAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, int loopId, int firstBill, int lastBill, string topic, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            WITH stated AS (
                SELECT loop_id, member_id FROM market.bill_recipients WHERE loop_id = $1 AND coalesce(details ->> 'email', '') <> ''),
            people AS (
                SELECT m.loop_id, m.member_id, 'billing' AS recipient, NULL::uuid AS account_id FROM stated m
                UNION ALL
                SELECT m.loop_id, m.member_id, m.account_id::text, m.account_id FROM market.memberships m
                WHERE m.loop_id = $1 AND NOT EXISTS (SELECT FROM stated s WHERE s.member_id = m.member_id))
            INSERT INTO market.document_letters (loop_id, bill_id, member_id, account_id, recipient, topic, state, queued_at, next_at)
            SELECT b.loop_id, b.id, b.member_id, p.account_id, coalesce(p.recipient, 'none'), $6, CASE WHEN p.recipient IS NULL THEN 7 WHEN $4 THEN 1 ELSE 8 END, $5, $5
            FROM market.bills b LEFT JOIN people p ON p.member_id = b.member_id
            WHERE b.loop_id = $1 AND b.id BETWEEN $2 AND $3
            ON CONFLICT (loop_id, bill_id, recipient, topic) DO NOTHING
            """,
            connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = firstBill });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = lastBill });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = mail.ReachesPeople });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = topic });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
