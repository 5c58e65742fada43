using System.Diagnostics;
using Npgsql;

namespace Marketplace.Testing;

/// <summary>
/// The PostgreSQL server of this test run. <c>./test</c> starts one for all projects and names it in MARKETPLACE_TEST_POSTGRES;
/// a test started from an editor starts one itself, which ends with the test process however that ends.
/// </summary>
public static class TestPostgres
{
    public const string Variable = "MARKETPLACE_TEST_POSTGRES";
    public const string OwnerRole = "marketplace_owner";
    public const string AppRole = "marketplace_app";

    private static readonly Lazy<Task<string>> Server = new(FindServerAsync);
    private static Process? _ownServer;

    /// <summary>The connection string of the superuser, to the database <c>postgres</c>.</summary>
    public static Task<string> ServerAsync() => Server.Value;

    internal static string For(string server, string database, string role) =>
        new NpgsqlConnectionStringBuilder(server) { Database = database, Username = role }.ConnectionString;

    internal static async Task ExecuteAsync(string connectionString, params string[] commands)
    {
        // Without a pool: a database can only be copied or dropped while nobody is connected to it.
        var unpooled = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, CommandTimeout = 120 }.ConnectionString;
        await using var connection = new NpgsqlConnection(unpooled);
        await connection.OpenAsync();
        foreach (var text in commands)
        {
            await using var command = new NpgsqlCommand(text, connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    private static async Task<string> FindServerAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
        {
            return given;
        }

        // The script stops the server when its standard input ends, so not even a killed test process leaves one behind.
        _ownServer = Process.Start(new ProcessStartInfo("bash", [Repository.PathTo("eng", "test-server")])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        }) ?? throw new InvalidOperationException("bash could not be started");
        return await _ownServer.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException("PostgreSQL could not be started; see the output above");
    }
}
