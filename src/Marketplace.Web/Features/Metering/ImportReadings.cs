using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
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
    IReadOnlyDictionary<string, int> ProblemsByRule, IReadOnlyList<FolderProblem> Problems);

/// <summary>Takes the readings of a folder or file in, without running a market on them. The loop named after the folder is made
/// if there is none. Importing the same rows again changes nothing; other values for known hours are corrections.</summary>
public sealed class ReadingsImport(Requests requests, LoopNames loops, TimeProvider time)
{
    public async Task<ImportReport> RunAsync(ReplayFolder folder, Action<string> say, CancellationToken cancellationToken)
    {
        var span = folder.Span ?? throw new ArgumentException("There are no readings to import", nameof(folder));
        var known = await loops.FindAsync(folder.Slug, cancellationToken);
        var loopId = known ?? await requests.Send(new SetUpLoop(ReplayPlan.Of(folder, null).Loop), Actor.System, cancellationToken);
        say(known is null ? $"Made the loop '{folder.Slug}' with {Text(folder.Meters.Count)} meters." : $"The loop '{folder.Slug}' is there already.");

        var (stored, corrected, alreadyKnown) = (0, 0, 0);
        foreach (var day in span.Steps(TimeSpan.FromDays(1)))
        {
            var hours = new Interval(day, day.AddDays(1) < span.End ? day.AddDays(1) : span.End).Steps(MarketHour.Length);
            var delivered = hours.SelectMany(folder.ReadingsAt).Select(reading => reading.Delivered()).ToList();
            if (delivered.Count == 0)
            {
                continue;
            }

            // Recorded readings are judged by real time: the market clock of their loop may stand anywhere.
            var received = await requests.Send(new ReceiveReadings(loopId, KeyOf(delivered), delivered, time.GetUtcNow()), Actor.System, cancellationToken);
            (stored, corrected, alreadyKnown) = (stored + received.Stored, corrected + received.Corrected, alreadyKnown + received.Unchanged);
            foreach (var refused in received.Rejected)
            {
                folder.Problems.Refuse(folder.ReadingsFileName, refused.Reading.Row, FieldOf(refused.Rule), refused.Rule.Name, refused.Reason);
            }

            if (day.Day == 1)
            {
                say($"{Instants.Iso(day)}: {Text(stored + alreadyKnown)} of {Text(folder.ReadingCount)} readings.");
            }
        }

        return new ImportReport(
            folder.Slug, known is null, folder.RowsRead, stored, corrected, alreadyKnown, folder.RowsRead - stored - alreadyKnown,
            folder.Meters.Sum(meter => meter.MissingHours), folder.Problems.ByRule, folder.Problems.Kept);
    }

    // The key is the content: the same rows again are the same delivery, whatever the file is called by then.
    private static string KeyOf(List<DeliveredReading> delivered)
    {
        var text = new StringBuilder();
        foreach (var row in delivered)
        {
            text.Append(row.Meter).Append('\n').Append(Instants.Iso(row.Start)).Append('\n')
                .Append(row.KilowattHours.ToString(CultureInfo.InvariantCulture)).Append('\n').Append(row.Note).Append('\n');
        }

        return "import/" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16));
    }

    private static string FieldOf(ReadingRule rule) =>
        rule == ReadingRule.UnknownMeter ? "building" : rule == ReadingRule.Negative || rule == ReadingRule.WholeWattHours || rule == ReadingRule.Plausible ? "kwh" : "timestamp_utc";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
