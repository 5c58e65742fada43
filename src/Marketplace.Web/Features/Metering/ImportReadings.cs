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
public sealed class ReadingsImport(Requests requests, LoopNames loops, ReadingChecks checks, TimeProvider time)
{
    // Enough that a transaction's own cost does not count, few enough that memory stays small.
    private const int ReadingsAtOnce = 50_000;

    public async Task<ImportReport> RunAsync(ReplayFolder folder, Action<string> say, CancellationToken cancellationToken)
    {
        var span = folder.Span ?? throw new ArgumentException("There are no readings to import", nameof(folder));
        var known = await loops.FindAsync(folder.Slug, cancellationToken);
        var loopId = known ?? await requests.Send(new SetUpLoop(ReplayPlan.Of(folder, null).Loop), Actor.System, cancellationToken);
        say(known is null ? $"Made the loop '{folder.Slug}' with {Text(folder.Meters.Count)} meters." : $"The loop '{folder.Slug}' is there already.");

        var (stored, corrected, alreadyKnown) = (0, 0, 0);
        var parts = span.Steps(MarketHour.Length * Math.Max(24, ReadingsAtOnce / Math.Max(1, folder.Meters.Count))).ToList();
        var next = Task.Run(() => PartFrom(folder, parts, 0), cancellationToken);
        for (var part = 0; part < parts.Count; part++)
        {
            // While PostgreSQL is busy with one part, the next is made ready.
            var (key, delivered) = await next;
            var following = part + 1;
            next = Task.Run(() => PartFrom(folder, parts, following), cancellationToken);
            if (delivered.Count == 0)
            {
                continue;
            }

            // Recorded readings are judged by real time: the market clock of their loop may stand anywhere.
            var received = await requests.Send(new ReceiveReadings(loopId, key, delivered, time.GetUtcNow()), Actor.System, cancellationToken);
            (stored, corrected, alreadyKnown) = (stored + received.Stored, corrected + received.Corrected, alreadyKnown + received.Unchanged);
            foreach (var refused in received.Rejected)
            {
                folder.Problems.Refuse(folder.ReadingsFileName, refused.Reading.Row, FieldOf(refused.Rule), refused.Rule.Name, refused.Reason);
            }

            say($"{Instants.Iso(parts[part])}: {Text(stored + alreadyKnown)} of {Text(folder.ReadingCount)} readings.");
        }

        var judged = await checks.RunAsync(loopId, cancellationToken);
        say($"The checks looked at {Text(judged.Meters)} meters and raised {Text(judged.Found)} flags.");
        return new ImportReport(
            folder.Slug, known is null, folder.RowsRead, stored, corrected, alreadyKnown, folder.RowsRead - stored - alreadyKnown,
            folder.Meters.Sum(meter => meter.MissingHours), folder.Problems.ByRule, folder.Problems.Kept, MemoryWatch.OwnPeakMegabytes);
    }

    private static (string Key, List<DeliveredReading> Delivered) PartFrom(ReplayFolder folder, List<DateTimeOffset> parts, int part)
    {
        if (part == parts.Count)
        {
            return ("", []);
        }

        var end = part + 1 < parts.Count ? parts[part + 1] : folder.Span!.Value.End;
        var delivered = new Interval(parts[part], end).Steps(MarketHour.Length).SelectMany(folder.ReadingsAt).Select(reading => reading.Delivered()).ToList();
        return (KeyOf(delivered), delivered);
    }

    // The key is the content: the same rows again are the same delivery, whatever the file is called by then.
    private static string KeyOf(List<DeliveredReading> delivered)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> row = stackalloc byte[2048];
        foreach (var reading in delivered)
        {
            if (!Utf8.TryWrite(row, CultureInfo.InvariantCulture, $"{reading.Meter}\n{reading.Start.UtcTicks}\n{reading.KilowattHours}\n{reading.Note}\n", out var length))
            {
                throw new InvalidOperationException("A meter's code or a note is longer than the reader lets through");
            }

            hash.AppendData(row[..length]);
        }

        return "import/" + Convert.ToHexStringLower(hash.GetCurrentHash().AsSpan(0, 16));
    }

    private static string FieldOf(ReadingRule rule) =>
        rule == ReadingRule.UnknownMeter ? "building" : rule == ReadingRule.Negative || rule == ReadingRule.WholeWattHours || rule == ReadingRule.Plausible ? "kwh" : "timestamp_utc";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
