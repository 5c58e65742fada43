using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Metering.Checks.Delivery;

/// <summary>Whether the intervals of a register fill a time, each part of it once, in pieces of the right length.</summary>
public static class IntervalChecks
{
    /// <summary>Hours without an interval.</summary>
    public static Check Missing { get; } = new("missing-interval", CheckFamily.Delivery, "Every hour of a register in service is delivered.");

    /// <summary>An interval that came twice.</summary>
    public static Check Duplicate { get; } = new("duplicate-interval", CheckFamily.Delivery, "Each interval of a register is delivered once.");

    /// <summary>Two intervals for the same time.</summary>
    public static Check Overlap { get; } = new("overlapping-interval", CheckFamily.Delivery, "Intervals of a register follow one another; none reaches into the next.");

    /// <summary>An interval of another length than its class has.</summary>
    public static Check Length { get; } = new("wrong-length", CheckFamily.Delivery, "An interval has the length that its class of meter delivers.");

    /// <summary>Judges the intervals of one register.</summary>
    /// <param name="intervals">In any order.</param>
    /// <param name="expected">The time that they should fill.</param>
    /// <param name="parameters">The class of the meter.</param>
    /// <returns>Findings by time.</returns>
    public static IReadOnlyList<Finding> Judge(IEnumerable<DeliveredInterval> intervals, Interval expected, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(intervals);
        ArgumentNullException.ThrowIfNull(parameters);
        var ordered = intervals.OrderBy(interval => interval.Start).ThenBy(interval => interval.End).ToArray();
        if (ordered is [])
        {
            return [];
        }

        var findings = new List<Finding>();
        var meter = ordered[0].Meter;
        var filledUntil = expected.Start;
        DeliveredInterval? before = null;
        foreach (var interval in ordered)
        {
            if (interval.End - interval.Start != parameters.IntervalLength)
            {
                findings.Add(new Finding(Length, meter, interval.During, $"The interval lasts {Minutes(interval.End - interval.Start)} instead of {Minutes(parameters.IntervalLength)}."));
            }

            if (before is not null && before.Start == interval.Start && before.End == interval.End)
            {
                findings.Add(new Finding(Duplicate, meter, interval.During, $"The interval from {Instants.Iso(interval.Start)} came more than once."));
            }
            else if (before is not null && interval.Start < before.End)
            {
                findings.Add(new Finding(Overlap, meter, interval.During, $"The interval begins at {Instants.Iso(interval.Start)}, before the one before it ends at {Instants.Iso(before.End)}."));
            }

            AddGap(interval.Start);
            filledUntil = interval.End > filledUntil ? interval.End : filledUntil;
            before = before is null || interval.End >= before.End ? interval : before;
        }

        AddGap(expected.End);
        return findings;

        void AddGap(DateTimeOffset next)
        {
            var until = next < expected.End ? next : expected.End;
            if (until > filledUntil)
            {
                var gap = new Interval(filledUntil.ToUniversalTime(), until.ToUniversalTime());
                findings.Add(new Finding(Missing, meter, gap, $"Nothing was delivered for {Minutes(gap.Length)} from {Instants.Iso(gap.Start)}."));
            }
        }
    }

    private static string Minutes(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.##} minutes");
}
