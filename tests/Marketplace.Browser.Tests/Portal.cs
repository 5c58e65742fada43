using Marketplace.Testing;
using Microsoft.Playwright;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>
/// The published host with its demo loop, and one Chromium, for all tests of the collection. A test that changes what others look at
/// starts a portal of its own instead (<c>await using var portal = await Portal.StartAsync()</c>).
/// </summary>
public sealed class Portal : IAsyncLifetime, IAsyncDisposable
{
    public const string Collection = "Portal";

    private readonly Dictionary<string, string> _settings;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private PublishedApp? _app;
    private TestDatabase? _database;

    public Portal()
        : this(new Dictionary<string, string> { ["Marketplace__Demo"] = "true" })
    {
    }

    private Portal(Dictionary<string, string> settings) => _settings = settings;

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
        _database = await TestDatabase.CreateAsync();
        _app = await PublishedApp.ServeAsync(_database, _settings);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Chromium(),
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
        });
        await _app.ReadyAsync();
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
        context.SetDefaultTimeout(20_000);
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

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    private static string Chromium() =>
        new[] { Environment.GetEnvironmentVariable("CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }
            .FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException("Chromium is not here: ./test installs it, or CHROMIUM says where it is");
}

[CollectionDefinition(Portal.Collection)]
public sealed class SharedPortal : ICollectionFixture<Portal>;
