using Marketplace.Migrations;
using Npgsql;

namespace Marketplace.Testing;

/// <summary>A database of one's own, migrated, empty, gone when disposed of. It is a copy of one that is migrated once a run.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private const string Template = "migrated";

    // Any fixed number: it only has to be the same in every test process.
    private const long TemplateLock = 0x7465737473;

    private static readonly Lazy<Task> TemplateMade = new(MakeTemplateAsync);

    private readonly string _server;

    private TestDatabase(string server, string name)
    {
        _server = server;
        Name = name;
        Application = TestPostgres.For(server, name, TestPostgres.AppRole);
        Owner = TestPostgres.For(server, name, TestPostgres.OwnerRole);
        Superuser = TestPostgres.For(server, name, "postgres");
    }

    public string Name { get; }

    /// <summary>As the application connects: it owns nothing.</summary>
    public string Application { get; }

    /// <summary>As migrations connect.</summary>
    public string Owner { get; }

    /// <summary>As somebody connects whom no grant stops: for tests that tamper.</summary>
    public string Superuser { get; }

    /// <summary>A migrated database.</summary>
    public static async Task<TestDatabase> CreateAsync()
    {
        await TemplateMade.Value;
        return await CreateFromAsync(Template);
    }

    /// <summary>A migrated database on a server other than the run's.</summary>
    public static async Task<TestDatabase> CreateOnAsync(string server)
    {
        var database = new TestDatabase(server, $"test_{Guid.NewGuid():n}");
        await CreateAsync(server, database.Name, "template0");
        await Database.MigrateAsync(Unpooled(database.Owner), Unpooled(database.Application), CancellationToken.None);
        return database;
    }

    /// <summary>A database without a single table, for tests of the migrations themselves.</summary>
    public static Task<TestDatabase> CreateEmptyAsync() => CreateFromAsync("template0");

    /// <summary>A copy of this database as it is now. Nobody may be connected to it.</summary>
    public async Task<TestDatabase> CopyAsync()
    {
        ClearPools();
        return await CreateFromAsync(Name);
    }

    /// <summary>The variables by which <c>./run</c> and the host are told of a database.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["ConnectionStrings__Marketplace"] = Application,
        ["ConnectionStrings__Owner"] = Owner,
    };

    public async ValueTask DisposeAsync()
    {
        ClearPools();
        await TestPostgres.ExecuteAsync(_server, $"DROP DATABASE IF EXISTS {Name} WITH (FORCE)");
    }

    private void ClearPools()
    {
        foreach (var connectionString in new[] { Application, Owner, Superuser })
        {
            using var connection = new NpgsqlConnection(connectionString);
            NpgsqlConnection.ClearPool(connection);
        }
    }

    private static async Task<TestDatabase> CreateFromAsync(string template)
    {
        var server = await TestPostgres.ServerAsync();
        var name = $"test_{Guid.NewGuid():n}";
        await CreateAsync(server, name, template);
        return new TestDatabase(server, name);
    }

    private static async Task CreateAsync(string server, string name, string template)
    {
        await TestPostgres.ExecuteAsync(
            server,
            $"CREATE DATABASE {name} TEMPLATE {template} OWNER {TestPostgres.OwnerRole}",
            $"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            $"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {TestPostgres.AppRole}");
        await TestPostgres.ExecuteAsync(
            TestPostgres.For(server, name, "postgres"),
            $"ALTER SCHEMA public OWNER TO {TestPostgres.OwnerRole}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    }

    private static async Task MakeTemplateAsync()
    {
        var server = await TestPostgres.ServerAsync();
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var wait = new NpgsqlCommand($"SELECT pg_advisory_lock({TemplateLock})", connection);
        await wait.ExecuteNonQueryAsync();
        await using var look = new NpgsqlCommand($"SELECT count(*) FROM pg_database WHERE datname = '{Template}'", connection);
        if (await look.ExecuteScalarAsync() is > 0L)
        {
            return;
        }

        // Under another name until it is whole: a run that is killed half way leaves no half template.
        const string making = "migrating";
        await TestPostgres.ExecuteAsync(server, $"DROP DATABASE IF EXISTS {making} WITH (FORCE)");
        await CreateAsync(server, making, "template0");
        await Database.MigrateAsync(
            Unpooled(TestPostgres.For(server, making, TestPostgres.OwnerRole)),
            Unpooled(TestPostgres.For(server, making, TestPostgres.AppRole)),
            CancellationToken.None);
        await TestPostgres.ExecuteAsync(server, $"ALTER DATABASE {making} RENAME TO {Template}");
    }

    private static string Unpooled(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString;
}
