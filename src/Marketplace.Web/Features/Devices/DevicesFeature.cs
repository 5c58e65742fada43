using System.Globalization;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;

namespace Marketplace.Web.Features.Devices;

/// <summary>Devices: their life, their keys, and the batches they sign.</summary>
public static class DevicesFeature
{
    public static void AddDevices(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<DeviceBook>();
        builder.Services.AddSingleton<OpenKeys>();
        builder.Services.AddScoped<DeviceGate>();
        builder.Services.AddScoped<SignedReadings>();
        builder.Services.AddScoped<RegisterValues>();
    }

    public static void MapDevices(this IEndpointRouteBuilder routes)
    {
        var care = routes.MapGroup("/loops/{slug}/meters/{code}/care").RequireAuthorization();
        care.MapPost("/readings", TakeAsync).DisableAntiforgery();
        care.MapGet("/photos/{id:long}", PhotoAsync);
    }

    private static async Task<IResult> TakeAsync(
        HttpContext context, string slug, string code, Requests requests, IAntiforgery antiforgery, CancellationToken cancellationToken)
    {
        LoopView loop;
        try
        {
            loop = await requests.Send(new FindLoop(slug), cancellationToken);
        }
        catch (NotPermittedException)
        {
            return Results.NotFound();
        }

        var page = $"{loop.Path}/meters/{Uri.EscapeDataString(code)}/care";
        IResult Back(string problem) => Results.LocalRedirect($"{page}?problem={problem}");
        IFormCollection form;
        try
        {
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            {
                size.MaxRequestBodySize = Photo.MostBytes + (64 * 1024);
            }

            form = await context.Request.ReadFormAsync(new FormOptions { MultipartBodyLengthLimit = Photo.MostBytes }, cancellationToken);
        }
        catch (Exception tooLarge) when (tooLarge is InvalidDataException or BadHttpRequestException)
        {
            return Back("size");
        }

        if (!await antiforgery.IsRequestValidAsync(context) || !Guid.TryParse(form["submission"], out var submission))
        {
            return Back("form");
        }

        if (!DateTime.TryParseExact(form["at"], ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) || loop.Calendar.Zone.IsInvalidTime(local))
        {
            return Back("time");
        }

        if (!DevicePage.TryCounter(form["counter"], out var counter) || counter is not { } energy)
        {
            return Back("counter");
        }

        byte[]? photo = null;
        if (form.Files["photo"] is { Length: > 0 } sent)
        {
            photo = new byte[checked((int)sent.Length)];
            await using var stream = sent.OpenReadStream();
            await stream.ReadExactlyAsync(photo, cancellationToken);
        }

        try
        {
            var at = new DateTimeOffset(local, loop.Calendar.Zone.GetUtcOffset(local)).ToUniversalTime();
            var attempt = await requests.Try(new TakeManualReading(loop.Id, code, submission, at, energy, photo), cancellationToken);
            return attempt.Succeeded
                ? Results.LocalRedirect(page + "?done=reading")
                : Back(attempt.Problems[0].Field switch { nameof(TakeManualReading.Photo) => "photo", nameof(TakeManualReading.At) => "time", _ => "counter" });
        }
        catch (NotPermittedException)
        {
            return Results.NotFound();
        }
    }

    private static async Task<IResult> PhotoAsync(HttpContext context, string slug, string code, long id, Requests requests, CancellationToken cancellationToken)
    {
        try
        {
            var loop = await requests.Send(new FindLoop(slug), cancellationToken);
            if (await requests.Send(new ShowReadingPhoto(loop.Id, code, id), cancellationToken) is not { } photo)
            {
                return Results.NotFound();
            }

            context.Response.Headers.XContentTypeOptions = "nosniff";
            context.Response.Headers.CacheControl = "private, no-store";
            return Results.Bytes(photo.Content, photo.ContentType);
        }
        catch (NotPermittedException)
        {
            return Results.NotFound();
        }
    }
}
