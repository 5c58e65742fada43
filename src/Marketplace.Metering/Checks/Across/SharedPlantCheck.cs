using System.Globalization;

namespace Marketplace.Metering.Checks.Across;

/// <summary>
/// Meters that are constant multiples of one another: one plant that somebody split by a key. In every hour the second is the ratio
/// of the totals times the first, but for rounding.
/// </summary>
public static class SharedPlantCheck
{
    /// <summary>A meter is a constant multiple of another.</summary>
    public static Check Check { get; } = new("constant-multiple", CheckFamily.AcrossMeters, "Each meter measures something of its own; none is another one times a constant.");

    // In so many hours of a thousand the multiple must hold, and the smaller meter must have shown so many different values:
    // two meters of few steps agree by chance.
    private const int HoldsInPerMille = 995;
    private const int FewestValues = 20;
    private const int FewestHours = 168;

    // Two roundings of half a step, and the sums of two halves of an hour may each be rounded.
    private const decimal RoundingSteps = 1.5m;

    /// <summary>Compares each two of a list of meters of one carrier.</summary>
    /// <returns>One finding for each meter that is a multiple of one before it in the list.</returns>
    public static IReadOnlyList<Finding> Find(IReadOnlyList<MeterSeries> meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var steps = meters.Select(meter => Statistics.Step(meter.Present())).ToArray();
        var values = meters.Select(meter => meter.Present().Distinct().Count()).ToArray();
        var findings = new List<Finding>();
        for (var second = 1; second < meters.Count; second++)
        {
            for (var first = 0; first < second; first++)
            {
                if (Math.Min(values[first], values[second]) >= FewestValues
                    && RatioOf(meters[first], meters[second], steps[first], steps[second]) is { } ratio)
                {
                    findings.Add(new Finding(Check, meters[second].Meter, meters[second].During, string.Create(
                        CultureInfo.InvariantCulture,
                        $"In practically every hour {meters[second].Meter} is {ratio:0.####} times {meters[first].Meter}."), meters[first].Meter));
                }
            }
        }

        return findings;
    }

    /// <summary>The meters that belong together, each group in the order of the list.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Groups(IEnumerable<Finding> findings)
    {
        ArgumentNullException.ThrowIfNull(findings);
        var groups = new List<List<string>>();
        foreach (var finding in findings.Where(finding => finding.Check == Check))
        {
            var ofFirst = groups.Find(group => group.Contains(finding.OtherMeter!));
            var ofSecond = groups.Find(group => group.Contains(finding.Meter));
            switch (ofFirst, ofSecond)
            {
                case (null, null):
                    groups.Add([finding.OtherMeter!, finding.Meter]);
                    break;
                case (null, not null):
                    ofSecond.Add(finding.OtherMeter!);
                    break;
                case (not null, null):
                    ofFirst.Add(finding.Meter);
                    break;
                default:
                    if (ofFirst != ofSecond)
                    {
                        ofFirst!.AddRange(ofSecond!);
                        groups.Remove(ofSecond!);
                    }

                    break;
            }
        }

        return groups;
    }

    private static decimal? RatioOf(MeterSeries first, MeterSeries second, long firstStep, long secondStep)
    {
        if (first.From != second.From || first.Count != second.Count)
        {
            return null;
        }

        var (sumOfFirst, sumOfSecond, hours) = ((Int128)0, (Int128)0, 0);
        for (var at = 0; at < first.Count; at++)
        {
            if (first.Value(at) is { } a && second.Value(at) is { } b && (a != 0 || b != 0))
            {
                sumOfFirst += a;
                sumOfSecond += b;
                hours++;
            }
        }

        if (hours < FewestHours || sumOfFirst <= 0 || sumOfSecond <= 0)
        {
            return null;
        }

        var ratio = (decimal)sumOfSecond / (decimal)sumOfFirst;
        var tolerance = (RoundingSteps / 2) * (secondStep + (ratio * firstStep));
        var mayFail = hours - (int)((long)hours * HoldsInPerMille / 1000);
        for (var at = 0; at < first.Count; at++)
        {
            if (first.Value(at) is { } a && second.Value(at) is { } b && (a != 0 || b != 0)
                && Math.Abs(b - (ratio * a)) > tolerance && --mayFail < 0)
            {
                return null;
            }
        }

        return ratio;
    }
}
