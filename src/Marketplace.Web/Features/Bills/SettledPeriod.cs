using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Npgsql;
using NpgsqlTypes;

namespace Marketplace.Web.Features.Bills;

/// <summary>A tariff and the part of a period in which it is in force.</summary>
internal sealed record TariffSpan(Tariff Tariff, Interval During)
{
    /// <summary>The tariffs of a period in time order; empty if none is in force when it begins.</summary>
    public static IReadOnlyList<TariffSpan> Of(IEnumerable<Tariff> tariffs, Interval period)
    {
        // In force is the highest version that has begun, as settlement has it: an older version begun later never comes into force.
        var inForce = new List<Tariff>();
        foreach (var tariff in tariffs.Where(tariff => tariff.ValidFrom < period.End).OrderBy(tariff => tariff.ValidFrom).ThenBy(tariff => tariff.Version))
        {
            if (inForce.Count == 0 || tariff.Version > inForce[^1].Version)
            {
                inForce.Add(tariff);
            }
        }

        var spans = new List<TariffSpan>();
        for (var i = 0; i < inForce.Count; i++)
        {
            var start = inForce[i].ValidFrom < period.Start ? period.Start : inForce[i].ValidFrom.ToUniversalTime();
            var end = i + 1 < inForce.Count ? inForce[i + 1].ValidFrom.ToUniversalTime() : period.End;
            if (end > start)
            {
                spans.Add(new TariffSpan(inForce[i], new Interval(start, end)));
            }
        }

        return spans.Count > 0 && spans[0].During.Start == period.Start ? spans : [];
    }

    public TariffTerms Terms => new()
    {
        Version = Tariff.Version,
        During = During,
        StandingChargePerDay = Tariff.StandingChargePerDay,
        VatBasisPoints = Tariff.VatBasisPoints,
        NetworkFees = Carriers.All.ToDictionary(carrier => carrier, Tariff.NetworkFee),
    };
}

