using Marketplace.Data;
using Marketplace.Ledger;
using Npgsql;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Ledger;

public sealed class DoorTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task Handing_the_same_batch_in_again_changes_nothing_and_another_under_its_key_is_refused()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        var first = await loop.AppendAsync("readings/1", LedgerLoop.Readings(20));
        var again = await loop.AppendAsync("readings/1", LedgerLoop.Readings(20));
        again.BatchId.ShouldBe(first.BatchId);
        again.Positions.ShouldBe(first.Positions);
        first.Positions.Order().ShouldBe(Enumerable.Range(0, 20));
        await Should.ThrowAsync<LedgerConflictException>(() => loop.AppendAsync("readings/1", LedgerLoop.Readings(21)));

        (await loop.IntegrateAsync()).Size.ShouldBe(20);
        (await loop.AppendAsync("readings/1", LedgerLoop.Readings(20))).BatchId.ShouldBe(first.BatchId);
        (await loop.IntegrateAsync()).Size.ShouldBe(20);
    }

    [Fact]
    public async Task What_is_rolled_back_never_was()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(3), commits: false);
        (await loop.IntegrateAsync()).Size.ShouldBe(0);
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(5));
        (await loop.IntegrateAsync()).Size.ShouldBe(5);
    }

    [Fact]
    public async Task Loops_with_one_seed_end_at_one_root_however_the_work_is_cut()
    {
        var straight = await LedgerLoop.CreateAsync(host, "one seed");
        var cut = await LedgerLoop.CreateAsync(host, "one seed");
        var other = await LedgerLoop.CreateAsync(host, "another");
        for (var hour = 0; hour < 30; hour++)
        {
            var readings = LedgerLoop.Readings(17, hour * 100);
            await straight.AppendAsync($"readings/{hour}", readings);
            await other.AppendAsync($"readings/{hour}", readings);
            await cut.AppendAsync($"readings/{hour}", readings, commits: false);
            await cut.AppendAsync($"readings/{hour}", readings);
            await cut.IntegrateAsync();
        }

        await straight.IntegrateAsync();
        await other.IntegrateAsync();
        const string root = "SELECT encode(root, 'hex') FROM ledger.checkpoints WHERE loop_id = $1 ORDER BY size DESC LIMIT 1";
        (await cut.AskAsync<string>(root)).ShouldBe(await straight.AskAsync<string>(root));
        (await other.AskAsync<string>(root)).ShouldNotBe(await straight.AskAsync<string>(root));
    }

    [Fact]
    public async Task Many_at_the_door_at_once_each_get_a_place()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        var batches = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => loop.AppendAsync($"orders/{i % 10}", LedgerLoop.Readings(3, (i % 10) * 3))));
        batches.Select(b => b.BatchId).Distinct().Count().ShouldBe(10);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => loop.IntegrateAsync()));
        (await loop.IntegrateAsync()).Size.ShouldBe(30);
        using var client = host.CreateClient();
        (await loop.AuditAsync(client)).Checkpoint.Size.ShouldBe(30);
    }

    [Theory]
    [InlineData("UPDATE ledger.checkpoints SET size = size WHERE loop_id = $1")]
    [InlineData("UPDATE ledger.tiles SET bytes = bytes")]
    [InlineData("DELETE FROM ledger.publications")]
    [InlineData("DELETE FROM ledger.batches")]
    [InlineData("TRUNCATE ledger.placements")]
    [InlineData("UPDATE ledger.logs SET vkey = ''")]
    public async Task Neither_the_application_nor_the_owner_rewrites_the_log(string sql)
    {
        var loop = await LedgerLoop.CreateAsync(host);
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(300));
        await loop.IntegrateAsync();
        foreach (var connection in new[] { host.Database.Application, host.Database.Owner })
        {
            await using var source = NpgsqlDataSource.Create(connection);
            await using var command = source.CreateCommand(sql.Replace("$1", "loop_id", StringComparison.Ordinal));
            (await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState.ShouldBeOneOf("23001", "42501");
        }
    }

    [Fact]
    public async Task An_edge_that_somebody_changed_stops_the_sequencer()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(3));
        await loop.IntegrateAsync();
        await using var source = NpgsqlDataSource.Create(host.Database.Application);
        await using var command = source.CreateCommand($"UPDATE ledger.edges SET bundle = set_byte(bundle, 10, get_byte(bundle, 10) # 1) WHERE loop_id = {loop.Id}");
        await command.ExecuteNonQueryAsync();
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(3, 10));
        var head = await loop.IntegrateAsync();
        head.HaltedBecause.ShouldNotBeNull().ShouldContain("right edge");
        head.Size.ShouldBe(3);
    }
}
