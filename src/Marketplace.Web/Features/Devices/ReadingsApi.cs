using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Api;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Mvc;

namespace Marketplace.Web.Features.Devices;

/// <summary>What became of one thing that was sent.</summary>
/// <param name="Index">Its place in the body, from 0.</param>
/// <param name="Outcome">stored, known or refused.</param>
/// <param name="Rule">The rule by which all of it was refused.</param>
/// <param name="Refused">Readings of a batch that were refused, each with its rule.</param>
public sealed record ApiDelivered(
    int Index, string? Device, long? Sequence, string Outcome, string? Rule, string? Detail, int Stored, int Corrected, int Unchanged, IReadOnlyList<ApiRefusedItem> Refused);

/// <param name="Index">Its place in the batch, from 0.</param>
public sealed record ApiRefusedItem(int Index, string Rule, string Detail);

/// <param name="Items">Every batch, and of readings without a signature those that were refused.</param>
/// <param name="Stored">Readings stored, corrections included.</param>
/// <param name="Unchanged">Good readings whose value stood there already.</param>
/// <param name="Refused">Readings refused; a batch that could not be read counts as one.</param>
public sealed record ApiDelivery(IReadOnlyList<ApiDelivered> Items, int Stored, int Corrected, int Unchanged, int Refused);

/// <summary>Readings over HTTP: signed by devices, or without a signature from a system that an operator answers for.</summary>
internal static class ReadingsApi
{
    private const long LargestBody = 32L * 1024 * 1024;
    private const long LargestUnpacked = 128L * 1024 * 1024;
    private const int MostItems = 200_000;
    private const int MostListed = 50_000;

    private static readonly JsonSerializerOptions Answers = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static void Map(RouteGroupBuilder api) =>
        api.MapPost("/loops/{slug}/readings", ReceiveAsync)
            .WithTags("Readings")
            .WithSummary("Delivers readings: batches signed by devices (docs/metering-api.md), or hours of meters without a signature. JSON, NDJSON or CSV, each also packed with gzip; each item is judged by itself")
            .Accepts<IReadOnlyList<ApiSent>>("application/json", "application/x-ndjson", "text/csv")
            .Produces<ApiDelivery>()
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .WithMetadata(new RequestSizeLimitAttribute(LargestBody));

    private static async Task<IResult> ReceiveAsync(HttpContext context, string slug, Requests requests, CancellationToken cancellationToken)
    {
        var loop = await requests.Send(new FindLoop(slug), cancellationToken);
        var onlyDevice = ApiKeyAuthentication.DeliversFor(context.User, loop.Id) switch
        {
            (false, _) => throw new RefusedException([new Problem("Authorization", "This key may not deliver readings. An operator makes one that may, on the page of the account or of a device.", "scope")]),
            (true, var only) => only,
        };
        await using var body = BoundedBody.Of(context.Request, LargestUnpacked);
        var call = CallOf(context, loop);
        if (call is { } named && await requests.Send(new FindReadingCall(loop.Id, named), cancellationToken) is { } before)
        {
            return (await body.HashAsync(cancellationToken)).AsSpan().SequenceEqual(before.BodySha256)
                ? Results.Bytes(before.Answer, "application/json; charset=utf-8")
                : throw new RefusedException([new Problem("Idempotency-Key", "This key named a call with another body before.", "reused")]);
        }

        var delivery = new Delivery(requests, loop.Id, onlyDevice, call);
        try
        {
            await foreach (var item in SentReadings.ReadAsync(MediaTypeOf(context), body, cancellationToken))
            {
                await delivery.AddAsync(item, cancellationToken);
            }
        }
        catch (Exception broken) when (broken is JsonException or BodyException or BadHttpRequestException)
        {
            // What came before is good, whatever came after it.
            await delivery.FlushAsync(cancellationToken);
            if (broken is not JsonException malformed)
            {
                throw;
            }

            var words = ApiProblems.WordsFor(malformed, "The body is not the JSON array that is expected here");
            throw new BodyException(
                malformed.Path?.TrimStart('$', '.') ?? "",
                string.Create(CultureInfo.InvariantCulture, $"{words}. {delivery.Count} items before this place were taken in; sent again they change nothing."));
        }

        await delivery.FlushAsync(cancellationToken);
        var answer = JsonSerializer.SerializeToUtf8Bytes(delivery.Answer(), Answers);
        if (call is { } done)
        {
            await requests.Send(new KeepReadingCall(loop.Id, done, await body.HashAsync(cancellationToken), answer), cancellationToken);
        }

        return Results.Bytes(answer, "application/json; charset=utf-8");
    }

