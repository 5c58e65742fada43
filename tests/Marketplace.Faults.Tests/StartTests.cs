using Marketplace.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace Marketplace.Faults.Tests;

/// <summary>Who sets a host up wrongly is told in one line what and where, not in a page of the program's own words.</summary>
public sealed class StartTests
{
    private const string Elsewhere = "ConnectionStrings__Marketplace";

    [Theory]
    [InlineData("Host=/nowhere;Username=a;Database=b", "The database does not answer: Failed to connect to /nowhere")]
    [InlineData("postgres://a:secret@localhost/b", Elsewhere + " is not written as Host=…")]
    [InlineData("Database=b;Password=secret", Elsewhere + " is not written as Host=…")]
    [InlineData("", "The database cannot be opened: database \"not_there\" does not exist")]
    public async Task A_database_that_cannot_be_opened_is_named(string connection, string said)
    {
        await using var database = await TestDatabase.CreateAsync();
        var settings = new Dictionary<string, string>
        {
            [Elsewhere] = connection.Length > 0 ? connection : new NpgsqlConnectionStringBuilder(database.Application) { Database = "not_there" }.ConnectionString,
            ["ConnectionStrings__Owner"] = connection.StartsWith("Host", StringComparison.Ordinal) ? connection : new NpgsqlConnectionStringBuilder(database.Owner) { Database = "not_there" }.ConnectionString,
        };
        foreach (var command in new[] { "serve", "migrate" })
        {
            var ended = await PublishedApp.RunAsync(database, settings, command);

            ended.ExitCode.ShouldBe(2, ended.Error);
            ended.Error.ShouldStartWith(said);
            ended.Error.Trim().ShouldNotContain('\n');
            ended.Error.ShouldNotContain("secret");
        }
    }
}
