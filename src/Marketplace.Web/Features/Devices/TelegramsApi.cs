using System.Globalization;
using System.Text.Json;
using Marketplace.Metering;
using Marketplace.Web.Features.Api;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Mvc;

namespace Marketplace.Web.Features.Devices;

/// <param name="Device">The device's name; left out, its M-Bus identification number is its name.</param>
/// <param name="At">When it was read, with Z or an offset; left out, now by the market clock.</param>
/// <param name="Telegram">The long frame in hexadecimal.</param>
public sealed record ApiTelegram(string Telegram, string? Device = null, DateTimeOffset? At = null);

/// <param name="Index">Its place in the body, from 0.</param>
/// <param name="Outcome">stored or refused.</param>
/// <param name="Refused">Values of a telegram that was taken, but not they.</param>
public sealed record ApiTelegramTaken(int Index, string? Device, string Outcome, string? Rule, string? Detail, int Stored, int Unchanged, IReadOnlyList<ApiRefusedValue> Refused);

public sealed record ApiRefusedValue(string Register, string Rule, string Detail);

/// <summary>M-Bus telegrams (EN 13757-3) over HTTP: many as hexadecimal in JSON, or one as it is on the wire.</summary>
internal static class TelegramsApi
{
    private const int MostTelegrams = 1_000;
    private const long LargestBody = 1024 * 1024;

    public static void Map(RouteGroupBuilder api) =>
        api.MapPost("/loops/{slug}/telegrams", ReceiveAsync)
            .WithTags("Readings")
            .WithSummary("Delivers M-Bus telegrams of heat meters: counters and temperatures of the moment. JSON with hexadecimal, or one telegram as application/octet-stream with the queries device and at")
            .Accepts<IReadOnlyList<ApiTelegram>>("application/json", "application/octet-stream")
            .Produces<IReadOnlyList<ApiTelegramTaken>>()
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .WithMetadata(new RequestSizeLimitAttribute(LargestBody));

    private static async Task<IResult> ReceiveAsync(
        HttpContext context, string slug, string? device, string? at, Requests requests, CancellationToken cancellationToken)
    {
        var loop = await requests.Send(new FindLoop(slug), cancellationToken);
        if (ApiKeyAuthentication.DeliversFor(context.User, loop.Id) is not (true, var onlyDevice))
        {
            throw new RefusedException([new Problem("Authorization", "This key may not deliver readings. An operator makes one that may, on the page of the account or of a device.", "scope")]);
        }

        var sent = new List<SentTelegram>();
        if (context.Request.ContentType?.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase) == true)
        {
            using var bytes = new MemoryStream();
            await context.Request.Body.CopyToAsync(bytes, cancellationToken);
            sent.Add(new SentTelegram(device, at is null ? null : Instant.TryParse(at, out var instant) ? instant : throw new BodyException("at", $"The time cannot be read: {Instant.WordsFor("at")}."), bytes.ToArray()));
        }
        else
        {
            var telegrams = await ApiProblems.ReadAsync<IReadOnlyList<JsonElement>>(context);
            if (telegrams.Count is 0 or > MostTelegrams)
            {
                throw new BodyException("", string.Create(CultureInfo.InvariantCulture, $"Send 1 to {MostTelegrams} telegrams; these are {telegrams.Count}."));
            }

            sent.AddRange(telegrams.Select(SentOf));
        }

        var outcomes = await requests.Send(new ReceiveTelegrams(loop.Id, sent, onlyDevice), cancellationToken);
        return Results.Json(
            outcomes.Select((one, i) => new ApiTelegramTaken(i, one.Device, one.Rule is null ? "stored" : "refused", one.Rule, one.Reason, one.Stored, one.Unchanged,
                [.. one.Refused.Select(value => new ApiRefusedValue(value.Register, value.Rule, value.Reason))])),
            ApiProblems.Json);
    }

    /// <summary>Each by itself: one that cannot be read takes no other with it.</summary>
    private static SentTelegram SentOf(JsonElement element)
    {
        ApiTelegram? telegram = null;
        try
        {
            telegram = element.Deserialize<ApiTelegram>(ApiProblems.Json);
            if (telegram is null || (telegram.Device is { } name && !SignedBatch.IsName(name)))
            {
                return new SentTelegram(null, null, [], telegram is null ? "it is null" : "a device's name has 1 to 64 letters, digits, hyphens, dots or underscores");
            }

            return new SentTelegram(telegram.Device, telegram.At, Convert.FromHexString(string.Concat(telegram.Telegram.Where(c => !char.IsWhiteSpace(c)))));
        }
        catch (FormatException)
        {
            return new SentTelegram(telegram?.Device, null, [], "it is not written in hexadecimal, two digits a byte");
        }
        catch (JsonException malformed)
        {
            return new SentTelegram(null, null, [], ApiProblems.WordsFor(malformed, "it is not the JSON that is expected here"));
        }
    }
}
