using System.Globalization;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Proofs;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Deals;

/// <summary>Deals between two members: proposed, answered, nominated hour by hour, settled at their own price.</summary>
public static class DealsFeature
{
    public static void AddDeals(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<DealBook>();
        builder.Services.AddScoped<DealNominations>();
        builder.Services.AddScoped<NominateDeals>();
    }

    public static void MapDeals(this IEndpointRouteBuilder routes)
    {
        var deal = routes.MapGroup("/loops/{slug}/deals/{id:long}").RequireAuthorization();
        deal.MapGet("/acts/{number:int}/proof", async (string slug, long id, int number, Requests requests, CancellationToken cancellationToken) =>
            HandOut.File(
                await requests.Send(new ProveDeal(await LoopAsync(requests, slug, cancellationToken), id, number, null), cancellationToken),
                string.Create(CultureInfo.InvariantCulture, $"{slug}-deal-{id}-{number}")));
        deal.MapGet("/hours/{hour}/proof", async (string slug, long id, string hour, Requests requests, CancellationToken cancellationToken) =>
            HandOut.File(
                await requests.Send(
                    new ProveDeal(
                        await LoopAsync(requests, slug, cancellationToken), id, null,
                        HourAddress.TryParse(hour, out var start) ? start : throw new NotPermittedException(nameof(ProveDeal))),
                    cancellationToken),
                string.Create(CultureInfo.InvariantCulture, $"{slug}-deal-{id}-{hour}")));
    }

    private static async Task<int> LoopAsync(Requests requests, string slug, CancellationToken cancellationToken) =>
        (await requests.Send(new FindLoop(slug), cancellationToken)).Id;
}
