using FluentValidation;
using Marketplace.Data;
using Marketplace.Migrations;
using MediatR;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Pipeline;

/// <summary>The database, the requests and who is asking.</summary>
public static class PipelineFeature
{
    public static void AddPipeline(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(provider => NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(ConnectionStrings.Application(provider.GetRequiredService<IConfiguration>()))
        {
            // The same few hundred statements come again each hour: planned once, not each time.
            MaxAutoPrepare = 200,
            AutoPrepareMinUsages = 5,
        }));
        services.AddPooledDbContextFactory<MarketplaceDb>((provider, options) => options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()));
        services.AddScoped(provider => provider.GetRequiredService<IDbContextFactory<MarketplaceDb>>().CreateDbContext());
        services.AddScoped<Work>();
        services.AddScoped<CurrentActor>();
        services.AddSingleton<SharedReads>();
        services.AddScoped<Requests>();
        services.AddScoped<CircuitHandler, ActorOfCircuit>();

        builder.AddTraces();
        services.AddScoped<ServiceFactory>(provider => provider.GetRequiredService);
        services.AddScoped<IMediator, Mediator>();
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(AccessBehaviour<,>));
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(ValidationBehaviour<,>));
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(SharedReadBehaviour<,>));
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(Features.Governance.GovernedBehaviour<,>));
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(TransactionBehaviour<,>));
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(AuditBehaviour<,>));
        foreach (var type in typeof(PipelineFeature).Assembly.GetTypes().Where(type => type is { IsAbstract: false, IsGenericType: false }))
        {
            foreach (var handled in type.GetInterfaces().Where(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IRequestHandler<,>)))
            {
                services.AddScoped(handled, type);
            }
        }

        foreach (var found in AssemblyScanner.FindValidatorsInAssembly(typeof(PipelineFeature).Assembly, includeInternalTypes: true))
        {
            services.AddScoped(found.InterfaceType, found.ValidatorType);
        }
    }

    /// <summary>Every HTTP request, page or endpoint, acts as its signed-in person.</summary>
    public static void UseActor(this WebApplication app) => app.Use((context, next) =>
    {
        context.RequestServices.GetRequiredService<CurrentActor>().Actor = Actor.From(context.User);
        return next(context);
    });

    /// <summary>Brings the database to the current form, as its owner.</summary>
    public static Task MigrateAsync(this IConfiguration configuration, CancellationToken cancellationToken) =>
        Database.MigrateAsync(ConnectionStrings.Owner(configuration), ConnectionStrings.Application(configuration), cancellationToken);

    /// <summary>A circuit has no HTTP request of its own; it acts as the person it was opened by.</summary>
    private sealed class ActorOfCircuit(AuthenticationStateProvider authentication, CurrentActor current) : CircuitHandler, IDisposable
    {
        public override async Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
        {
            authentication.AuthenticationStateChanged += Changed;
            current.Actor = Actor.From((await authentication.GetAuthenticationStateAsync()).User);
        }

        public void Dispose() => authentication.AuthenticationStateChanged -= Changed;

        private async void Changed(Task<AuthenticationState> state)
        {
            try
            {
                current.Actor = Actor.From((await state).User);
            }
            catch (Exception)
            {
                // Who it is could not be found out: then it is nobody.
                current.Actor = Actor.Visitor;
            }
        }
    }
}

/// <summary>Where the two roles of the database find it.</summary>
public static class ConnectionStrings
{
    /// <summary>The application's role: it owns no table.</summary>
    /// <exception cref="SettingException">There is none, or it is no connection string.</exception>
    public static string Application(IConfiguration configuration) =>
        Find(configuration, "Marketplace") ?? throw new SettingException("No database: set ConnectionStrings__Marketplace, or start with ./run, which brings its own.");

    /// <summary>The owner's role, for migrations. Without one, the application's role has to own the tables.</summary>
    /// <exception cref="SettingException">It is no connection string.</exception>
    public static string Owner(IConfiguration configuration) => Find(configuration, "Owner") ?? Application(configuration);

    private static string? Find(IConfiguration configuration, string name)
    {
        if (configuration.GetConnectionString(name) is not { } text)
        {
            return null;
        }

        try
        {
            return new NpgsqlConnectionStringBuilder(text).Host is { Length: > 0 } ? text : throw new ArgumentException("it names no Host");
        }
        catch (ArgumentException fault)
        {
            // What stands there may be a password: it is not repeated.
            throw new SettingException($"ConnectionStrings__{name} is not written as Host=…;Database=…;Username=…;Password=…: {fault.Message}");
        }
    }
}
