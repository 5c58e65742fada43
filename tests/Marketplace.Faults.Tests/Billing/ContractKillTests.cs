using System.Globalization;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Faults.Tests.Ledger;
using Marketplace.Faults.Tests.Metering;
using Marketplace.Testing;
using Marketplace.Web;
using Marketplace.Web.Features.Contracts;
using Marketplace.Web.Features.Contracts.Templates;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Shouldly;
using Xunit;
using Xunit.Abstractions;
using Role = Marketplace.Data.Role;

namespace Marketplace.Faults.Tests.Billing;

/// <summary>A portal that is killed with SIGKILL while it evaluates contracts: on the ledger, between two results, and before it has noted how far it came. Then two at
/// once do it, and the bills that were issued before say the same.</summary>
public sealed class ContractKillTests(ITestOutputHelper output)
{
    private const string Seed = "9";
    private const int Hours = 7 * 24;

    private static readonly DateOnly Monday = new(2026, 1, 12);

    [Fact]
    public async Task However_an_evaluation_dies_each_clause_comes_to_one_line_and_the_books_are_balanced()
    {
        using var folder = new RecordedFolder(buildings: 2, hours: Hours);
        var keys = Directory.CreateTempSubdirectory("contract-kill-");
        try
        {
            await using var database = await TestDatabase.CreateAsync();
            await using var owner = new NpgsqlConnection(database.Owner);
            await owner.OpenAsync();
            var gate = new Gate(owner);
            await gate.LayAsync(
                ("market.readings", "AFTER INSERT", ""), ("ledger.batches", "AFTER INSERT", "NEW.batch_key LIKE 'contractresults/%'"),
                ("market.contract_results", "AFTER INSERT", ""), ("market.contract_runs", "AFTER UPDATE", ""));

            // The loop is there before its first reading: so the contracts are agreed before its week, and the week is replayed and billed with them.
            await using (var begun = await DieAtAsync(gate, database, keys, "readings", "replay", folder.Path, "--seed", Seed))
            {
            }

            var clauses = await AgreeAsync(database);
            (await ReplayAsync(database, keys, folder)).ShouldBe(0);
            var documents = await Books.DocumentsAsync(owner);
            (await Books.CountAsync(owner, "SELECT count(*) FROM market.contract_results")).ShouldBe(0, "the bills worked them out for themselves");

            var kills = 0;
            foreach (var table in new[] { "batches", "contract_results", "contract_runs" })
            {
                await using var portal = await DieAtAsync(gate, database, keys, table, "serve");
                kills++;
                (await Books.CountAsync(owner,
                    """
                    SELECT (SELECT count(*) FROM market.contract_results) + (SELECT count(*) FROM ledger.batches WHERE batch_key LIKE 'contractresults/%')
                        + (SELECT count(*) FROM market.contract_runs WHERE evaluated_until <> starts_at)
                    """)).ShouldBe(0, $"nothing of an evaluation that died at {table} is kept");
            }

            await using var one = MortalPortal.Start(database, keys, null, "serve");
            await using var other = MortalPortal.Start(database, keys, null, "serve");
            await Eventually.HoldsAsync(
                async () => one.HasExited || other.HasExited || await Books.CountAsync(owner, "SELECT count(*) FROM market.contract_runs WHERE evaluated_until < ends_at") == 0,
                "all contracts are evaluated", TimeSpan.FromSeconds(120));
            (one.HasExited, other.HasExited).ShouldBe((false, false), one.Words + other.Words);
            await one.KillAsync();
            await other.KillAsync();

            (await Books.CountAsync(owner, "SELECT count(*) FROM market.contract_results")).ShouldBe(clauses);
            (await Books.CountAsync(owner, "SELECT count(DISTINCT (contract_id, clause)) FROM market.contract_results")).ShouldBe(clauses, "no clause came to two lines");
            (await Books.CountAsync(owner, "SELECT sum(entry_count) FROM ledger.batches WHERE batch_key LIKE 'contractresults/%'")).ShouldBe(clauses);
            await RequireBilledOnceAsync(owner);
            await Books.RequireBalancedAsync(owner);

            // Again, it adds nothing: neither lines nor documents.
            (await ReplayAsync(database, keys, folder)).ShouldBe(0);
            (await Books.DocumentsAsync(owner)).ShouldBe(documents);
            (await Books.CountAsync(owner, "SELECT count(*) FROM market.contract_results")).ShouldBe(clauses);

            var summary = string.Create(CultureInfo.InvariantCulture, $"portals killed while they evaluated contracts {kills}, then two at once: {clauses} results, twice 0, lost 0, trial balance 0");
            output.WriteLine(summary);
            TestNotes.Add(summary);
        }
        finally
        {
            keys.Delete(recursive: true);
        }
    }

    /// <summary>Starts the portal, waits until it writes into a table, and kills it there.</summary>
    private static async Task<OwnProcess> DieAtAsync(Gate gate, TestDatabase database, DirectoryInfo keys, string table, params string[] arguments)
    {
        await gate.CloseAsync(table);
        var portal = MortalPortal.Start(database, keys, null, arguments);
        await Eventually.HoldsAsync(async () => await gate.WaitingAsync() is not null || portal.HasExited, $"the portal waits at {table}", TimeSpan.FromSeconds(90));
        (await gate.WaitingAsync()).ShouldNotBeNull(portal.Words);
        await portal.KillAsync();
        await gate.OpenAsync();
        await Eventually.HoldsAsync(async () => await gate.WaitingAsync() is null, "nobody waits");
        return portal;
    }

