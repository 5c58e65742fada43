using System.Globalization;
using System.Security.Cryptography;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.DataProtection;

namespace Marketplace.Web.Features.Payments;

/// <summary>Members' accounts, files for the bank and its statements.</summary>
public static class PaymentsFeature
{
    public static void AddPayments(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<AccountBook>();
        builder.Services.AddScoped<MoneyBook>();
        builder.Services.AddSingleton<RefusalWords>();
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

    private static async Task<IResult> StatementAsync(HttpContext context, string slug, Requests requests, IAntiforgery antiforgery, RefusalWords words, CancellationToken cancellationToken)
    {
        var loop = await requests.Send(new FindLoop(slug), cancellationToken);
        IResult Back(string query) => Results.LocalRedirect($"{loop.Path}/operations/payments?{query}#statements");
        var form = await SentForm.ReadAsync(context, ImportStatement.MostBytes, cancellationToken);
        if (form.Form is null)
        {
            return Back("problem=" + form.Problem);
        }

        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return Back("problem=form");
        }

        if (form.Form.Files["file"] is not { Length: > 0 } sent)
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
            ? Back(string.Create(CultureInfo.InvariantCulture, $"done=statement&statements={read.Statements}&known={read.Known}&booked={read.Booked}&waiting={read.Waiting}&repeated={read.Repeated}&gaps={read.Gaps}"))
            : Back("why=" + words.Code(attempt.Problems[0].Message));
    }
}

/// <summary>Carries the words of a refusal to the next page as a code that only this portal reads, and only for some minutes: an address stands in logs
/// and histories, and a statement's refusal names accounts.</summary>
internal sealed class RefusalWords(IDataProtectionProvider protection, TimeProvider time)
{
    private static readonly TimeSpan s_kept = TimeSpan.FromMinutes(10);

    private readonly IDataProtector _protector = protection.CreateProtector("payments/refusal");

    public string Code(string words) => Uri.EscapeDataString(_protector.Protect(
        string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow().Add(s_kept).ToUnixTimeSeconds()}:{words}")));

    /// <summary>The words; none where it is no code of ours, or too old.</summary>
    public string? Read(string? code)
    {
        if (string.IsNullOrEmpty(code))
        {
            return null;
        }

        try
        {
            var text = _protector.Unprotect(code);
            var end = text.IndexOf(':', StringComparison.Ordinal);
            return long.Parse(text.AsSpan(0, end), CultureInfo.InvariantCulture) >= time.GetUtcNow().ToUnixTimeSeconds() ? text[(end + 1)..] : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
