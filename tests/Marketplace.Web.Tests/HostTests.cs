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
}
