using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Signing;

/// <summary>Signatures of acts by people, with their second factor.</summary>
public static class SigningFeature
{
    public static void AddSigning(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<Signatures>();
        builder.Services.AddScoped<SignatureStore>();
        builder.Services.AddScoped<SigningSite>();
    }

    public static void MapSigning(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/loops/{slug}/signatures/{id:long}.json", async (string slug, long id, Requests requests, CancellationToken cancellationToken) =>
        {
            var loop = await requests.Send(new FindLoop(slug), cancellationToken);
            return Results.Json(await requests.Send(new ShowSignature(loop.Id, id), cancellationToken));
        }).RequireAuthorization();
}
