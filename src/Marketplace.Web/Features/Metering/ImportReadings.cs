using System.Globalization;
using System.Security.Cryptography;
using System.Text.Unicode;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering.Quality;
using Marketplace.Web.Features.Replay;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Metering;

/// <summary>What an import found and did. All rows of the readings file are either stored, known already, or refused.</summary>
/// <param name="Loop">The slug of the loop that holds the readings.</param>
/// <param name="Created">Whether the loop was made for them.</param>
/// <param name="Missing">Hours between the first and the last reading for which a meter has none.</param>
/// <param name="Problems">All of them, or the first thousands.</param>
public sealed record ImportReport(
    string Loop, bool Created, int Rows, int Stored, int Corrected, int AlreadyKnown, int Refused, int Missing,
    IReadOnlyDictionary<string, int> ProblemsByRule, IReadOnlyList<FolderProblem> Problems, long PeakMemoryMegabytes);

/// <summary>Takes the readings of a folder or file in, without running a market on them. The loop named after the folder is made
/// if there is none. Importing the same rows again changes nothing; other values for known hours are corrections.</summary>
public sealed class ReadingsImport(Requests requests, LoopNames loops, Sequencer sequencer, ReadingChecks checks, TimeProvider time)
{
    // Enough that a transaction's own cost does not count, few enough that memory stays small.
    private const int ReadingsAtOnce = 18_000;

    public async Task<ImportReport> RunAsync(ReplayFolder folder, Action<string> say, CancellationToken cancellationToken)
    {
        var span = folder.Span ?? throw new ArgumentException("There are no readings to import", nameof(folder));
        var known = await loops.FindAsync(folder.Slug, cancellationToken);
        var loopId = known ?? await requests.Send(new SetUpLoop(ReplayPlan.Of(folder, null).Loop), Actor.System, cancellationToken);
        say(known is null ? $"Made the loop '{folder.Slug}' with {Text(folder.Meters.Count)} meters." : $"The loop '{folder.Slug}' is there already.");

        var taken = new Taken(0, 0, 0);
        var parts = PartsOf(folder, span);
        var sent = new Queue<(Part Part, Task<ReceivedReadings> Receiving)>();
        var judging = Task.FromResult(0);
        var next = Task.Run(() => Delivery.Of(folder, parts[0]), cancellationToken);
        for (var number = 0; number < parts.Count; number++)
        {
            // Of three parts, two are stored, of different meters, and the one after that is made ready.
            var delivery = await next;
            var following = number + 1;
            next = following < parts.Count ? Task.Run(() => Delivery.Of(folder, parts[following]), cancellationToken) : next;
            if (delivery.Readings.Count > 0)
            {
                sent.Enqueue((parts[number], await SendAsync(loopId, delivery, cancellationToken)));
            }

            while (sent.Count > (following < parts.Count ? 1 : 0))
            {
                var (part, receiving) = sent.Dequeue();
                var received = await receiving;
                taken = new Taken(taken.Stored + received.Stored, taken.Corrected + received.Corrected, taken.Unchanged + received.Unchanged);
                foreach (var refused in received.Rejected)
                {
                    folder.Problems.Refuse(folder.ReadingsFileName, refused.Reading.Row, FieldOf(refused.Rule), refused.Rule.Name, refused.Reason);
                }

                say($"{part.Meters[^1].Code} until {Instants.Iso(part.During.End)}: {Text(taken.Stored + taken.Unchanged)} of {Text(folder.ReadingCount)} readings.");
                if (part.IsLast && judging.IsCompleted)
                {
                    // The meters that are wholly in go through the checks while the others are stored.
                    var found = await judging;
                    judging = Task.Run(async () => found + (await requests.Send(new JudgeReadings(loopId), Actor.System, cancellationToken)).Found, cancellationToken);
                }
            }
        }

        // What a run that was killed had stored, but not yet brought under a checkpoint.
        await sequencer.IntegrateAsync(loopId, cancellationToken);
        var before = await judging;
        var judged = await checks.RunAsync(loopId, cancellationToken);
        say($"The checks raised {Text(before + judged.Found)} flags.");
        return new ImportReport(
            folder.Slug, known is null, folder.RowsRead, taken.Stored, taken.Corrected, taken.Unchanged, folder.RowsRead - taken.Stored - taken.Unchanged,
            folder.Meters.Sum(meter => meter.MissingHours), folder.Problems.ByRule, folder.Problems.Kept, MemoryWatch.OwnPeakMegabytes);
    }

