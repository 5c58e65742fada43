using Marketplace.Data;
using Marketplace.Testing;
using Marketplace.Web.Features.Ledger;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Ledger;

/// <summary>Rows that are not even of the right form are found as well, stop the signing of their log, and nothing else.</summary>
public sealed class DamagedRowTests : IClassFixture<DamagedRowTests.WatchfulHost>
{
    private readonly WatchfulHost _host;

    public DamagedRowTests(WatchfulHost host) => _host = host;

    [Theory]
    [InlineData("UPDATE ledger.tiles SET bytes = substr(bytes, 1, 100) WHERE loop_id = $1 AND level = 0 AND index = 0", "tile/0/000 is missing")]
    [InlineData("UPDATE ledger.tiles SET bytes = bytes || '\\x00'::bytea WHERE loop_id = $1 AND level = 0 AND index = 0", "tile/0/000 is missing")]
    [InlineData("UPDATE ledger.tiles SET bytes = '' WHERE loop_id = $1 AND level = -1 AND index = 0", "tile/entries/000 is missing")]
    [InlineData("UPDATE ledger.tiles SET bytes = set_byte(bytes, 0, 255) WHERE loop_id = $1 AND level = -1 AND index = 0", "tile/entries/000 is missing")]
    [InlineData("UPDATE ledger.tiles SET bytes = bytes || '\\x0000'::bytea WHERE loop_id = $1 AND level = -1 AND index = 0", "tile/entries/000 is missing")]
    public async Task A_row_that_is_not_whole_stops_the_signing(string damage, string named)
    {
        var loop = await StartAsync();
        await DamageAsync(loop, damage);
        (await _host.Services.GetRequiredService<LogSelfCheck>().LookAsync(loop.Id, 0, 100, CancellationToken.None)).Problem.ShouldNotBeNull().ShouldContain(named);
        (await loop.IntegrateAsync()).HaltedBecause.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("UPDATE ledger.edges SET tails = '{}' WHERE loop_id = $1")]
    [InlineData("UPDATE ledger.edges SET size = -1 WHERE loop_id = $1")]
    [InlineData("UPDATE ledger.edges SET size = 0, tails = '{}', bundle = '' WHERE loop_id = $1")]
    public async Task An_edge_that_is_none_stops_the_signing(string damage)
    {
        var loop = await StartAsync();
        await DamageAsync(loop, damage);
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(3, 5000));
        (await loop.IntegrateAsync()).HaltedBecause.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_log_that_cannot_be_read_keeps_no_other_from_being_looked_after()
    {
        var damaged = await StartAsync();
        await DamageAsync(damaged, "UPDATE ledger.checkpoints SET root = '' WHERE loop_id = $1");
        var other = await LedgerLoop.CreateAsync(_host);
        var batch = await other.AppendAsync("readings/1", LedgerLoop.Readings(300));

        using var keeper = ActivatorUtilities.CreateInstance<LogKeeper>(_host.Services);
        await keeper.StartAsync(CancellationToken.None);
        await Eventually.HoldsAsync(async () => await other.Sequencer.StateOfAsync(other.Id, batch.BatchId, CancellationToken.None) == EntryState.Anchored, "the other log was taken in");
        keeper.ExecuteTask.ShouldNotBeNull().IsCompleted.ShouldBeFalse();
        await keeper.StopAsync(CancellationToken.None);
    }

    private async Task<LedgerLoop> StartAsync()
    {
        var loop = await LedgerLoop.CreateAsync(_host);
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(300));
        await loop.IntegrateAsync();
        return loop;
    }

    private async Task DamageAsync(LedgerLoop loop, string damage)
    {
        await using var owner = NpgsqlDataSource.Create(_host.Database.Superuser);
        await using var connection = await owner.OpenConnectionAsync();
        await using var off = new NpgsqlCommand("SET session_replication_role = replica", connection);
        await off.ExecuteNonQueryAsync();
        await using var command = new NpgsqlCommand(damage, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loop.Id });
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    /// <summary>A host that looks after its logs each second.</summary>
    public sealed class WatchfulHost : MarketplaceHost
    {
        public WatchfulHost() => Settings["Ledger:WatchSeconds"] = "1";
    }
}
