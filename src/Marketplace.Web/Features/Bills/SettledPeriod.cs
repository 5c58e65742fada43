using System.Globalization;
using System.Numerics;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Npgsql;
using NpgsqlTypes;

namespace Marketplace.Web.Features.Bills;

/// <summary>What the settled hours of a period add up to. PostgreSQL adds; no row per hour comes here.</summary>
/// <param name="members">Only these members; all of the loop without any named.</param>
internal sealed class SettledPeriod(NpgsqlConnection connection, NpgsqlTransaction? transaction, int loopId, Interval period, int[]? members = null)
{
    private const int DaysInAWord = 62;

    /// <summary>A year of a large loop, on a busy machine.</summary>
    internal const int LongestSeconds = 1_800;

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
            $"""
            SELECT member_id, $4, carrier, '', count(DISTINCT hour)::int, 0::bigint, sum(amount)::bigint
            FROM market.corrected_members WHERE loop_id = $1 AND posted_hour >= $2 AND posted_hour < $3 {Only("member_id")} GROUP BY member_id, carrier
            UNION ALL
            SELECT member_id, $5, $8, '', count(DISTINCT date_trunc('hour', period))::int, sum(energy)::bigint, sum(amount)::bigint
            FROM market.charging_nets WHERE loop_id = $1 AND period >= $2 AND period < $3 {Only("member_id")} GROUP BY member_id
            UNION ALL
            SELECT member_id, $6, $8, '', count(DISTINCT hour)::int, sum(over_use)::bigint, sum(penalty)::bigint
            FROM market.charging_uses WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND penalty <> 0 {Only("member_id")} GROUP BY member_id
            UNION ALL
            SELECT s.member_id, $7, p.carrier, s.plant_code, count(*)::int, 0::bigint, sum(s.amount)::bigint
            FROM market.store_shares s
            JOIN LATERAL (SELECT carrier FROM market.positions p WHERE p.loop_id = $1 AND p.member_id = s.member_id AND p.hour = s.hour
                AND p.plant_code = s.plant_code ORDER BY carrier LIMIT 1) p ON true
            WHERE s.loop_id = $1 AND s.hour >= $2 AND s.hour < $3 {Only("s.member_id")} GROUP BY s.member_id, p.carrier, s.plant_code
            UNION ALL
            SELECT member_id, $9, carrier, '', count(DISTINCT hour)::int, sum(energy)::bigint, sum(amount)::bigint
            FROM market.curtailed_members WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND amount <> 0 {Only("member_id")} GROUP BY member_id, carrier
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

    /// <summary>Corrections that stand in the period, by member.</summary>
    public async Task<ILookup<int, (DateTimeOffset Hour, long Reference)>> CorrectionsAsync(CancellationToken cancellationToken)
    {
        await using var command = Command(
            $"SELECT member_id, hour, reference FROM market.corrected_members WHERE loop_id = $1 AND posted_hour >= $2 AND posted_hour < $3 {Only("member_id")}");
        var found = new List<(int Member, DateTimeOffset Hour, long Reference)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add((reader.GetInt32(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetInt64(2)));
        }

        return found.ToLookup(row => row.Member, row => (row.Hour, row.Reference));
    }

    /// <summary>The positions, summed by member, carrier, direction, plant and part of the period, and the local days on which each member with a
    /// consumer's side was supplied: a day belongs to the part of its first hour. One pass over the hours does both.</summary>
    /// <param name="zoneOf">In which zone a member's meters or a plant stood all the time.</param>
    public async Task<(IReadOnlyList<PositionSum> Positions, IReadOnlyList<SuppliedDays> Days)> PositionsAsync(
        IReadOnlyList<TariffSpan> spans, LoopCalendar calendar, Func<int, string, string?> zoneOf, CancellationToken cancellationToken)
    {
        var wanted = await WantedAsync(spans, cancellationToken);
        var firstDay = calendar.DayOf(period.Start).DayNumber;
        var words = ((calendar.DayOf(period.End.AddTicks(-1)).DayNumber - firstDay) / DaysInAWord) + 1;
        await using var command = Command(
            $"""
            SELECT p.member_id, p.carrier, p.direction, p.plant_code, h.span,
                   count(*)::int, (count(*) FILTER (WHERE p.estimated))::int,
                   sum(p.traded)::bigint, sum(p.metered)::bigint,
                   sum(greatest(p.metered - p.traded, 0))::bigint, sum(least(p.metered - p.traded, 0))::bigint,
                   sum(p.traded_amount)::bigint, sum(p.imbalance_amount)::bigint, sum(p.network_fee)::bigint,
                   min(p.price) FILTER (WHERE p.traded <> 0), max(p.price) FILTER (WHERE p.traded <> 0),
                   sum(p.wish_energy)::bigint, sum(p.wish_premium)::bigint,
                   {string.Join(", ", Enumerable.Range(0, words).Select(word => Invariant($"bit_or(CASE WHEN h.day / {DaysInAWord} = {word} THEN 1::bigint << (h.day % {DaysInAWord}) ELSE 0 END)")))}
            FROM market.positions p
            JOIN unnest($4, $5, $6) AS h (hour, span, day) ON h.hour = p.hour
            WHERE p.loop_id = $1 AND p.hour >= $2 AND p.hour < $3 {Only("p.member_id")}
            GROUP BY p.member_id, p.carrier, p.direction, p.plant_code, h.span
            """);
        AddHours(command, spans, hour => calendar.DayOf(hour).DayNumber - firstDay);
        var sums = new List<PositionSum>();
        var days = new Dictionary<(int Member, int Span), ulong[]>();
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var (member, carrier, direction, plant, span) = (reader.GetInt32(0), (Carrier)reader.GetInt16(1), (MeterDirection)reader.GetInt16(2), reader.GetString(3), reader.GetInt32(4));
                var isConsumer = direction == MeterDirection.Consumption && plant.Length == 0;
                sums.Add(new PositionSum
                {
                    Member = member,
                    Carrier = carrier,
                    Side = direction == MeterDirection.Consumption ? EnergySide.Taken : EnergySide.Given,
                    Plant = plant,
                    TariffVersion = spans[span].Tariff.Version,
                    Part = spans[span].Part,
                    Zone = zoneOf(member, plant),
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
                    Wished = isConsumer ? wanted.GetValueOrDefault((member, carrier, span)) : Energy.Zero,
                    WishMet = new Energy(reader.GetInt64(16)),
                    WishPremium = new Money(reader.GetInt64(17)),
                });
                if (!isConsumer)
                {
                    continue;
                }

                if (!days.TryGetValue((member, span), out var own))
                {
                    days.Add((member, span), own = new ulong[words]);
                }

                for (var word = 0; word < words; word++)
                {
                    own[word] |= (ulong)reader.GetInt64(18 + word);
                }
            }
        }

        return ([.. sums.OrderBy(sum => sum.Member).ThenBy(sum => sum.Carrier).ThenBy(sum => sum.Side).ThenBy(sum => sum.Plant, StringComparer.Ordinal)
            .ThenBy(sum => sum.TariffVersion).ThenBy(sum => sum.Part)], [.. Count(days, spans)]);
    }

    /// <summary>What the journal holds as unbilled for the period's hours, by member and kind of transfer, in millionths.</summary>
    public async Task<IReadOnlyDictionary<(int Member, TransferKind Kind), long>> UnbilledAsync(CancellationToken cancellationToken)
    {
        await using var command = Command(
            """
            WITH moves AS (
                SELECT kind, debit_account, credit_account, sum(amount) AS amount FROM market.transfers
                WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND kind = ANY ($5)
                GROUP BY kind, debit_account, credit_account),
            sides AS (
                SELECT kind, debit_account AS account, amount FROM moves UNION ALL SELECT kind, credit_account, -amount FROM moves)
            SELECT a.member_id, s.kind, sum(s.amount)::bigint
            FROM sides s JOIN market.accounts a ON a.loop_id = $1 AND a.id = s.account AND a.kind = $4
            GROUP BY a.member_id, s.kind
            """);
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)AccountKind.Unbilled });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. TransferKinds.OfHours.Concat(TransferKinds.OfCharges).Select(kind => (short)kind)] });
        var balances = new Dictionary<(int, TransferKind), long>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            balances.Add((reader.GetInt32(0), (TransferKind)reader.GetInt16(1)), reader.GetInt64(2));
        }

        return balances;
    }

    private async Task<Dictionary<(int Member, Carrier Carrier, int Span), Energy>> WantedAsync(IReadOnlyList<TariffSpan> spans, CancellationToken cancellationToken)
    {
        await using var command = Command(
            $"""
            SELECT w.member_id, w.carrier, h.span, sum(w.wanted)::bigint
            FROM market.wishes_met w JOIN unnest($4, $5, $6) AS h (hour, span, day) ON h.hour = w.hour
            WHERE w.loop_id = $1 AND w.hour >= $2 AND w.hour < $3 {Only("w.member_id")}
            GROUP BY w.member_id, w.carrier, h.span
            """);
        AddHours(command, spans, _ => 0);
        var wanted = new Dictionary<(int, Carrier, int), Energy>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            wanted.Add((reader.GetInt32(0), (Carrier)reader.GetInt16(1), reader.GetInt32(2)), new Energy(reader.GetInt64(3)));
        }

        return wanted;
    }

    private static IEnumerable<SuppliedDays> Count(Dictionary<(int Member, int Span), ulong[]> days, IReadOnlyList<TariffSpan> spans)
    {
        foreach (var member in days.GroupBy(own => own.Key.Member).OrderBy(own => own.Key))
        {
            var counted = new ulong[member.First().Value.Length];
            foreach (var (key, own) in member.OrderBy(own => own.Key.Span))
            {
                var count = 0;
                for (var word = 0; word < own.Length; word++)
                {
                    count += BitOperations.PopCount(own[word] & ~counted[word]);
                    counted[word] |= own[word];
                }

                yield return new SuppliedDays(key.Member, spans[key.Span].Tariff.Version, count, spans[key.Span].Part);
            }
        }
    }

    private string Only(string column) => members is null ? "" : Invariant($"AND {column} = ANY (ARRAY[{string.Join(',', members.Prepend(-1))}])");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void AddHours(NpgsqlCommand command, IReadOnlyList<TariffSpan> spans, Func<DateTimeOffset, int> day)
    {
        var hours = period.Steps(TimeSpan.FromHours(1))
            .Select(hour => (Hour: hour, Span: spans.Index().First(span => span.Item.During.Contains(hour)).Index)).ToList();
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset[]> { TypedValue = [.. hours.Select(hour => hour.Hour)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. hours.Select(hour => hour.Span)] });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. hours.Select(hour => day(hour.Hour))] });
    }

    private NpgsqlCommand Command(string sql)
    {
        var command = new NpgsqlCommand(sql, connection, transaction) { CommandTimeout = LongestSeconds };
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = period.Start });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = period.End });
        return command;
    }
}
