using System.Globalization;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;

namespace Marketplace.Web.Features.Payments;

/// <summary>Members' accounts, files for the bank and its statements.</summary>
public static class PaymentsFeature
{
    public static void AddPayments(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<AccountBook>();
        builder.Services.AddScoped<MoneyBook>();
    }

    public static void MapPayments(this IEndpointRouteBuilder routes)
    {
        var payments = routes.MapGroup("/loops/{slug}/operations/payments").RequireAuthorization();
        payments.MapGet("/files/{id:int}.xml", async (string slug, int id, Requests requests, CancellationToken cancellationToken) =>
        {
            var loop = await requests.Send(new FindLoop(slug), cancellationToken);
            var file = await requests.Send(new ReadBankFile(loop.Id, id), cancellationToken);
            return Results.File(file.Content, "application/xml", file.MessageId + ".xml");
        });
        payments.MapPost("/statement", StatementAsync).DisableAntiforgery();
    }

    private static async Task<IResult> StatementAsync(HttpContext context, string slug, Requests requests, IAntiforgery antiforgery, CancellationToken cancellationToken)
    {
        var loop = await requests.Send(new FindLoop(slug), cancellationToken);
        IResult Back(string query) => Results.LocalRedirect($"{loop.Path}/operations/payments?{query}#statements");
        IFormFile? sent;
        try
        {
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            {
                size.MaxRequestBodySize = ImportStatement.MostBytes + (64 * 1024);
            }

            sent = (await context.Request.ReadFormAsync(new FormOptions { MultipartBodyLengthLimit = ImportStatement.MostBytes }, cancellationToken)).Files["file"];
        }
        catch (Exception tooLarge) when (tooLarge is InvalidDataException or BadHttpRequestException)
        {
            return Back("problem=size");
        }

        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return Back("problem=form");
        }

        if (sent is null or { Length: 0 })
        {
            return Back("problem=none");
        }

        var content = new byte[checked((int)sent.Length)];
        await using (var stream = sent.OpenReadStream())
        {
            await stream.ReadExactlyAsync(content, cancellationToken);
        }

        var attempt = await requests.Try(new ImportStatement(loop.Id, content), cancellationToken);
        return attempt.Value is { } read
            ? Back(string.Create(CultureInfo.InvariantCulture, $"done=statement&statements={read.Statements}&known={read.Known}&booked={read.Booked}&waiting={read.Waiting}"))
            : Back("why=" + Uri.EscapeDataString(attempt.Problems[0].Message));
    }
}