    private static string MediaTypeOf(HttpContext context) => (context.Request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();

    private static Guid? CallOf(HttpContext context, LoopView loop)
    {
        var name = context.Request.Headers["Idempotency-Key"].ToString();
        if (name.Length > 200)
        {
            throw new BodyException("Idempotency-Key", "Idempotency-Key has at most 200 characters.");
        }

        var account = context.User.FindFirst(System.Security.Claims.ClaimTypes.NameIdentifier)?.Value;
        return name.Length == 0
            ? null
            : new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"readings/{loop.Id}/{account}/{name}"))).AsSpan(0, 16));
    }

    /// <summary>Hands on what arrives in transactions of some thousand readings, so that memory is bounded whatever is sent.</summary>
    private sealed class Delivery(Requests requests, int loopId, int? onlyDevice, Guid? call)
    {
        private readonly List<ApiDelivered> _items = [];
        private readonly List<SentItem> _batches = [];
        private readonly List<DeliveredReading> _plain = [];
        private IReadOnlySet<string>? _signing;
        private int _stored, _corrected, _unchanged, _refused, _waiting, _parts;

        public int Count { get; private set; }

        public async Task AddAsync(SentItem item, CancellationToken cancellationToken)
        {
            if (++Count > MostItems)
            {
                throw new BodyException("", string.Create(CultureInfo.InvariantCulture, $"At most {MostItems} items in one call. Send the rest in another; what came before is taken in."));
            }

            if (item.Fault is { } fault)
            {
                List(item.Index, fault);
            }
            else if (item.Batch is { } batch)
            {
                _batches.Add(item);
                _waiting += batch.Readings.Count;
            }
            else if (item.Reading is { } reading)
            {
                await AddPlainAsync(item.Index, reading, cancellationToken);
            }

            if (_waiting >= ReceiveSignedBatches.MostReadings || _batches.Count >= 1_000)
            {
                await FlushAsync(cancellationToken);
            }
        }

        public async Task FlushAsync(CancellationToken cancellationToken)
        {
            if (_batches.Count > 0)
            {
                var outcomes = await requests.Send(new ReceiveSignedBatches(loopId, _batches.ConvertAll(item => item.Batch!), onlyDevice), cancellationToken);
                for (var i = 0; i < outcomes.Count; i++)
                {
                    List(_batches[i].Index, outcomes[i]);
                }
            }

            if (_plain.Count > 0)
            {
                var received = await requests.Send(new ReceiveReadings(loopId, PartKey(), _plain), Actor.System, cancellationToken);
                _stored += received.Stored;
                _corrected += received.Corrected;
                _unchanged += received.WasKnown ? _plain.Count - received.Rejected.Count : received.Unchanged;
                foreach (var rejected in received.Rejected)
                {
                    List(rejected.Reading.Row, BatchOutcome.RefusedFor("", 0, rejected.Rule.Name, rejected.Reason));
                }
            }

            _batches.Clear();
            _plain.Clear();
            (_waiting, _parts) = (0, _parts + 1);
        }

        public ApiDelivery Answer() => new([.. _items.OrderBy(item => item.Index)], _stored, _corrected, _unchanged, _refused);

        private async Task AddPlainAsync(int index, DeliveredReading reading, CancellationToken cancellationToken)
        {
            _signing ??= await requests.Send(new MetersThatSign(loopId), cancellationToken);
            if (onlyDevice is not null)
            {
                List(index, BatchOutcome.RefusedFor("", 0, "unsigned", "This key delivers the signed batches of one device only."));
            }
            else if (_signing.Contains(reading.Meter))
            {
                List(index, BatchOutcome.RefusedFor("", 0, "unsigned", $"The device at meter '{reading.Meter}' signs its readings; one without a signature is not taken."));
            }
            else
            {
                _plain.Add(reading);
                _waiting++;
            }
        }

        private void List(int index, BatchOutcome outcome)
        {
            _stored += outcome.Stored;
            _corrected += outcome.Corrected;
            _unchanged += outcome.Unchanged;
            _refused += outcome.State == BatchState.Refused ? 1 : outcome.Refused.Count;
            if (_items.Count < MostListed)
            {
                _items.Add(new ApiDelivered(
                    index, outcome.Device.Length == 0 ? null : outcome.Device, outcome.Sequence == 0 ? null : outcome.Sequence,
                    outcome.State switch { BatchState.Stored => "stored", BatchState.Known => "known", _ => "refused" },
                    outcome.Rule, outcome.Reason, outcome.Stored, outcome.Corrected, outcome.Unchanged,
                    [.. outcome.Refused.Select(item => new ApiRefusedItem(item.Index, item.Rule, item.Reason))]));
            }
        }

        // Named by the content, and by the call where it has a name: the same part twice is one delivery. The name alone would not do,
        // since a call that was broken off may come again mended, and its parts are then others.
        private string PartKey()
        {
            var text = new StringBuilder();
            foreach (var reading in _plain)
            {
                text.Append(CultureInfo.InvariantCulture, $"{reading.Meter}\n{Instants.Iso(reading.Start)}\n{reading.KilowattHours}\n");
            }

            var content = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16));
            return call is { } named ? string.Create(CultureInfo.InvariantCulture, $"api/{named:N}/{_parts}/{content}") : "api/" + content;
        }
    }
}
