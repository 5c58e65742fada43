using Marketplace.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests;

public sealed class HostTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task The_host_starts_on_a_migrated_database()
    {
        using var client = host.CreateClient();

        (await host.Look(db => Task.FromResult(db.Loops.Count()))).ShouldBe(0);
    }

    [Fact]
    public async Task The_application_owns_no_table()
    {
        await using var connection = new NpgsqlConnection(host.Database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = '{TestPostgres.AppRole}'", connection);

        (await command.ExecuteScalarAsync()).ShouldBe(0L);
    }

    [Fact]
    public async Task Migrations_can_be_run_again()
    {
        await Migrations.Database.MigrateAsync(host.Database.Owner, host.Database.Application, CancellationToken.None);
    }

    [Fact]
    public async Task Migrations_build_a_database_from_nothing()
    {
        await using var empty = await TestDatabase.CreateEmptyAsync();

        await Migrations.Database.MigrateAsync(empty.Owner, empty.Application, CancellationToken.None);
    }

    [Fact]
    public async Task A_node_may_start_while_another_makes_the_months_it_needs()
    {
        await using var database = await TestDatabase.CreateAsync();

        async Task MakeMonthsAsync()
        {
            await using var connection = new NpgsqlConnection(database.Application);
            await connection.OpenAsync();
            for (var month = 0; month < 120; month++)
            {
                await using var command = new NpgsqlCommand("SELECT market.ensure_readings_month($1)", connection);
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(month) });
                await command.ExecuteNonQueryAsync();
            }
        }

        async Task StartAsync()
        {
            for (var start = 0; start < 12; start++)
            {
                await Migrations.Database.MigrateAsync(database.Owner, database.Application, CancellationToken.None);
            }
        }

        await Task.WhenAll(Task.Run(MakeMonthsAsync), Task.Run(StartAsync));
    }
}
