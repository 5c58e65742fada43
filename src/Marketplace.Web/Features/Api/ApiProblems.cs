using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Api;

/// <summary>Refusals as RFC 9457 problem details: what happened in words, and each field with the bound that was passed.</summary>
internal static class ApiProblems
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        NumberHandling = JsonNumberHandling.Strict,
        Converters = { new InstantConverter() },
    };

    public static IResult Of(int status, string type, string title, string detail, IReadOnlyList<ApiFault>? errors = null) => Results.Problem(
        detail, statusCode: status, title: title, type: "/api#" + type,
        extensions: errors is null ? null : new Dictionary<string, object?> { ["errors"] = errors });

    public static IResult Refused(IReadOnlyList<Problem> problems) => Of(
        StatusCodes.Status422UnprocessableEntity, "refused", "Refused", string.Join(" ", problems.Select(problem => problem.Said.English)), [.. problems.Select(FaultOf)]);

    public static ApiFault FaultOf(Problem problem) => new(FieldOf(problem.Field), problem.Bound, problem.Said.English);

    public static IResult NotFound() => Of(StatusCodes.Status404NotFound, "not-found", "Not found", "There is no such thing, or it is not yours to see.");

    /// <summary>Reads a body; what is wrong with it names the place.</summary>
    public static async Task<T> ReadAsync<T>(HttpContext context)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(context.Request.Body, Json, context.RequestAborted)
                ?? throw new BodyException("", "The body is empty; send JSON.");
        }
        catch (JsonException malformed)
        {
            throw new BodyException(
                malformed.Path?.TrimStart('$', '.') ?? "",
                WordsFor(malformed, "The body is not the JSON that is expected here") + (malformed.Path is { Length: > 1 } ? "." : ". " + malformed.Message));
        }
    }

    /// <summary>What is wrong with JSON, and where: a sentence without its full stop.</summary>
    /// <param name="words">What to say of anything but a time.</param>
    public static string WordsFor(JsonException malformed, string words) =>
        malformed is InstantException { Path: { } at } instant ? $"{words}, at {at.TrimStart('$', '.')}: {Instant.WordsFor(instant.Field ?? at[(at.LastIndexOf('.') + 1)..])}"
        : malformed.Path is { Length: > 1 } path ? $"{words}, at {path.TrimStart('$', '.')}"
        : words;

    /// <summary>Turns what requests refuse into problem details, in English: programs read them.</summary>
    public static async ValueTask<object?> Filter(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = Shell.Texts.Languages[0];
        try
        {
            return await next(context);
        }
        catch (RefusedException refusal)
        {
            return Refused(refusal.Problems);
        }
        catch (NotPermittedException)
        {
            return NotFound();
        }
        catch (BodyException body)
        {
            return Of(StatusCodes.Status400BadRequest, "malformed", "Malformed", body.Message, body.Field.Length == 0 ? null : [new ApiFault(body.Field, null, body.Message)]);
        }
        catch (BadHttpRequestException bad)
        {
            return Of(bad.StatusCode, "malformed", "Malformed", bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? "The body is larger than this takes." : "The body could not be read.");
        }
    }

    // The interface's own names of what requests call otherwise.
    private static string? FieldOf(string field) => field switch
    {
        "" => null,
        "Quantity" => "quantityWh",
        "Limit" => "limitMicroPerKWh",
        "PlantCode" => "plant",
        "SubmissionId" => "Idempotency-Key",
        _ => JsonNamingPolicy.CamelCase.ConvertName(field),
    };
}

/// <param name="Field">Where it is wrong; null for the whole.</param>
/// <param name="Bound">Which bound was passed: gate, capacity, operator-limit, deposit, balance, …</param>
public sealed record ApiFault(string? Field, string? Bound, string Detail);

/// <summary>A body that cannot be read.</summary>
internal sealed class BodyException(string field, string message) : Exception(message)
{
    public string Field { get; } = field;
}
