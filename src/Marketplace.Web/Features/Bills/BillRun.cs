using System.Globalization;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Npgsql;

namespace Marketplace.Web.Features.Bills;

/// <summary>The documents of one role in a period.</summary>
public sealed record RoleTotal(Role Role, int Documents, Money Exact, long NetCents, long VatCents, long TotalCents);

/// <summary>What the documents of a period add up to, beside what the journal says of the same period.</summary>
public sealed record BillRun
{
    public required int LoopId { get; init; }

    public required Interval Period { get; init; }

    public required IReadOnlyList<RoleTotal> Roles { get; init; }

    /// <summary>Trades in the auctions, as the journal has them: what members paid less what they earned.</summary>
    public required Money Trades { get; init; }

    public required Money Imbalance { get; init; }

    public required Money NetworkFees { get; init; }

    /// <summary>Paid by those who asked for an origin and received by those whose energy it was: nothing but roundings in sum.</summary>
    public required Money Premiums { get; init; }

    /// <summary>Corrections, charging quotas and what the loop shares of stores.</summary>
    public required Money Charges { get; init; }

    public required Money StandingCharges { get; init; }

    public required Money Vat { get; init; }

    /// <summary>What rounding to cents added.</summary>
    public required Money Rounding { get; init; }

    /// <summary>What members owe on the documents, as the journal has it.</summary>
    public required Money Receivable { get; init; }

    /// <summary>The largest balance, up or down, that any member has left unbilled for the period. Zero, or something is broken.</summary>
    public required Money LeftUnbilled { get; init; }

    public int Documents => Roles.Sum(role => role.Documents);

    public long TotalCents => Roles.Sum(role => role.TotalCents);

    /// <summary>What all documents with a total above zero ask for.</summary>
    public required long BillsCents { get; init; }

    /// <summary>What all documents with a total below zero give.</summary>
    public required long CreditsCents { get; init; }

    /// <summary>Trades + imbalance + fees + premiums + charges beside the hours + standing charges + tax + rounding.</summary>
    public Money Sum => Trades + Imbalance + NetworkFees + Premiums + Charges + StandingCharges + Vat + Rounding;

    /// <summary>Whether documents and journal say the same, to the millionth.</summary>
    public bool IsSound => LeftUnbilled == Money.Zero && Receivable == Money.FromCents(TotalCents) && Sum == Receivable;

    /// <summary>Stops the work, and so the transaction, when they do not.</summary>
    public void RequireSound()
    {
        if (LeftUnbilled != Money.Zero)
        {
            throw new BrokenInvariantException("nothing of a billed period stays unbilled", LeftUnbilled.ToString());
        }

        if (Receivable != Money.FromCents(TotalCents))
        {
            throw new BrokenInvariantException("receivables are the totals of the documents",
                string.Create(CultureInfo.InvariantCulture, $"{Receivable} against {TotalCents} cents"));
        }

        if (Sum != Receivable)
        {
            throw new BrokenInvariantException("trades, imbalance, fees, premiums, charges, tax and rounding are the receivables", $"{Sum} against {Receivable}");
        }
    }
}