    private static async Task<int> ReplayAsync(TestDatabase database, DirectoryInfo keys, RecordedFolder folder)
    {
        await using var run = MortalPortal.Start(database, keys, null, "replay", folder.Path, "--seed", Seed);
        var code = await run.EndAsync();
        code.ShouldBe(0, run.Words);
        return code;
    }

    /// <summary>A supply and a peak contract for the replay's week, agreed by the same requests as the pages make.</summary>
    /// <returns>How many clauses they have.</returns>
    private static async Task<int> AgreeAsync(TestDatabase database)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(database.Environment
            .ToDictionary(setting => setting.Key.Replace("__", ":", StringComparison.Ordinal), setting => (string?)setting.Value)
            .Append(new("Ledger:MasterKey", PublishedApp.MasterKey)));
        await using var services = builder.AddPortal().Services.BuildServiceProvider();
        var requests = services.GetRequiredService<Requests>();
        await using var db = await services.GetRequiredService<IDbContextFactory<MarketplaceDb>>().CreateDbContextAsync();
        var loopId = await db.Loops.Select(loop => loop.Id).SingleAsync();
        var clock = await db.Clocks.SingleAsync(clock => clock.LoopId == loopId);
        var (anchor, rate) = (clock.MarketAnchor, clock.Rate);

        // What is agreed begins after the day on which it is agreed.
        (clock.MarketAnchor, clock.Rate) = (new DateTimeOffset(Monday.AddDays(-2), TimeOnly.MinValue, TimeSpan.Zero), 0);
        await db.SaveChangesAsync();
        await requests.Send(new AddShippedTemplates(loopId), Actor.System);
        var clauses = 0;
        foreach (var (code, building, own) in new[] { ("energy-supply", "h1", "customer"), ("energy-supply", "h2", "customer"), ("peak-smoothing", "h2", "consumer") })
        {
            var template = await WeeklyAsync(requests, loopId, code);
            var member = await db.Members.Where(member => member.Key == building).Select(member => member.Id).SingleAsync();
            var taken = new Dictionary<string, int> { [own] = member };
            foreach (var party in template.Parties.Where(party => party.Role != own))
            {
                var holders = party.Holders.Select(Enum.Parse<Role>).ToList();
                taken[party.Role] = await db.MemberRoles.Where(role => role.MemberId != member && (holders.Count == 0 ? role.Role == Role.Operator : holders.Contains(role.Role)))
                    .OrderBy(role => role.MemberId).Select(role => role.MemberId).FirstAsync();
            }

            var terms = new ContractTerms(TermValues.DefaultsOf(template).Texts, Monday, Monday.AddDays(7));
            var contract = await requests.Send(new DraftContract(loopId, member, Guid.NewGuid(), code, taken, terms), Actor.System);
            await requests.Send(new OfferContract(loopId, member, contract, 1, new SignatureGiven(null, null)), Actor.System);
            await requests.Send(new AcceptContract(loopId, taken.Values.Single(party => party != member), contract, 2, new SignatureGiven(null, null)), Actor.System);
            clauses += template.Clauses.Count;
        }

        (clock.MarketAnchor, clock.Rate) = (anchor, rate);
        await db.SaveChangesAsync();
        return clauses;
    }

    private static async Task<Template> WeeklyAsync(Requests requests, int loopId, string code)
    {
        var template = (await requests.Send(new ShowTemplate(loopId, code), Actor.System)).Template.Template with { Period = ContractPeriod.Week, RenewalMonths = 0 };
        await requests.Send(new SaveTemplateDraft(loopId, template), Actor.System);
        await requests.Send(new PublishTemplate(loopId, code), Actor.System);
        return template;
    }

    /// <summary>Each result that is not nothing stands once on the document of its payer and once, with the other sign, on that of its payee.</summary>
    private static async Task RequireBilledOnceAsync(NpgsqlConnection connection)
    {
        (await Books.CountAsync(connection, "SELECT count(*) FROM market.contract_results WHERE amount <> 0")).ShouldBeGreaterThan(4);
        (await Books.CountAsync(connection,
            """
            SELECT count(*) FROM (
                SELECT member, contract_id, amount, count(*) AS times FROM (
                    SELECT payer_id AS member, contract_id, amount FROM market.contract_results UNION ALL SELECT payee_id, contract_id, -amount FROM market.contract_results) s
                WHERE amount <> 0 GROUP BY 1, 2, 3) r
            FULL JOIN (
                SELECT b.member_id AS member, (l.trace -> 'inputs' ->> 'contract')::bigint AS contract_id, l.amount, count(*) AS times
                FROM market.bills b JOIN market.bill_lines l ON l.loop_id = b.loop_id AND l.bill_id = b.id
                WHERE l.trace -> 'inputs' ? 'contract' GROUP BY 1, 2, 3) d USING (member, contract_id, amount)
            WHERE r.times IS DISTINCT FROM d.times
            """)).ShouldBe(0, "bills and results are the same, line by line");
    }
}
