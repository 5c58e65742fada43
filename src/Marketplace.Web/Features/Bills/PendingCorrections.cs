using Marketplace.Quantities;
using Npgsql;

namespace Marketplace.Web.Features.Bills;

/// <summary>Corrections of billed hours that no live document has taken up: each waits for a revision.</summary>
internal static class PendingCorrections
{
    // Of a member without any document, the period's first document will take it up.
    private const string Pending =
        """
        FROM market.corrected_members c
        JOIN market.bill_periods p ON p.loop_id = c.loop_id AND c.posted_hour >= p.period_start AND c.posted_hour < p.period_end
        WHERE c.loop_id = $1
          AND (p.completed_at IS NOT NULL OR EXISTS (SELECT FROM market.bills b WHERE b.loop_id = $1 AND b.member_id = c.member_id
                AND b.period_start = p.period_start AND b.period_end = p.period_end))
          AND NOT EXISTS (
            SELECT FROM market.bill_corrections t JOIN market.bills b ON b.loop_id = t.loop_id AND b.id = t.bill_id
            WHERE t.loop_id = $1 AND t.hour = c.hour AND t.reference = c.reference AND b.member_id = c.member_id AND b.kind = 1
              AND NOT EXISTS (SELECT FROM market.bills n WHERE n.loop_id = $1 AND n.corrects_id = b.id))
        """;

    /// <summary>What waits in a period, by member.</summary>
    public static async Task<IReadOnlyDictionary<int, Money>> OfPeriodAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, int loopId, Interval period, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT c.member_id, sum(c.amount)::bigint {Pending} AND p.period_start = $2 AND p.period_end = $3 GROUP BY c.member_id", connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = period.Start });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = period.End });
        var found = new Dictionary<int, Money>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(reader.GetInt32(0), new Money(reader.GetInt64(1)));
        }

        return found;
    }

    /// <summary>All that waits, by period and member, the oldest period first.</summary>
    public static async Task<IReadOnlyList<(Interval Period, int Member, Money Amount)>> AllAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, int loopId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT p.period_start, p.period_end, c.member_id, sum(c.amount)::bigint {Pending} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        var found = new List<(Interval, int, Money)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add((new Interval(reader.GetFieldValue<DateTimeOffset>(0), reader.GetFieldValue<DateTimeOffset>(1)), reader.GetInt32(2), new Money(reader.GetInt64(3))));
        }

        return found;
    }
}
