using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Metering;

/// <summary>What a delivery is judged against.</summary>
/// <param name="Meters">The meters of the loop by code, and when each is in service.</param>
/// <param name="MarketTime">The time by the loop's market clock: an hour that is not over by it lies in the future.</param>
/// <param name="Expected">The hours that the delivery should cover for every meter in service; null if it promises none.</param>
public sealed record ValidationContext(IReadOnlyDictionary<string, MeterService> Meters, DateTimeOffset MarketTime, Interval? Expected = null);

/// <summary>What became of a delivery: nothing is lost, each row is either accepted or rejected with its rule.</summary>
/// <param name="Accepted">Good rows, in the order delivered.</param>
/// <param name="Rejected">Refused rows, in the order delivered.</param>
/// <param name="Missing">Expected hours without a good row, by hour and then by meter.</param>
public sealed record ValidationResult(
    IReadOnlyList<ValidatedReading> Accepted,
    IReadOnlyList<RejectedReading> Rejected,
    IReadOnlyList<MissingReading> Missing);

/// <summary>Holds delivered readings to the rules. A bad row never takes a good one with it.</summary>
public static class Validation
{
    /// <summary>The market's hour.</summary>
    public static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private const decimal MostKilowattHours = 10_000_000m;

    // A row is refused by the first rule it breaks; each check returns the reason for this row, or null where it is met.
    private static readonly (ReadingRule Rule, Func<DeliveredReading, ValidationContext, string?> Broken)[] RowRules =
    [
        (ReadingRule.UnknownMeter, (row, context) =>
            context.Meters.ContainsKey(row.Meter) ? null : $"This loop has no meter '{row.Meter}'."),
        (ReadingRule.IntervalStart, (row, _) =>
            IsOnTheHour(row.Start) ? null : $"{Instants.Iso(row.Start)} is not the start of an hour."),
        (ReadingRule.OutOfService, (row, context) =>
            context.Meters[row.Meter].Covers(row.Start) ? null : $"Meter '{row.Meter}' is not in service at {Instants.Iso(row.Start)}."),
        (ReadingRule.Future, (row, context) =>
            // A difference of two instants always fits; the end of an hour at the end of time would not.
            context.MarketTime - row.Start >= Hour
                ? null
                : $"The hour from {Instants.Iso(row.Start)} is not over; the market clock shows {Instants.Iso(context.MarketTime)}."),
    ];

    /// <summary>Judges a delivery. The same delivery and context always give the same result.</summary>
    public static ValidationResult Judge(IEnumerable<DeliveredReading> delivery, ValidationContext context)
    {
        var accepted = new List<ValidatedReading>();
        var rejected = new List<RejectedReading>();
        var kept = new KeptHours(accepted);
        foreach (var row in delivery)
        {
            if (FirstBroken(row, context) is { } broken)
            {
                rejected.Add(broken);
                continue;
            }

            var reading = new ValidatedReading(row.Row, row.Meter, row.Start.ToUniversalTime(), Energy.FromKWh(row.KilowattHours), Printable(row.Note));
            if (kept.Find(reading.Meter, reading.Hour) is { } first)
            {
                rejected.Add(Duplicate(row, reading, first));
                continue;
            }

            kept.Add(reading);
        }

        return new ValidationResult(accepted, rejected, MissingIn(context, (meter, hour) => kept.Find(meter, hour) is not null));
    }

    /// <summary>What has been kept, by meter and hour. Hours that come in order, meter by meter or not, cannot repeat: only the first that does not asks for a
    /// dictionary of all.</summary>
    private sealed class KeptHours(List<ValidatedReading> accepted)
    {
        private readonly Dictionary<string, long> _latest = new(StringComparer.Ordinal);
        private Dictionary<(string Meter, DateTimeOffset Hour), ValidatedReading>? _all;

        public ValidatedReading? Find(string meter, DateTimeOffset hour)
        {
            if (_all is null && (!_latest.TryGetValue(meter, out var latest) || hour.UtcTicks > latest))
            {
                return null;
            }

            _all ??= accepted.ToDictionary(reading => (reading.Meter, reading.Hour));
            return _all.GetValueOrDefault((meter, hour));
        }

        public void Add(ValidatedReading reading)
        {
            accepted.Add(reading);
            _all?.Add((reading.Meter, reading.Hour), reading);
            _latest[reading.Meter] = reading.Hour.UtcTicks;
        }
    }

    /// <summary>The rule that an amount of energy breaks as the reading of one hour, with the reason; null for a good amount.</summary>
    public static (ReadingRule Rule, string Reason)? FaultOf(decimal kilowattHours) => kilowattHours switch
    {
        < 0 => (ReadingRule.Negative, $"{Text(kilowattHours)} kWh is below zero; a register counts in one direction."),
        > MostKilowattHours => (ReadingRule.Plausible, $"{Text(kilowattHours)} kWh is more than 10 GWh in one hour."),
        _ when !decimal.IsInteger(kilowattHours * 1000m) => (ReadingRule.WholeWattHours, $"{Text(kilowattHours)} kWh is finer than one watt-hour."),
        _ => null,
    };

    /// <summary>Whether an instant is the start of a UTC hour. Zones with offsets of half an hour do not move it.</summary>
    public static bool IsOnTheHour(DateTimeOffset instant) => instant.UtcTicks % TimeSpan.TicksPerHour == 0;

    // A note is kept and shown for years, and not every table takes what a damaged file may hold.
    private static string? Printable(string? note) =>
        note is not null && note.Any(char.IsControl) ? string.Concat(note.Select(c => char.IsControl(c) ? ' ' : c)) : note;

    private static RejectedReading? FirstBroken(DeliveredReading row, ValidationContext context)
    {
        foreach (var (rule, broken) in RowRules)
        {
            if (broken(row, context) is { } reason)
            {
                return new RejectedReading(row, rule, reason);
            }
        }

        return FaultOf(row.KilowattHours) is { } fault ? new RejectedReading(row, fault.Rule, fault.Reason) : null;
    }

    private static RejectedReading Duplicate(DeliveredReading row, ValidatedReading reading, ValidatedReading first) =>
        first.Energy == reading.Energy
            ? new RejectedReading(row, ReadingRule.Repeated, $"Row {Text(first.Row)} already gives {Text(first.Energy.KilowattHours)} kWh for this meter and hour.")
            : new RejectedReading(row, ReadingRule.Contradicted, $"Row {Text(first.Row)} gives {Text(first.Energy.KilowattHours)} kWh for this meter and hour, this one {Text(row.KilowattHours)} kWh.");

    private static List<MissingReading> MissingIn(ValidationContext context, Func<string, DateTimeOffset, bool> isKept)
    {
        var missing = new List<MissingReading>();
        if (context.Expected is not { } expected)
        {
            return missing;
        }

        var meters = context.Meters.OrderBy(meter => meter.Key, StringComparer.Ordinal).ToArray();
        foreach (var hour in expected.Steps(Hour))
        {
            foreach (var (code, service) in meters)
            {
                if (service.Covers(hour) && !isKept(code, hour))
                {
                    missing.Add(new MissingReading(code, hour));
                }
            }
        }

        return missing;
    }

    private static string Text(decimal value) => value.ToString(CultureInfo.InvariantCulture);
}