    // Meter by meter: so the hours of a meter lie together in the table and in its key, and its checks can run when it is in. The meters of a
    // building are its member's: in two parts they would wait for each other's secrets.
    private static List<Part> PartsOf(ReplayFolder folder, Interval span)
    {
        var hours = (int)Math.Min(ReadingsAtOnce, span.Length / MarketHour.Length);
        var starts = span.Steps(MarketHour.Length * hours).ToList();
        var together = new List<List<FolderMeter>>();
        foreach (var building in folder.Meters.GroupBy(meter => meter.Building).Select(meters => meters.ToList()))
        {
            if (together.Count == 0 || (together[^1].Count + building.Count) * hours > ReadingsAtOnce)
            {
                together.Add([]);
            }

            together[^1].AddRange(building);
        }

        return
        [
            .. from meters in together
               from start in starts
               let end = start + (MarketHour.Length * hours)
               select new Part(meters, new Interval(start, end < span.End ? end : span.End), start == starts[^1]),
        ];
    }

    // Answers when the part has its turn, so that parts come in order; the task in it, when it is stored and under a checkpoint.
    private async Task<Task<ReceivedReadings>> SendAsync(int loopId, Delivery delivery, CancellationToken cancellationToken)
    {
        var hasBegun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // Recorded readings are judged by real time: the market clock of their loop may stand anywhere.
        var request = new ReceiveReadings(loopId, delivery.Key, delivery.Readings, time.GetUtcNow()) { Began = () => hasBegun.TrySetResult() };
        var receiving = Task.Run(() => requests.Send(request, Actor.System, cancellationToken), cancellationToken);
        await Task.WhenAny(hasBegun.Task, receiving);
        return receiving;
    }

    private static string FieldOf(ReadingRule rule) =>
        rule == ReadingRule.UnknownMeter ? "building" : rule == ReadingRule.Negative || rule == ReadingRule.WholeWattHours || rule == ReadingRule.Plausible ? "kwh" : "timestamp_utc";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private readonly record struct Taken(int Stored, int Corrected, int Unchanged);

    /// <param name="IsLast">Whether nothing of these meters comes after it.</param>
    private sealed record Part(IReadOnlyList<FolderMeter> Meters, Interval During, bool IsLast);

    private sealed record Delivery(string Key, List<DeliveredReading> Readings)
    {
        public static Delivery Of(ReplayFolder folder, Part part)
        {
            List<DeliveredReading> readings = [.. part.Meters.SelectMany(meter => folder.DeliveredBy(meter, part.During))];
            return new Delivery(KeyOf(readings), readings);
        }

        // The key is the content: the same rows again are the same delivery, whatever the file is called by then.
        private static string KeyOf(List<DeliveredReading> readings)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var rows = new byte[32 * 1024];
            var at = 0;
            foreach (var reading in readings)
            {
                int length;
                while (!Utf8.TryWrite(rows.AsSpan(at), CultureInfo.InvariantCulture, $"{reading.Meter}\n{reading.Start.UtcTicks}\n{reading.KilowattHours}\n{reading.Note}\n", out length))
                {
                    if (at == 0)
                    {
                        throw new InvalidOperationException("A meter's code or a note is longer than the reader lets through");
                    }

                    hash.AppendData(rows.AsSpan(0, at));
                    at = 0;
                }

                at += length;
            }

            hash.AppendData(rows.AsSpan(0, at));
            return "import/" + Convert.ToHexStringLower(hash.GetCurrentHash().AsSpan(0, 16));
        }
    }
}