/// <summary>Reads what a billed period adds up to, from the documents and, apart from them, from the journal.</summary>
internal static class BillRuns
{
    public static async Task<BillRun> ReadAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, int loopId, Interval period, CancellationToken cancellationToken)
    {
        NpgsqlCommand Command(string sql)
        {
            var command = new NpgsqlCommand(sql, connection, transaction);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = period.Start });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = period.End });
            return command;
        }

        var roles = new List<RoleTotal>();
        long billsCents = 0;
        long creditsCents = 0;
        await using (var command = Command(
            """
            SELECT b.role, count(*)::int, sum(l.exact)::bigint, sum(b.net_cents)::bigint, sum(b.vat_cents)::bigint, sum(b.total_cents)::bigint,
                   sum(greatest(b.total_cents, 0))::bigint, sum(least(b.total_cents, 0))::bigint
            FROM market.bills b
            JOIN LATERAL (SELECT sum(amount) AS exact FROM market.bill_lines l WHERE l.loop_id = b.loop_id AND l.bill_id = b.id) l ON true
            WHERE b.loop_id = $1 AND b.period_start = $2 AND b.period_end = $3
            GROUP BY b.role ORDER BY b.role
            """))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                roles.Add(new RoleTotal((Role)reader.GetInt16(0), reader.GetInt32(1), new Money(reader.GetInt64(2)), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5)));
                billsCents += reader.GetInt64(6);
                creditsCents += reader.GetInt64(7);
            }
        }

        var moved = new Dictionary<(AccountKind Account, TransferKind Kind), long>();
        long leftUnbilled = 0;
        await using (var command = Command(
            """
            WITH moves AS (
                SELECT t.kind, t.debit_account, t.credit_account, sum(t.amount) AS amount FROM market.transfers t
                WHERE t.loop_id = $1 AND t.hour >= $2 AND t.hour < $3 AND (t.reference = 0 AND t.kind = ANY($4) OR t.kind = ANY($5))
                GROUP BY t.kind, t.debit_account, t.credit_account
                UNION ALL
                SELECT t.kind, t.debit_account, t.credit_account, t.amount FROM market.transfers t
                JOIN market.bills b ON b.loop_id = t.loop_id AND b.id = t.reference
                WHERE t.loop_id = $1 AND t.hour = $3 AND b.period_start = $2 AND b.period_end = $3),
            sides AS (
                SELECT debit_account AS account, kind, amount FROM moves UNION ALL SELECT credit_account, kind, -amount FROM moves)
            SELECT a.kind, s.kind, a.member_id, sum(s.amount)::bigint
            FROM sides s JOIN market.accounts a ON a.loop_id = $1 AND a.id = s.account
            GROUP BY a.kind, s.kind, a.member_id
            """))
        {
            command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. TransferKinds.OfHours.Select(kind => (short)kind)] });
            command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. TransferKinds.OfCharges.Select(kind => (short)kind)] });
            var unbilled = new Dictionary<int, long>();
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                var (account, kind, member, amount) = ((AccountKind)reader.GetInt16(0), (TransferKind)reader.GetInt16(1), reader.GetInt32(2), reader.GetInt64(3));
                moved[(account, kind)] = moved.GetValueOrDefault((account, kind)) + amount;
                if (account == AccountKind.Unbilled)
                {
                    unbilled[member] = unbilled.GetValueOrDefault(member) + amount;
                }
            }

            leftUnbilled = unbilled.Values.Select(Math.Abs).DefaultIfEmpty().Max();
        }

        Money Unbilled(TransferKind kind) => new(moved.GetValueOrDefault((AccountKind.Unbilled, kind)));
        Money Receivable(TransferKind kind) => new(moved.GetValueOrDefault((AccountKind.Receivable, kind)));
        return new BillRun
        {
            LoopId = loopId,
            Period = period,
            Roles = roles,
            BillsCents = billsCents,
            CreditsCents = creditsCents,
            Trades = Unbilled(TransferKind.Trade),
            Imbalance = Unbilled(TransferKind.Imbalance),
            NetworkFees = Unbilled(TransferKind.NetworkFee),
            Premiums = Unbilled(TransferKind.Preference),
            Charges = TransferKinds.OfCharges.Aggregate(Money.Zero, (sum, kind) => sum + Unbilled(kind)),
            StandingCharges = Unbilled(TransferKind.StandingCharge),
            Vat = Receivable(TransferKind.Vat),
            Rounding = Receivable(TransferKind.Rounding),
            Receivable = Receivable(TransferKind.Bill) + Receivable(TransferKind.Vat) + Receivable(TransferKind.Rounding),
            LeftUnbilled = new Money(leftUnbilled),
        };
    }
}