/// <summary>What the settled hours of a period add up to. PostgreSQL adds; no row per hour comes here.</summary>
internal sealed class SettledPeriod(NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, Interval period)
{
    /// <summary>The first hour of the period that is not settled.</summary>
    public async Task<DateTimeOffset?> FirstUnsettledAsync(CancellationToken cancellationToken)
    {
        await using var command = Command(
            """
            SELECT hour FROM generate_series($2, $3 - interval '1 hour', interval '1 hour') AS hour
            WHERE NOT EXISTS (SELECT FROM market.hour_steps s WHERE s.loop_id = $1 AND s.step = $4 AND s.hour = hour.hour)
            ORDER BY hour LIMIT 1
            """);
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)HourStepKind.Settled });
        return await command.ExecuteScalarAsync(cancellationToken) is DateTime open ? new DateTimeOffset(open, TimeSpan.Zero) : null;
    }

    /// <summary>The first hour of the period with charging quotas that are shared out, traded or asked for, and not settled.</summary>
    public async Task<DateTimeOffset?> FirstUnsettledChargingAsync(CancellationToken cancellationToken)
    {
        await using var command = Command(
            """
            SELECT min(open.hour) FROM (
                SELECT s.group_id, date_trunc('hour', s.period) AS hour FROM market.charging_steps s
                WHERE s.loop_id = $1 AND s.period >= $2 AND s.period < $3 AND s.step <> $4
                UNION
                SELECT o.group_id, date_trunc('hour', o.period) FROM market.charging_orders o
                WHERE o.loop_id = $1 AND o.period >= $2 AND o.period < $3 AND o.withdrawn_at IS NULL) open
            WHERE NOT EXISTS (SELECT FROM market.charging_steps d
                WHERE d.loop_id = $1 AND d.group_id = open.group_id AND d.step = $4 AND d.period = open.hour)
            """);
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)ChargingStepKind.Settled });
        return await command.ExecuteScalarAsync(cancellationToken) is DateTime open ? new DateTimeOffset(open, TimeSpan.Zero) : null;
    }

    /// <summary>What comes beside the settled hours, by member: corrections posted in the period, charging quotas, and what the loop shares of stores.</summary>
    public async Task<IReadOnlyList<ChargeSum>> ChargesAsync(CancellationToken cancellationToken)
    {
        await using var command = Command(
            """
            SELECT member_id, $4, carrier, '', count(DISTINCT hour)::int, 0::bigint, sum(amount)::bigint
            FROM market.corrected_members WHERE loop_id = $1 AND posted_hour >= $2 AND posted_hour < $3 GROUP BY member_id, carrier
            UNION ALL
            SELECT member_id, $5, $8, '', count(DISTINCT date_trunc('hour', period))::int, sum(energy)::bigint, sum(amount)::bigint
            FROM market.charging_nets WHERE loop_id = $1 AND period >= $2 AND period < $3 GROUP BY member_id
            UNION ALL
            SELECT member_id, $6, $8, '', count(DISTINCT hour)::int, sum(over_use)::bigint, sum(penalty)::bigint
            FROM market.charging_uses WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND penalty <> 0 GROUP BY member_id
            UNION ALL
            SELECT s.member_id, $7, p.carrier, s.plant_code, count(*)::int, 0::bigint, sum(s.amount)::bigint
            FROM market.store_shares s
            JOIN LATERAL (SELECT carrier FROM market.positions p WHERE p.loop_id = $1 AND p.member_id = s.member_id AND p.hour = s.hour
                AND p.plant_code = s.plant_code ORDER BY carrier LIMIT 1) p ON true
            WHERE s.loop_id = $1 AND s.hour >= $2 AND s.hour < $3 GROUP BY s.member_id, p.carrier, s.plant_code
            UNION ALL
            SELECT member_id, $9, carrier, '', count(DISTINCT hour)::int, sum(energy)::bigint, sum(amount)::bigint
            FROM market.curtailed_members WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND amount <> 0 GROUP BY member_id, carrier
            ORDER BY 1, 2, 3, 4
            """);
        foreach (var kind in new[] { BillLineKind.Correction, BillLineKind.ChargingTrade, BillLineKind.ChargingPenalty, BillLineKind.StoreShare })
        {
            command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)kind });
        }

        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)Carrier.Electricity });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)BillLineKind.Curtailment });
        var sums = new List<ChargeSum>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            sums.Add(new ChargeSum(
                reader.GetInt32(0), (BillLineKind)reader.GetInt16(1), (Carrier)reader.GetInt16(2), reader.GetString(3), reader.GetInt32(4),
                new Energy(reader.GetInt64(5)), new Money(reader.GetInt64(6))));
        }

        return sums;
    }

    /// <summary>The positions, summed by member, carrier, direction, plant and tariff.</summary>
    public async Task<IReadOnlyList<PositionSum>> PositionsAsync(IReadOnlyList<TariffSpan> spans, CancellationToken cancellationToken)
    {
        await using var command = Command(
            """
            SELECT p.member_id, p.carrier, p.direction, p.plant_code, t.version,
                   count(*)::int, (count(*) FILTER (WHERE p.estimated))::int,
                   sum(p.traded)::bigint, sum(p.metered)::bigint,
                   sum(greatest(p.metered - p.traded, 0))::bigint, sum(least(p.metered - p.traded, 0))::bigint,
                   sum(p.traded_amount)::bigint, sum(p.imbalance_amount)::bigint, sum(p.network_fee)::bigint,
                   min(p.price) FILTER (WHERE p.traded <> 0), max(p.price) FILTER (WHERE p.traded <> 0),
                   coalesce(sum(w.wanted), 0)::bigint, sum(p.wish_energy)::bigint, sum(p.wish_premium)::bigint
            FROM market.positions p
            LEFT JOIN market.wishes_met w ON w.loop_id = p.loop_id AND w.hour = p.hour AND w.member_id = p.member_id AND w.carrier = p.carrier
                AND p.direction = $7 AND p.plant_code = ''
            JOIN unnest($4, $5, $6) AS t (version, starts, ends) ON p.hour >= t.starts AND p.hour < t.ends
            WHERE p.loop_id = $1 AND p.hour >= $2 AND p.hour < $3
            GROUP BY p.member_id, p.carrier, p.direction, p.plant_code, t.version
            ORDER BY p.member_id, p.carrier, p.direction, p.plant_code, t.version
            """);
        AddSpans(command, spans);
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)MeterDirection.Consumption });
        var sums = new List<PositionSum>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            sums.Add(new PositionSum
            {
                Member = reader.GetInt32(0),
                Carrier = (Carrier)reader.GetInt16(1),
                Side = (MeterDirection)reader.GetInt16(2) == MeterDirection.Consumption ? EnergySide.Taken : EnergySide.Given,
                Plant = reader.GetString(3),
                TariffVersion = reader.GetInt32(4),
                Hours = reader.GetInt32(5),
                EstimatedHours = reader.GetInt32(6),
                Traded = new Energy(reader.GetInt64(7)),
                Metered = new Energy(reader.GetInt64(8)),
                Above = new Energy(reader.GetInt64(9)),
                Below = new Energy(reader.GetInt64(10)),
                TradedAmount = new Money(reader.GetInt64(11)),
                ImbalanceAmount = new Money(reader.GetInt64(12)),
                NetworkFee = new Money(reader.GetInt64(13)),
                LowestPrice = await reader.IsDBNullAsync(14, cancellationToken) ? null : new Price(reader.GetInt64(14)),
                HighestPrice = await reader.IsDBNullAsync(15, cancellationToken) ? null : new Price(reader.GetInt64(15)),
                Wished = new Energy(reader.GetInt64(16)),
                WishMet = new Energy(reader.GetInt64(17)),
                WishPremium = new Money(reader.GetInt64(18)),
            });
        }

        return sums;
    }

    /// <summary>The local days on which each member with a consumer's side was supplied. A day belongs to the tariff of its first hour.</summary>
    public async Task<IReadOnlyList<SuppliedDays>> SuppliedDaysAsync(IReadOnlyList<TariffSpan> spans, string timeZone, CancellationToken cancellationToken)
    {
        await using var command = Command(
            """
            SELECT d.member_id, t.version, count(*)::int
            FROM (SELECT member_id, min(hour) AS first
                  FROM market.positions
                  WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND direction = $7 AND plant_code = ''
                  GROUP BY member_id, (hour AT TIME ZONE $8)::date) d
            JOIN unnest($4, $5, $6) AS t (version, starts, ends) ON d.first >= t.starts AND d.first < t.ends
            GROUP BY d.member_id, t.version
            ORDER BY d.member_id, t.version
            """);
        AddSpans(command, spans);
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)MeterDirection.Consumption });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = timeZone });
        var days = new List<SuppliedDays>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            days.Add(new SuppliedDays(reader.GetInt32(0), reader.GetInt32(1), reader.GetInt32(2)));
        }

        return days;
    }

    /// <summary>What the journal holds as unbilled for the period's hours, by member, in millionths.</summary>
    /// <param name="kinds">The kinds of transfer that count.</param>
    public async Task<IReadOnlyDictionary<int, long>> UnbilledAsync(IReadOnlyList<TransferKind> kinds, CancellationToken cancellationToken)
    {
        await using var command = Command(
            """
            WITH moves AS (
                SELECT debit_account, credit_account, sum(amount) AS amount FROM market.transfers
                WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND kind = ANY ($5)
                GROUP BY debit_account, credit_account),
            sides AS (
                SELECT debit_account AS account, amount FROM moves UNION ALL SELECT credit_account, -amount FROM moves)
            SELECT a.member_id, sum(s.amount)::bigint
            FROM sides s JOIN market.accounts a ON a.loop_id = $1 AND a.id = s.account AND a.kind = $4
            GROUP BY a.member_id
            """);
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)AccountKind.Unbilled });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. kinds.Select(kind => (short)kind)] });
        var balances = new Dictionary<int, long>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            balances.Add(reader.GetInt32(0), reader.GetInt64(1));
        }

        return balances;
    }

    private static void AddSpans(NpgsqlCommand command, IReadOnlyList<TariffSpan> spans)
    {
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. spans.Select(span => span.Tariff.Version)] });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset[]> { TypedValue = [.. spans.Select(span => span.During.Start)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset[]> { TypedValue = [.. spans.Select(span => span.During.End)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
    }

    private NpgsqlCommand Command(string sql)
    {
        var command = new NpgsqlCommand(sql, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = period.Start });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = period.End });
        return command;
    }
}
