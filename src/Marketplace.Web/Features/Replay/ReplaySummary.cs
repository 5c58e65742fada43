using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Pipeline;
using Npgsql;

namespace Marketplace.Web.Features.Replay;

/// <summary>What a carrier did over a replay. Energy in kWh, price in hundredths of the currency per kWh, weighted by volume.</summary>
public sealed record CarrierSummary(
    string Carrier, decimal BoughtKWh, decimal SoldKWh, decimal ConvertedInKWh, decimal ConvertedOutKWh, decimal LostKWh,
    decimal ShortfallKWh, decimal SurplusKWh, decimal? AveragePriceCentsPerKWh);

/// <summary>The summary of a replay, as printed and as JSON.</summary>
public sealed record ReplaySummaryReport
{
    public required string Loop { get; init; }

    public required string Folder { get; init; }

    public required string Currency { get; init; }

    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset Until { get; init; }

    public required int Members { get; init; }

    public required int Participants { get; init; }

    public required long ReadingsIn { get; init; }

    public required long ReadingsRejected { get; init; }

    public required long ReadingsEstimated { get; init; }

    public required long Commitments { get; init; }

    public required int Hours { get; init; }

    public required int HoursCleared { get; init; }

    public required IReadOnlyList<CarrierSummary> Carriers { get; init; }

    /// <summary>Lost in stores: what went in and neither came out nor is still there.</summary>
    public required decimal StoreLossKWh { get; init; }

    public required decimal Welfare { get; init; }

    public required int Bills { get; init; }

    public required decimal SumOfBills { get; init; }

    public required decimal SumOfCredits { get; init; }

    public required decimal NetworkFees { get; init; }

    public required decimal StandingCharges { get; init; }

    public required decimal Vat { get; init; }

    public required decimal Imbalance { get; init; }

    public required decimal Rounding { get; init; }

    public required long LedgerSize { get; init; }

    public required string LedgerRoot { get; init; }

    public required IReadOnlyList<string> Assumptions { get; init; }

    public required IReadOnlyList<string> InvariantsHeld { get; init; }

    public decimal Seconds { get; init; }

    public long PeakMemoryMegabytes { get; init; }

    public long? PostgresPeakMemoryMegabytes { get; init; }
}

/// <summary>Reads what a replay came to from the database alone, and checks on the way that every rule that must hold does.</summary>
internal sealed class ReplayAudit(NpgsqlConnection connection, int loopId)
{
    private readonly List<string> _held = [];

    public IReadOnlyList<string> Held => _held;

    public async Task CheckAsync(int hours, BillRun run, CancellationToken cancellationToken)
    {
        await RequireZeroAsync(
            "every hour is closed, cleared and settled",
            $"SELECT 3 * {hours} - count(*) FROM market.hour_steps WHERE loop_id = $1",
            cancellationToken);
        await RequireZeroAsync(
            "energy sold and made equals energy bought, used and lost",
            "SELECT count(*) FROM market.balances WHERE loop_id = $1 AND sold + converted_out <> bought + converted_in + lost",
            cancellationToken);
        await RequireZeroAsync(
            "what stores take in equals what they give, lose and keep",
            """
            SELECT count(*) FROM (
                SELECT level - charged + discharged + lost - coalesce(lag(level) OVER (PARTITION BY plant_code ORDER BY hour), 0) AS error
                FROM market.store_levels WHERE loop_id = $1) steps WHERE error <> 0
            """,
            cancellationToken);
        await RequireZeroAsync(
            "the market's account is empty after each hour, in money and in energy of each carrier",
            """
            SELECT count(*) FROM (
                SELECT sum(CASE WHEN a.id = t.debit_account THEN t.amount ELSE -t.amount END) AS balance
                FROM market.transfers t JOIN market.accounts a ON a.loop_id = t.loop_id AND a.id IN (t.debit_account, t.credit_account)
                WHERE t.loop_id = $1 AND a.kind = 3
                GROUP BY t.hour, t.carrier, t.kind IN (9, 10, 11, 12)) balances WHERE balance <> 0
            """,
            cancellationToken);
        await RequireZeroAsync(
            "the journal's energy is what meters and schedules say",
            """
            SELECT count(*) FROM (
                SELECT coalesce(p.energy, 0) - coalesce(t.energy, 0) AS error
                FROM (SELECT hour, carrier, sum(metered) AS energy FROM market.positions WHERE loop_id = $1 GROUP BY hour, carrier) p
                FULL JOIN (
                    SELECT t.hour, t.carrier, sum(CASE WHEN a.id = t.debit_account THEN t.amount ELSE -t.amount END) AS energy
                    FROM market.transfers t JOIN market.accounts a ON a.loop_id = t.loop_id AND a.id IN (t.debit_account, t.credit_account)
                    WHERE t.loop_id = $1 AND a.kind = 9 AND t.kind IN (9, 10) GROUP BY t.hour, t.carrier) t USING (hour, carrier)) sums
            WHERE error <> 0
            """,
            cancellationToken);
        await RequireZeroAsync(
            "every reading has its commitment",
            """
            SELECT count(*) FROM market.readings r LEFT JOIN ledger.batches b ON b.loop_id = r.loop_id AND b.batch_id = r.batch_id
            WHERE r.loop_id = $1 AND (b.batch_id IS NULL OR r.batch_position < 0 OR r.batch_position >= b.entry_count)
            """,
            cancellationToken);
        run.RequireSound();
        _held.Add("nothing of the billed period stays unbilled");
        _held.Add("bills, credits, fees, tax and rounding are the journal's receivables exactly");
    }

    public void Add(string invariant) => _held.Add(invariant);

    private async Task RequireZeroAsync(string invariant, string sql, CancellationToken cancellationToken)
    {
        var violations = await ScalarAsync<long>(sql, cancellationToken);
        if (violations != 0)
        {
            throw new BrokenInvariantException(invariant, $"{violations} violations.");
        }

        _held.Add(invariant);
    }

    public async Task<T> ScalarAsync<T>(string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        var value = await command.ExecuteScalarAsync(cancellationToken);
        return value is T typed ? typed : (T)Convert.ChangeType(value!, typeof(T), System.Globalization.CultureInfo.InvariantCulture);
    }

    public async Task<IReadOnlyList<CarrierSummary>> CarriersAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT b.carrier, sum(b.bought), sum(b.sold), sum(b.converted_in), sum(b.converted_out), sum(b.lost), sum(b.shortfall), sum(b.surplus),
                   sum(p.value) / nullif(sum(p.traded), 0)
            FROM market.balances b LEFT JOIN LATERAL (
                SELECT sum(p.price::numeric * p.traded) AS value, sum(p.traded) FILTER (WHERE p.price IS NOT NULL) AS traded
                FROM market.prices p WHERE p.loop_id = b.loop_id AND p.hour = b.hour AND p.carrier = b.carrier) p ON true
            WHERE b.loop_id = $1 GROUP BY b.carrier ORDER BY b.carrier
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        var carriers = new List<CarrierSummary>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            decimal KWh(int column) => reader.GetDecimal(column) / 1000m;
            carriers.Add(new CarrierSummary(
                ((Carrier)reader.GetInt16(0)).Name(), KWh(1), KWh(2), KWh(3), KWh(4), KWh(5), KWh(6), KWh(7),
                reader.IsDBNull(8) ? null : decimal.Round(reader.GetDecimal(8) / 10_000m, 4, MidpointRounding.AwayFromZero)));
        }

        return carriers;
    }
}
