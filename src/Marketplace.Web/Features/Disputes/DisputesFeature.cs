using System.Globalization;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Proofs;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Antiforgery;

namespace Marketplace.Web.Features.Disputes;

/// <summary>Disputes about lines of documents: opened by members, decided by the operator, their outcomes on the ledger.</summary>
public static class DisputesFeature
{
    public static void AddDisputes(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<DisputeBook>();
        builder.Services.AddScoped<DisputeOutcomes>();
    }

    public static void MapDisputes(this IEndpointRouteBuilder routes)
    {
        var dispute = routes.MapGroup("/loops/{slug}/disputes/{id:int}").RequireAuthorization();
        dispute.MapPost("/files", AttachAsync).DisableAntiforgery();
        dispute.MapGet("/files/{file:long}", FileAsync);
        dispute.MapGet("/proof", async (string slug, int id, Requests requests, CancellationToken cancellationToken) =>
            HandOut.File(await ProofAsync(slug, id, requests, cancellationToken), string.Create(CultureInfo.InvariantCulture, $"{slug}-dispute-{id}")));
        dispute.MapGet("/proof.json", async (string slug, int id, Requests requests, CancellationToken cancellationToken) =>
            HandOut.Document(await ProofAsync(slug, id, requests, cancellationToken)));
    }

    private static async Task<Ledger.ProofAnswer?> ProofAsync(string slug, int id, Requests requests, CancellationToken cancellationToken) =>
        await requests.Send(new ProveDispute((await requests.Send(new FindLoop(slug), cancellationToken)).Id, id), cancellationToken);

    private static async Task<IResult> AttachAsync(HttpContext context, string slug, int id, Requests requests, IAntiforgery antiforgery, CancellationToken cancellationToken)
    {
        var loop = await requests.Send(new FindLoop(slug), cancellationToken);
        IResult Back(string query) => Results.LocalRedirect(string.Create(CultureInfo.InvariantCulture, $"{loop.Path}/disputes/{id}?{query}#attach"));
        var sentForm = await SentForm.ReadAsync(context, AttachToDispute.MostBytes, cancellationToken);
        if (sentForm.Form is not { } form)
        {
            return Back("problem=" + sentForm.Problem);
        }

        if (!await antiforgery.IsRequestValidAsync(context) || !Guid.TryParse(form["submission"], out var submission))
        {
            return Back("problem=form");
        }

        if (form.Files["file"] is not { Length: > 0 } sent)
        {
            return Back("problem=none");
        }

        var content = new byte[checked((int)sent.Length)];
        await using (var stream = sent.OpenReadStream())
        {
            await stream.ReadExactlyAsync(content, cancellationToken);
        }

        var attempt = await requests.Try(new AttachToDispute(loop.Id, id, submission, sent.FileName, content), cancellationToken);
        return attempt.Succeeded ? Back("done=attached") : Back(attempt.Problems[0].Field == nameof(AttachToDispute.Content) ? "problem=type" : "problem=refused");
    }

    /// <summary>Handed out to be saved or shown by itself: nothing in it may run, and no other type may be guessed.</summary>
    private static async Task<IResult> FileAsync(HttpContext context, string slug, int id, long file, Requests requests, CancellationToken cancellationToken)
    {
        var loop = await requests.Send(new FindLoop(slug), cancellationToken);
        var found = await requests.Send(new ReadDisputeFile(loop.Id, id, file), cancellationToken);
        var headers = context.Response.Headers;
        (headers.XContentTypeOptions, headers.CacheControl, headers.ContentSecurityPolicy) = ("nosniff", "private, no-store", "default-src 'none'; sandbox");
        return Results.File(found.Content, found.ContentType, found.FileName);
    }
}
