using System.Diagnostics;
using System.Globalization;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Testing;
using Marketplace.Web.Features.Alarms;
using Marketplace.Web.Features.Auctions;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Deals;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Privacy;
using Marketplace.Web.Features.Sending;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Marketplace.Benchmarks;

/// <summary>A month's bills of many members with three carriers each, from hours that are settled in PostgreSQL to documents under the ledger's signature; at a
/// quarter, half and all of the members, to see that the time grows with them. Then one bill's page.</summary>
internal sealed class Bills : IBenchmark
{
    private const int FullMembers = 10_000;
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Interval Period = new(Start, Start.AddDays(30));

    public string Name => "bills";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var figures = new List<Figure>();
        var perMember = 0.0;
        foreach (var part in size.Scale == 1 ? [0.25, 0.5, 1.0] : new[] { 1.0 })
        {
            var members = size.Of((int)(FullMembers * part), least: 20);
            await using var database = await TestDatabase.CreateAsync();
            await using var services = PortalServices.Of(database);
            var requests = services.GetRequiredService<Requests>();
            var loopId = await requests.Send(new SetUpLoop(Plan(members)), Actor.System);
            var hours = await SettleAsync(database, loopId, members);
            var name = string.Create(CultureInfo.InvariantCulture, $"bills_{members}_members");
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"# {name}: {hours} settled values"));

            figures.AddRange(await QueueAsync(requests, services, loopId, members));
            ForgetPeak();
            var began = Stopwatch.GetTimestamp();
            var issued = await requests.Send(new IssueBills(loopId, Period), Actor.System);
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            if (issued.Outcome != BillingOutcome.Issued || issued.Run is not { IsSound: true } run || run.Documents < members || issued.Blocks.Count > 0)
            {
                throw new InvalidOperationException($"{issued.Outcome}: {issued.Reason} {issued.Run?.Documents} documents, {issued.Blocks.Count} blocked");
            }

            figures.Add(new Figure(name, seconds, "s", perMember == 0 ? null : seconds / members / perMember, "time a member at a quarter of them"));
            figures.Add(new Figure(name + "_peak_memory", Process.GetCurrentProcess().PeakWorkingSet64 / 1e6, "MB"));
            perMember = perMember == 0 ? seconds / members : perMember;
            if (part == 1.0)
            {
                figures.Add(new Figure("bills_settled_values", hours, "values"));
                figures.AddRange(await PageAsync(requests, services, loopId, size));
            }
        }

        return figures;
    }

    /// <summary>The release queue before anything is issued: until everything is worked out, and what a further look at it takes.</summary>
    private static async Task<IReadOnlyList<Figure>> QueueAsync(Requests requests, ServiceProvider services, int loopId, int members)
    {
        await using (var db = await services.GetRequiredService<IDbContextFactory<MarketplaceDb>>().CreateDbContextAsync())
        {
            db.BillPeriods.Add(new BillPeriod { LoopId = loopId, PeriodStart = Period.Start, PeriodEnd = Period.End, IssueAt = Period.End, OpenedAt = Period.End });
            await db.SaveChangesAsync();
        }

        var began = Stopwatch.GetTimestamp();
        BillsToRelease queue;
        double look;
        do
        {
            var looked = Stopwatch.GetTimestamp();
            queue = await requests.Send(new ShowBillsToRelease(loopId), Actor.System);
            look = Stopwatch.GetElapsedTime(looked).TotalMilliseconds;
        }
        while (queue.Periods[0].WorkingSince is not null);

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        if (queue.Periods[0].Ready < members)
        {
            throw new InvalidOperationException($"{queue.Periods[0].Ready} ready of {queue.Periods[0].Count}");
        }

        var again = Stopwatch.GetTimestamp();
        _ = await requests.Send(new ShowBillsToRelease(loopId), Actor.System);
        look = Math.Min(look, Stopwatch.GetElapsedTime(again).TotalMilliseconds);
        var name = string.Create(CultureInfo.InvariantCulture, $"bill_queue_{members}_members");
        return [new Figure(name + "_worked_out", seconds, "s"), new Figure(name + "_looked_at_again", look, "ms")];
    }

    private static async Task<IReadOnlyList<Figure>> PageAsync(Requests requests, ServiceProvider services, int loopId, Size size)
    {
        await using var db = await services.GetRequiredService<IDbContextFactory<MarketplaceDb>>().CreateDbContextAsync();
        var numbers = await db.Bills.Where(bill => bill.LoopId == loopId).OrderBy(bill => bill.Id).Select(bill => bill.Number).Take(500).ToListAsync();
        var samples = new List<double>();
        for (var i = -5; i < size.Of(100, least: 5); i++)
        {
            var began = Stopwatch.GetTimestamp();
            var bill = await requests.Send(new ShowBill(loopId, numbers[(i + 5) * 3 % numbers.Count]), Actor.System);
            _ = await requests.Send(new ProveBill(loopId, bill.Number), Actor.System);
            if (i >= 0)
            {
                samples.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        return [new Figure("bill_page_data_p50", Figure.Percentile(samples, 0.5), "ms"), new Figure("bill_page_data_p95", Figure.Percentile(samples, 0.95), "ms")];
    }

    /// <summary>Positions, journal and steps as settlement writes them: each member takes heat, cold and electricity in each hour, and what was metered differs from
    /// what was traded in every other one.</summary>
    private static async Task<long> SettleAsync(TestDatabase database, int loopId, int members)
    {
        await using var connection = new NpgsqlConnection(database.Owner + ";Command Timeout=3600");
        await connection.OpenAsync();
        async Task<long> RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 3600 };
            if (sql.Contains("$1", StringComparison.Ordinal))
            {
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = Period.Start });
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = Period.End });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = members });
            }

            return await command.ExecuteNonQueryAsync();
        }

        await RunAsync("SET synchronous_commit TO off");
        await RunAsync("SET maintenance_work_mem TO '768MB'");

        // Rows come faster without keys; these are made again before anything is measured.
        await RunAsync("ALTER TABLE market.positions DROP CONSTRAINT pk_positions");
        await RunAsync("DROP INDEX market.ix_positions_loop_id_hour");
        await RunAsync("ALTER TABLE market.transfers DROP CONSTRAINT pk_transfers");
        await RunAsync("INSERT INTO market.hour_steps (loop_id, hour, step, done_at) SELECT $1, hour, 3, hour FROM generate_series($2, $3 - interval '1 hour', interval '1 hour') AS hour WHERE $4 > 0");
        await RunAsync("INSERT INTO market.accounts (loop_id, id, kind, member_id) SELECT $1, k, k, 0 FROM generate_series(3, 5) k WHERE $2 < $3 AND $4 > 0");
        await RunAsync("INSERT INTO market.accounts (loop_id, id, kind, member_id) SELECT $1, 100 + m, 1, m FROM generate_series(1, $4) m WHERE $2 < $3");

        // Hour by hour, as settlement does: what belongs to an hour lies together.
        var count = await RunAsync(
            """
            INSERT INTO market.positions (loop_id, member_id, hour, carrier, direction, plant_code, traded, metered, price, traded_amount, imbalance_price, imbalance_amount,
                network_fee, wish_energy, wish_premium, estimated)
            SELECT $1, m, h, c, 1, '', q.wh, q.wh + q.more, q.price, q.wh * q.price / 1000, CASE WHEN q.more <> 0 THEN 300000 END, q.more * 300, (q.wh + q.more) * 20, 0, 0, false
            FROM generate_series($2, $3 - interval '1 hour', interval '1 hour') h
            CROSS JOIN generate_series(1, $4) m CROSS JOIN generate_series(1, 3) c
            CROSS JOIN LATERAL (SELECT 1000 + ((m * 37 + c * 11) % 900) * 10 AS wh, CASE WHEN extract(hour FROM h)::int % 2 = 0 THEN ((m + c) % 7) * 10 ELSE 0 END AS more,
                100000 + (extract(epoch FROM h)::bigint / 3600 % 24) * 1000 AS price) q
            """);
        await RunAsync(
            """
            INSERT INTO market.transfers (loop_id, hour, kind, carrier, debit_account, credit_account, reference, amount)
            SELECT $1, p.hour, k.kind, p.carrier, 100 + p.member_id, k.account, 0, k.amount
            FROM market.positions p CROSS JOIN LATERAL (VALUES (1, 3, p.traded_amount), (2, 4, p.imbalance_amount), (3, 5, p.network_fee)) k (kind, account, amount)
            WHERE p.loop_id = $1 AND p.hour >= $2 AND p.hour < $3 AND k.amount > 0 AND p.member_id <= $4
            """);
        await RunAsync("ALTER TABLE market.positions ADD CONSTRAINT pk_positions PRIMARY KEY (loop_id, member_id, hour, carrier, direction, plant_code)");
        await RunAsync("CREATE INDEX ix_positions_loop_id_hour ON market.positions (loop_id, hour)");
        await RunAsync("ALTER TABLE market.transfers ADD CONSTRAINT pk_transfers PRIMARY KEY (loop_id, hour, kind, carrier, debit_account, credit_account, reference)");
        await RunAsync("INSERT INTO market.conditions (loop_id, hour, air_temp_c, ghi_wm2, import_price, carbon_grams_per_k_wh) SELECT $1, h, 4, 0, 300000, 300 FROM generate_series($2, $3 - interval '1 hour', interval '1 hour') h WHERE $4 > 0 ON CONFLICT DO NOTHING");
        // In a loop that runs, autovacuum has long seen to hours that came one by one; here a month came at once, and what is put off would be measured.
        await RunAsync("VACUUM (ANALYZE) market.positions");
        await RunAsync("VACUUM (ANALYZE) market.transfers");

        return count;
    }

    private static LoopPlan Plan(int members) => new(
        "bills", "Bills", LoopKind.Replay, "EUR", "Etc/UTC", [.. Enumerable.Repeat((byte)7, 32)], Start, null, Period.End,
        new Tariff
        {
            ValidFrom = Start, FeedIn = Price.FromMicroPerKWh(60_000), NetworkFeeHeat = Price.FromMicroPerKWh(20_000), NetworkFeeCold = Price.FromMicroPerKWh(20_000),
            NetworkFeeElectricity = Price.FromMicroPerKWh(20_000), StandingChargePerDay = Money.FromMicro(350_000), VatBasisPoints = 1900,
        },
        [.. Enumerable.Range(0, members).Select(i => new LoopMember(Key(i), Key(i), MemberKind.Dwelling, [LoopRole.Consumer]))],
        new Dictionary<string, IReadOnlyDictionary<string, string>>(), [],
        [new Plant { Id = "pv", DisplayName = "Roof", Owner = Key(0), Kind = PlantKind.Pv, Output = Carrier.Electricity, CapacityWatts = 10_000 }], []);

    private static string Key(int member) => string.Create(CultureInfo.InvariantCulture, $"m{member}");

    /// <summary>Forgets the highest working set so far, where the system can.</summary>
    private static void ForgetPeak()
    {
        if (File.Exists("/proc/self/clear_refs"))
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
    }
}
