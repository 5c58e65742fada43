using System.Globalization;
using System.Text;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;

namespace Marketplace.Web.Features.Metering.Files;

/// <summary>Sends a file of readings by a plain form, and hands back the rows that were not taken.</summary>
internal static class ReadingFileEndpoints
{
    private const int MostRefused = 1_000_000;

    public static void MapReadingFiles(this IEndpointRouteBuilder routes)
    {
        var files = routes.MapGroup("/loops/{slug}/operations/readings").RequireAuthorization();
        files.MapPost("/upload", UploadAsync).DisableAntiforgery();
        files.MapGet("/{id:long}/refused.csv", RefusedAsync);
    }

    private static async Task<IResult> UploadAsync(
        HttpContext context, string slug, Requests requests, ReadingFileWorker worker, IAntiforgery antiforgery, CancellationToken cancellationToken)
    {
        try
        {
            var loop = await requests.Send(new FindLoop(slug), cancellationToken);
            if (!loop.Operates)
            {
                return Results.NotFound();
            }

            var page = loop.Path + "/operations/readings";
            IFormFile? sent;
            try
            {
                if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
                {
                    size.MaxRequestBodySize = ReadingFileRows.MostBytes + (64 * 1024);
                }

                sent = (await context.Request.ReadFormAsync(new FormOptions { MultipartBodyLengthLimit = ReadingFileRows.MostBytes }, cancellationToken)).Files["file"];
            }
            catch (Exception tooLarge) when (tooLarge is InvalidDataException or BadHttpRequestException)
            {
                return Results.LocalRedirect(page + "?problem=size");
            }

            if (!await antiforgery.IsRequestValidAsync(context))
            {
                return Results.LocalRedirect(page + "?problem=form");
            }

            if (sent is null or { Length: 0 })
            {
                return Results.LocalRedirect(page + "?problem=none");
            }

            var content = new byte[checked((int)sent.Length)];
            await using (var stream = sent.OpenReadStream())
            {
                await stream.ReadExactlyAsync(content, cancellationToken);
            }

            var taken = await requests.Send(new TakeReadingFile(loop.Id, sent.FileName, ReadingFileSource.Upload, content), cancellationToken);
            if (!taken.WasKnown)
            {
                await worker.GoThroughAsync(loop.Id, taken.Id, cancellationToken);
            }

            return Results.LocalRedirect(string.Create(CultureInfo.InvariantCulture, $"{page}/{taken.Id}{(taken.WasKnown ? "?known=true" : "")}"));
        }
        catch (NotPermittedException)
        {
            return Results.NotFound();
        }
    }

    private static async Task<IResult> RefusedAsync(string slug, long id, Requests requests, CancellationToken cancellationToken)
    {
        try
        {
            var loop = await requests.Send(new FindLoop(slug), cancellationToken);
            var view = await requests.Send(new ShowReadingFile(loop.Id, id, MostRefused), cancellationToken);
            var text = new StringBuilder(view.Header).Append(",refused_line,refused_reason\r\n");
            foreach (var refusal in view.Refusals)
            {
                text.Append(refusal.Row).Append(CultureInfo.InvariantCulture, $",{refusal.Line},").Append(Quoted(refusal.Reason)).Append("\r\n");
            }

            return Results.File(Encoding.UTF8.GetBytes(text.ToString()), "text/csv; charset=utf-8", string.Create(CultureInfo.InvariantCulture, $"{slug}-readings-refused-{id}.csv"));
        }
        catch (NotPermittedException)
        {
            return Results.NotFound();
        }
    }

    private static string Quoted(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
