using Marketplace.Data;
using Marketplace.Testing;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Marketplace.Web.Tests;

/// <summary>
/// The whole host on a database of its own, for one test class (<c>IClassFixture&lt;MarketplaceHost&gt;</c>) or, made by hand, for one
/// test. Its clock stands still until a test moves it, and no job runs by itself: a test makes the request that the job would make.
/// </summary>
public class MarketplaceHost : IAsyncLifetime
{
    private TestDatabase? _database;
    private Factory? _factory;

    /// <summary>Stands at this moment first: the 5th of a month, on the hour.</summary>
    public static readonly DateTimeOffset Start = new(2026, 3, 5, 0, 0, 0, TimeSpan.Zero);

    public AdjustableTime Time { get; } = new(Start);

    public TestDatabase Database => _database ?? throw new InvalidOperationException("Not initialised");

    public IServiceProvider Services => (_factory ?? throw new InvalidOperationException("Not initialised")).Services;

    /// <summary>Further settings, as <c>appsettings.json</c> would have them.</summary>
    public IDictionary<string, string> Settings { get; } = new Dictionary<string, string>();

    /// <summary>Services put in place of the host's own, such as a store that fails.</summary>
    public Action<IServiceCollection> Replace { get; set; } = _ => { };

    public virtual async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _factory = new Factory(this);
    }

    public virtual async Task DisposeAsync()
    {
        if (_factory is not null)
        {
            await _factory.DisposeAsync();
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }

    /// <summary>A browser of sorts: keeps cookies, does not follow redirects.</summary>
    public HttpClient CreateClient() =>
        (_factory ?? throw new InvalidOperationException("Not initialised")).CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false, BaseAddress = new Uri("https://localhost") });

    /// <summary>Makes a request as the system itself.</summary>
    public Task<T> Send<T>(IRequest<T> request) => Send(request, Actor.System);

    /// <summary>Makes a request as somebody, through the same door as pages and jobs.</summary>
    public async Task<T> Send<T>(IRequest<T> request, Actor actor)
    {
        await using var scope = Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<Requests>().Send(request, actor);
    }

    /// <summary>Looks into the database, as the application's role.</summary>
    public async Task<T> Look<T>(Func<MarketplaceDb, Task<T>> look)
    {
        await using var db = await Services.GetRequiredService<IDbContextFactory<MarketplaceDb>>().CreateDbContextAsync();
        return await look(db);
    }

    /// <summary>Puts something into the database that no request would.</summary>
    public async Task Put(Action<MarketplaceDb> put)
    {
        await using var db = await Services.GetRequiredService<IDbContextFactory<MarketplaceDb>>().CreateDbContextAsync();
        put(db);
        await db.SaveChangesAsync();
    }

    private sealed class Factory(MarketplaceHost owner) : WebApplicationFactory<Program>
    {
        private readonly DirectoryInfo _keys = Directory.CreateTempSubdirectory("marketplace-keys-");

        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseSolutionRelativeContentRoot("");
            builder.UseSetting("ConnectionStrings:Marketplace", owner.Database.Application);
            builder.UseSetting("ConnectionStrings:Owner", owner.Database.Owner);
            builder.UseSetting("Ledger:MasterKey", PublishedApp.MasterKey);
            builder.UseSetting("DataProtection:Directory", _keys.FullName);
            builder.UseSetting("Marketplace:Demo", "false");
            builder.UseSetting("Logging:LogLevel:Default", "Warning");
            foreach (var (name, value) in owner.Settings)
            {
                builder.UseSetting(name, value);
            }

            builder.ConfigureTestServices(services =>
            {
                services.Replace(ServiceDescriptor.Singleton<TimeProvider>(owner.Time));
                foreach (var clock in services.Where(IsQuartz).ToList())
                {
                    services.Remove(clock);
                }

                owner.Replace(services);
            });
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            _keys.Delete(recursive: true);
            GC.SuppressFinalize(this);
        }

        // The one part of Quartz that acts by itself.
        private static bool IsQuartz(ServiceDescriptor service) =>
            service.ServiceType == typeof(IHostedService)
            && !service.IsKeyedService
            && (service.ImplementationType ?? service.ImplementationInstance?.GetType() ?? service.ImplementationFactory?.Method.DeclaringType)?.Assembly.GetName().Name?.StartsWith("Quartz", StringComparison.Ordinal) == true;
    }
}
