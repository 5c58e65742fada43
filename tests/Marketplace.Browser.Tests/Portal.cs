using Marketplace.Testing;
using Microsoft.Playwright;
using Npgsql;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>
/// The published host with its demo loop, and one Chromium, for all tests of the collection: there is one for those who look, one for those who
/// act and one for those who make contracts. A test that needs a loop of its own starts a portal of its own instead (<c>await using var portal = await Portal.StartAsync()</c>).
/// </summary>
public class Portal : IAsyncLifetime, IAsyncDisposable
{
    public const string Collection = "Portal";

    public const string Deeds = "Portal of deeds";

    public const string Contracts = "Portal of contracts";

    private const int Patience = 30_000;

    private readonly Dictionary<string, string> _settings;
    private static readonly Dictionary<string, string> Demo = new() { ["Marketplace__Demo"] = "true" };

    // A demo loop takes its time to be made: one is made a run, and each portal gets a copy.
    private static readonly Lazy<Task<TestDatabase>> DemoMade = new(MakeDemoAsync);

    private readonly bool _replays;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private PublishedApp? _app;
    private TestDatabase? _database;

    public Portal()
        : this(Demo)
    {
    }

    /// <param name="settings">The host's settings, as environment variables.</param>
    /// <param name="replays">Whether a small folder of recorded readings is replayed before the host serves.</param>
    protected Portal(Dictionary<string, string> settings, bool replays = false) => (_settings, _replays) = (settings, replays);

    public TestDatabase Database => _database ?? throw new InvalidOperationException("Not initialised");

    /// <summary>The running host. A test may stop or kill it and call <see cref="RestartAsync"/>.</summary>
    public PublishedApp App => _app ?? throw new InvalidOperationException("Not initialised");

    public static async Task<Portal> StartAsync(IReadOnlyDictionary<string, string>? settings = null)
    {
        var portal = new Portal(new Dictionary<string, string>(settings ?? new Dictionary<string, string>()));
        await portal.InitializeAsync();
        return portal;
    }

    public async Task InitializeAsync()
    {
        _database = _settings == Demo ? await (await DemoMade.Value).CopyAsync() : await TestDatabase.CreateAsync();
        if (_replays)
        {
            using var folder = new RecordedFolder();

            // In a demonstration the replay gives its members sign-ins.
            var ended = await PublishedApp.RunAsync(_database, Demo, "replay", folder.Path);
            if (ended.ExitCode != 0)
            {
                throw new InvalidOperationException($"The folder could not be replayed.\n{ended.Output}\n{ended.Error}");
            }
        }

        _app = await PublishedApp.ServeAsync(_database, _settings);
        _playwright = await Playwright.CreateAsync();
        // As long as a click waits, too: beside the other tests a page may take its time.
        Assertions.SetDefaultExpectTimeout(Patience);
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Chromium(),
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
        });
        await _app.ReadyAsync();
        await CountAsync(_database);
    }

    private static async Task<TestDatabase> MakeDemoAsync()
    {
        var database = await TestDatabase.CreateAsync();
        await using var app = await PublishedApp.ServeAsync(database, Demo);
        await app.ReadyAsync();
        await app.StopAsync();
        return database;
    }

    /// <summary>Lets PostgreSQL count what it holds. On a server of one's own autovacuum does that after a minute; on the tests' it is off, and without it
    /// every look at a month is planned as if its tables were empty.</summary>
    private static async Task CountAsync(TestDatabase database)
    {
        await using var connection = new NpgsqlConnection(database.Owner);
        await connection.OpenAsync();
        await using var analyze = new NpgsqlCommand("ANALYZE", connection) { CommandTimeout = 120 };
        await analyze.ExecuteNonQueryAsync();
    }

    /// <summary>The host again, on the same database and the same address.</summary>
    public async Task RestartAsync()
    {
        var address = App.Address.ToString();
        await App.StopAsync();
        await App.DisposeAsync();
        _app = await PublishedApp.ServeAsync(Database, new Dictionary<string, string>(_settings) { ["ASPNETCORE_URLS"] = address });
        await _app.ReadyAsync();
    }

    /// <summary>Somebody's visit: cookies of their own, a window of this width.</summary>
    public async Task<Visit> VisitAsync(int width = 1280, bool javaScript = true)
    {
        var context = await (_browser ?? throw new InvalidOperationException("Not initialised")).NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = App.Address.ToString(),
            ViewportSize = new ViewportSize { Width = width, Height = width < 600 ? 844 : 900 },
            Locale = "en-GB",
            TimezoneId = "Europe/Berlin",
            ReducedMotion = ReducedMotion.Reduce,
            JavaScriptEnabled = javaScript,
        });
        context.SetDefaultTimeout(Patience);
        return new Visit(await context.NewPageAsync());
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private static string Chromium() =>
        new[] { Environment.GetEnvironmentVariable("CHROMIUM"), "/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }
            .FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException("Chromium is not here: ./test installs it, or CHROMIUM says where it is");
}

[CollectionDefinition(Portal.Collection)]
public sealed class SharedPortal : ICollectionFixture<Portal>;

[CollectionDefinition(Portal.Deeds)]
public sealed class SharedPortalOfDeeds : ICollectionFixture<Portal>;

[CollectionDefinition(Portal.Contracts)]
public sealed class SharedPortalOfContracts : ICollectionFixture<Portal>;

/// <summary>The published host with a small loop that was replayed: two days, billed, there in seconds instead of minutes. For what
/// needs a whole ledger and bills, but no clock that runs.</summary>
public sealed class ReplayedPortal() : Portal(new Dictionary<string, string> { ["Marketplace__Demo"] = "false" }, replays: true)
{
    public const string Name = "Replayed portal";

    public const string Slug = "winter-days";

    public const string Loop = "/loops/" + Slug;

    /// <summary>Signs the replay's first consumer in.</summary>
    public async Task<Visit> VisitAsResidentAsync()
    {
        var visit = await VisitAsync();
        await visit.SignInAsync("h1@" + Slug + ".example");
        return visit;
    }
}

[CollectionDefinition(ReplayedPortal.Name)]
public sealed class SharedReplayedPortal : ICollectionFixture<ReplayedPortal>;
