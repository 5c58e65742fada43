using System.Data;
using Marketplace.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Migrations;

/// <summary>Brings a database to the current form. Forward only; safe to run again and by several nodes at once.</summary>
public static class Database
{
    // Any fixed number: it only has to be the same for every node.
    private const long MigrationLock = 0x4D61726B6574;

    private const int MostAttempts = 20;

    /// <param name="ownerConnection">The role that owns the tables.</param>
    /// <param name="applicationConnection">The role the application works as; it is granted what it needs and no more.</param>
    public static async Task MigrateAsync(string ownerConnection, string applicationConnection, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await MigrateOnceAsync(ownerConnection, applicationConnection, cancellationToken);
                return;
            }
            catch (PostgresException concurrent) when (concurrent.SqlState == PostgresErrorCodes.InternalError && attempt < MostAttempts)
            {
                // "tuple concurrently updated": another node made a partition of a table whose rights were being granted. Nothing was changed.
            }
        }
    }

    private static async Task MigrateOnceAsync(string ownerConnection, string applicationConnection, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(ownerConnection);
        await connection.OpenAsync(cancellationToken);
        await ExecuteAsync(connection, $"SELECT pg_advisory_lock({MigrationLock})", cancellationToken);
        try
        {
            var options = new DbContextOptionsBuilder<MarketplaceDb>()
                .UseNpgsql(connection, postgres => postgres
                    .MigrationsAssembly(typeof(Database).Assembly.GetName().Name)
                    .MigrationsHistoryTable("migrations", MarketplaceDb.Schema))
                .Options;
            await using var db = new MarketplaceDb(options);
            // Where nothing is to be done, its comparison of the model with its snapshot would be most of what a start costs.
            if ((await db.Database.GetPendingMigrationsAsync(cancellationToken)).Any())
            {
                await db.Database.MigrateAsync(cancellationToken);
            }

            var application = new NpgsqlConnectionStringBuilder(applicationConnection).Username;
            if (application is not null && application != new NpgsqlConnectionStringBuilder(ownerConnection).Username)
            {
                var quoted = '"' + application.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';
                foreach (var script in new[] { "Grants.sql", "LedgerGrants.sql" })
                {
                    await ExecuteAsync(connection, SqlScript.Read(script).Replace("{app}", quoted, StringComparison.Ordinal), cancellationToken);
                }
            }
        }
        finally
        {
            // A connection that broke has let go of the lock, and what broke it is what must be seen.
            if (connection.State == ConnectionState.Open)
            {
                await ExecuteAsync(connection, $"SELECT pg_advisory_unlock({MigrationLock})", CancellationToken.None);
            }
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
