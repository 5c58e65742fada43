using System.Diagnostics;
using System.Globalization;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Testing;
using Marketplace.Web.Features.Contracts;
using Marketplace.Web.Features.Contracts.Templates;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Marketplace.Benchmarks;

/// <summary>Running contracts of three kinds evaluated for a month of settled hours, from PostgreSQL to results on the ledger; a run that finds nothing left to do; and
/// the studio's preview of each shipped template.</summary>
internal sealed class Contracts : IBenchmark
{
    private const int FullContracts = 10_000;
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Interval Month = new(Start, Start.AddDays(31));
    private static readonly string[] Templates = ["energy-supply", "energy-performance", "peak-smoothing"];

    public string Name => "contracts";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var contracts = size.Of(FullContracts, least: 30);
        await using var database = await TestDatabase.CreateAsync();
        await using var services = PortalServices.Of(database);
        var requests = services.GetRequiredService<Requests>();
        var loopId = await requests.Send(new SetUpLoop(Plan(contracts)), Actor.System);
        await requests.Send(new AddShippedTemplates(loopId), Actor.System);
        await AgreeAsync(database, loopId, contracts);

        var began = Stopwatch.GetTimestamp();
        var results = await requests.Send(new EvaluateContracts(loopId), Actor.System);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        if (results < contracts * 2)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Only {results} results of {contracts} contracts"));
        }

        began = Stopwatch.GetTimestamp();
        var again = await requests.Send(new EvaluateContracts(loopId), Actor.System);
        var idle = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        return again != 0
            ? throw new InvalidOperationException("Something was evaluated twice")
            :
            [
                new Figure(string.Create(CultureInfo.InvariantCulture, $"contracts_month_{contracts}"), seconds, "s", seconds / 30, "the most it may take"),
                new Figure("contract_results", results, "lines"),
                new Figure("contracts_nothing_to_do", idle, "ms"),
                .. await PreviewsAsync(requests, loopId, size),
            ];
    }

    private static async Task<IReadOnlyList<Figure>> PreviewsAsync(Requests requests, int loopId, Size size)
    {
        var samples = new List<double>();
        for (var i = -13; i < size.Of(130, least: 13); i++)
        {
            var code = Templates[Math.Abs(i) % Templates.Length];
            var template = (await requests.Send(new ShowTemplate(loopId, code), Actor.System)).Template.Template;
            var began = Stopwatch.GetTimestamp();
            var preview = await requests.Send(new PreviewTemplate(loopId, template), Actor.System);
            if (preview.Findings.Count > 0)
            {
                throw new InvalidOperationException(preview.Findings[0].ToString());
            }

            if (i >= 0)
            {
                samples.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        return [new Figure("template_preview_p50", Figure.Percentile(samples, 0.5), "ms"), new Figure("template_preview_p95", Figure.Percentile(samples, 0.95), "ms", Figure.Percentile(samples, 0.95) / 100, "the most it may take")];
    }

    private static LoopPlan Plan(int members) => new(
        "contracts", "Contracts", LoopKind.Replay, "EUR", "Etc/UTC", [.. Enumerable.Repeat((byte)7, 32)], Start, null, Month.End,
        new Tariff { ValidFrom = Start, VatBasisPoints = 1900 },
        [
            .. Enumerable.Range(1, members).Select(i => new LoopMember(string.Create(CultureInfo.InvariantCulture, $"home-{i}"), "Home", MemberKind.Dwelling, [LoopRole.Consumer])),
            new LoopMember("operator", "Operator", MemberKind.Company, [LoopRole.Operator]),
        ],
        new Dictionary<string, IReadOnlyDictionary<string, string>>(), [], [], []);

    /// <summary>A contract for each member, and what the member took of heat in each hour.</summary>
    private static async Task AgreeAsync(TestDatabase database, int loopId, int contracts)
    {
        await using var connection = new NpgsqlConnection(database.Owner + ";Command Timeout=3600");
        await connection.OpenAsync();
        var defaults = ShippedDefaults();
        foreach (var sql in new[]
        {
            "SET synchronous_commit TO off",
            "INSERT INTO market.hour_steps (loop_id, hour, step, done_at) SELECT $1, $3 - interval '1 hour', 3, $3 WHERE $2 < $3 AND $4 > 0 AND $5 IS NOT NULL",
            """
            INSERT INTO market.positions (loop_id, member_id, hour, carrier, direction, plant_code, traded, metered, traded_amount, imbalance_amount, network_fee, wish_energy, wish_premium, estimated)
            SELECT $1, m, h, 1, 1, '', 1000, 1000 + m % 700, 90000 + m, 0, 0, 0, 0, false
            FROM generate_series(1, $4) m CROSS JOIN generate_series($2, $3 - interval '1 hour', interval '1 hour') h WHERE $5 IS NOT NULL
            """,
            "INSERT INTO market.contracts (loop_id, id, submission_id, template_code, member_id, made_at) OVERRIDING SYSTEM VALUE SELECT $1, m, gen_random_uuid(), ($5::text[])[1 + m % 3], m, $2 FROM generate_series(1, $4) m WHERE $2 < $3",
            """
            INSERT INTO market.contract_parties (loop_id, contract_id, role, member_id)
            SELECT $1, m, p.role, CASE WHEN p.own THEN m ELSE $4 + 1 END FROM generate_series(1, $4) m
            JOIN (VALUES (0, 'customer', true), (0, 'supplier', false), (1, 'customer', true), (1, 'contractor', false), (2, 'consumer', true), (2, 'network', false)) p (kind, role, own) ON p.kind = m % 3
            WHERE $2 < $3 AND $5 IS NOT NULL
            """,
            """
            INSERT INTO market.contract_runs (loop_id, contract_id, version, template_code, template_version, period, parameter_values, starts_at, ends_at, contract_starts_at, evaluated_until)
            SELECT $1, m, 1, ($5::text[])[1 + m % 3], 1, 2, ($6::text[])[1 + m % 3], $2, $3 + interval '11 months', $2, $2 FROM generate_series(1, $4) m
            """,
            "ANALYZE market.positions, market.contract_runs, market.contract_parties",
        })
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 3600 };
            if (sql.Contains("$1", StringComparison.Ordinal))
            {
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = Month.Start });
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = Month.End });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = contracts });
                command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = Templates });
                if (sql.Contains("$6", StringComparison.Ordinal))
                {
                    command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = defaults });
                }
            }

            await command.ExecuteNonQueryAsync();
        }

        string[] ShippedDefaults() =>
        [
            .. Templates.Select(code =>
            {
                using var command = new NpgsqlCommand("SELECT body FROM market.contract_templates WHERE loop_id = $1 AND code = $2", connection);
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = code });
                var values = new Dictionary<string, string>(TermValues.DefaultsOf(TemplateJson.Read((byte[])command.ExecuteScalar()!)).Texts);
                if (values.ContainsKey("carrier"))
                {
                    values["carrier"] = "heat";
                }

                return ContractValues.Write(values);
            }),
        ];
    }
}
