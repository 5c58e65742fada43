using Marketplace.Quantities;

namespace Marketplace.Metering.Checks.Delivery;

/// <summary>Whether a meter delivers all its registers, and from the device that it should have.</summary>
public static class DeviceChecks
{
    /// <summary>One register came without another that belongs to it.</summary>
    public static Check MissingSibling { get; } = new("missing-sibling", CheckFamily.Delivery, "The registers of a meter come together: energy with volume and temperatures.");

    /// <summary>Another device sends for the meter.</summary>
    public static Check Exchange { get; } = new("meter-exchange", CheckFamily.Delivery, "A meter's readings come from the device registered for it; an exchange is recorded.");

    /// <summary>Judges whether each interval of a register has its siblings.</summary>
    /// <param name="intervals">All registers of one meter.</param>
    /// <param name="registers">The registers that belong together.</param>
    public static IReadOnlyList<Finding> JudgeSiblings(IEnumerable<DeliveredInterval> intervals, IReadOnlyCollection<string> registers)
    {
        ArgumentNullException.ThrowIfNull(intervals);
        return
        [
            .. from hour in intervals.GroupBy(interval => interval.Start.UtcTicks).OrderBy(hour => hour.Key)
               let missing = registers.Except(hour.Select(interval => interval.Register), StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray()
               where missing.Length > 0 && missing.Length < registers.Count
               let first = hour.First()
               select new Finding(MissingSibling, first.Meter, first.During, $"{string.Join(", ", missing)} did not come with {first.Register}."),
        ];
    }

    /// <summary>Judges whether the device changes between intervals, other than at a recorded exchange.</summary>
    /// <param name="intervals">The intervals of one meter.</param>
    /// <param name="recorded">The instants of recorded exchanges.</param>
    public static IReadOnlyList<Finding> JudgeExchange(IEnumerable<DeliveredInterval> intervals, IReadOnlyCollection<DateTimeOffset> recorded)
    {
        ArgumentNullException.ThrowIfNull(intervals);
        ArgumentNullException.ThrowIfNull(recorded);
        var findings = new List<Finding>();
        DeliveredInterval? before = null;
        foreach (var interval in intervals.Where(interval => interval.Device is not null).OrderBy(interval => interval.Start))
        {
            if (before is not null
                && !string.Equals(before.Device, interval.Device, StringComparison.Ordinal)
                && !recorded.Any(at => at >= before.Start && at <= interval.End))
            {
                findings.Add(new Finding(Exchange, interval.Meter, interval.During, $"Device {interval.Device} sends since {Instants.Iso(interval.Start)} where {before.Device} did, and no exchange is recorded."));
            }

            before = interval;
        }

        return findings;
    }
}
