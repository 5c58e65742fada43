using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Transparency.Records;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Transparency;

/// <summary>The public pages about each loop's ledger: state, checkpoints, entries, tiles, search, how to check us.</summary>
public static class TransparencyFeature
{
    public static void AddTransparency(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddScoped<EntryRecords>();
        foreach (var source in typeof(TransparencyFeature).Assembly.GetTypes().Where(type => type is { IsAbstract: false } && type.IsAssignableTo(typeof(IRecordSource))))
        {
            services.AddScoped(typeof(IRecordSource), source);
        }

        services.AddSingleton<SearchIndexing>();
        if (Commands.Serves(Environment.GetCommandLineArgs()[1..]))
        {
            services.AddHostedService(provider => provider.GetRequiredService<SearchIndexing>());
        }
    }

    public static void MapTransparency(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/loops/{slug}/ledger/checkpoints/{size:long}/note", async (string slug, long size, Requests requests, CancellationToken cancellationToken) =>
        {
            var loop = await requests.Send(new FindPublicLoop(slug), cancellationToken);
            return await requests.Send(new CheckpointNote(loop.Id, size), cancellationToken) is { } note
                ? Results.File(System.Text.Encoding.UTF8.GetBytes(note), "text/plain; charset=utf-8", FormattableString.Invariant($"{slug}-{size}.checkpoint"))
                : Results.NotFound();
        }).AllowAnonymous().ExcludeFromDescription();
}
