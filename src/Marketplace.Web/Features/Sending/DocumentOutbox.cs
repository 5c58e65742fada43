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
}

/// <summary>Makes the letters about documents in the transaction in which they are issued. They are sent afterwards. A document goes to the
/// address of the member's billing details; where none is stated there, to each person who acts for the member.</summary>
internal sealed class DocumentOutbox(IMail mail, TimeProvider time)
{
    /// <summary>Recipient names of rows that have no account.</summary>
    public const string BillingAddress = "billing", Nobody = "none";

    /// <summary>Queues what is not queued yet of documents of a loop, numbered from first to last.</summary>
    public async Task QueueAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, int loopId, int firstBill, int lastBill, CancellationToken cancellationToken)
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
            INSERT INTO market.document_letters (loop_id, bill_id, member_id, account_id, recipient, state, queued_at, next_at)
            SELECT b.loop_id, b.id, b.member_id, p.account_id, coalesce(p.recipient, 'none'), CASE WHEN p.recipient IS NULL THEN 7 WHEN $4 THEN 1 ELSE 8 END, $5, $5
            FROM market.bills b LEFT JOIN people p ON p.member_id = b.member_id
            WHERE b.loop_id = $1 AND b.id BETWEEN $2 AND $3
            ON CONFLICT (loop_id, bill_id, recipient) DO NOTHING
            """,
            connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = firstBill });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = lastBill });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = mail.ReachesPeople });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
