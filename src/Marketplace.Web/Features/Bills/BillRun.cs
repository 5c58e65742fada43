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

    public required Money Levies { get; init; }

    public required Money CommunityShares { get; init; }

    public required Money Compensations { get; init; }

    /// <summary>What clauses of contracts moved; nothing in sum where both sides are members.</summary>
    public required Money ContractClauses { get; init; }

    public required Money Vat { get; init; }

    /// <summary>What rounding to cents added.</summary>
    public required Money Rounding { get; init; }

    /// <summary>What members owe on the documents, as the journal has it.</summary>
    public required Money Receivable { get; init; }

    /// <summary>The largest balance, up or down, that any billed member has left unbilled for the period. Zero, or something is broken.</summary>
    public required Money LeftUnbilled { get; init; }

    /// <summary>How many members have something unbilled that waits: for their first document of the period, or for a revision.</summary>
    public required int Waiting { get; init; }

    public int Documents => Roles.Sum(role => role.Documents);

    public long TotalCents => Roles.Sum(role => role.TotalCents);

    /// <summary>What all documents with a total above zero ask for.</summary>
    public required long BillsCents { get; init; }

    /// <summary>What all documents with a total below zero give.</summary>
    public required long CreditsCents { get; init; }

    /// <summary>Trades + imbalance + fees + premiums + charges beside the hours + what documents add + tax + rounding, of billed members.</summary>
    public Money Sum => Trades + Imbalance + NetworkFees + Premiums + Charges + StandingCharges + Levies + CommunityShares + Compensations + ContractClauses + Vat + Rounding;

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
    /// <param name="hourly">What the journal holds for the period's hours, where that was read in the same transaction (<see cref="SettledPeriod.UnbilledAsync"/>).</param>
    public static async Task<BillRun> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, int loopId, Interval period, CancellationToken cancellationToken,
        IReadOnlyDictionary<(int Member, TransferKind Kind), long>? hourly = null)
    {
        NpgsqlCommand Command(string sql)
        {
            var command = new NpgsqlCommand(sql, connection, transaction) { CommandTimeout = SettledPeriod.LongestSeconds };
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
            SELECT b.role, count(*)::int, sum(b.sign * l.exact)::bigint, sum(b.sign * b.net_cents)::bigint, sum(b.sign * b.vat_cents)::bigint, sum(b.sign * b.total_cents)::bigint,
                   sum(greatest(b.sign * b.total_cents, 0))::bigint, sum(least(b.sign * b.total_cents, 0))::bigint
            FROM (SELECT *, CASE kind WHEN 2 THEN -1 ELSE 1 END AS sign FROM market.bills WHERE loop_id = $1 AND period_start = $2 AND period_end = $3) b
            JOIN (SELECT l.bill_id, sum(l.amount) AS exact
                  FROM market.bill_lines l JOIN market.bills b ON b.loop_id = l.loop_id AND b.id = l.bill_id
                  WHERE b.loop_id = $1 AND b.period_start = $2 AND b.period_end = $3 GROUP BY l.bill_id) l ON l.bill_id = b.id
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

        hourly ??= await new SettledPeriod(connection, transaction, loopId, period).UnbilledAsync(cancellationToken);
        var billed = new HashSet<int>();
        var ended = new HashSet<int>();
        await using (var command = Command(
            "SELECT DISTINCT member_id, period_start = $2 AND period_end = $3 FROM market.bills WHERE loop_id = $1 AND period_start < $3 AND period_end > $2"))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                _ = reader.GetBoolean(1) ? billed.Add(reader.GetInt32(0)) : ended.Add(reader.GetInt32(0));
            }
        }

        var moved = new Dictionary<(AccountKind Account, TransferKind Kind), long>();
        var unbilled = new Dictionary<int, long>();
        void Add(AccountKind account, TransferKind kind, int member, long amount)
        {
            moved[(account, kind)] = moved.GetValueOrDefault((account, kind)) + amount;
            if (account == AccountKind.Unbilled)
            {
                unbilled[member] = unbilled.GetValueOrDefault(member) + amount;
            }
        }

        foreach (var ((member, kind), amount) in hourly.Where(sum => billed.Contains(sum.Key.Member)))
        {
            Add(AccountKind.Unbilled, kind, member, amount);
        }

        var waiting = hourly.Where(sum => !billed.Contains(sum.Key.Member) && !ended.Contains(sum.Key.Member)).GroupBy(sum => sum.Key.Member)
            .Where(own => own.Sum(sum => sum.Value) != 0).Select(own => own.Key).ToHashSet();
        foreach (var (member, amount) in await PendingCorrections.OfPeriodAsync(connection, transaction, loopId, period, cancellationToken))
        {
            waiting.Add(member);
            if (billed.Contains(member))
            {
                Add(AccountKind.Unbilled, TransferKind.Correction, member, -amount.Micro);
            }
        }

        await using (var command = Command(
            """
            WITH moves AS (
                SELECT t.kind, t.debit_account, t.credit_account, sum(t.amount) AS amount FROM market.transfers t
                JOIN market.bills b ON b.loop_id = t.loop_id AND b.id = t.reference
                WHERE t.loop_id = $1 AND t.hour = $3 AND t.reference > 0 AND b.period_start = $2 AND b.period_end = $3
                GROUP BY t.kind, t.debit_account, t.credit_account),
            sides AS (
                SELECT debit_account AS account, kind, amount FROM moves UNION ALL SELECT credit_account, kind, -amount FROM moves)
            SELECT a.kind, s.kind, a.member_id, sum(s.amount)::bigint
            FROM sides s JOIN market.accounts a ON a.loop_id = $1 AND a.id = s.account
            GROUP BY a.kind, s.kind, a.member_id
            """))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                Add((AccountKind)reader.GetInt16(0), (TransferKind)reader.GetInt16(1), reader.GetInt32(2), reader.GetInt64(3));
            }
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
            Levies = Unbilled(TransferKind.Levy),
            CommunityShares = Unbilled(TransferKind.CommunityShare),
            Compensations = Unbilled(TransferKind.TemperatureCompensation),
            ContractClauses = Unbilled(TransferKind.ContractClause),
            Vat = Receivable(TransferKind.Vat),
            Rounding = Receivable(TransferKind.Rounding),
            Receivable = Receivable(TransferKind.Bill) + Receivable(TransferKind.Vat) + Receivable(TransferKind.Rounding),
            LeftUnbilled = new Money(unbilled.Where(own => billed.Contains(own.Key)).Select(own => Math.Abs(own.Value)).DefaultIfEmpty().Max()),
            Waiting = waiting.Count,
        };
    }
}
