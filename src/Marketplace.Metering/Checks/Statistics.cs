namespace Marketplace.Metering.Checks;

/// <summary>Order statistics on whole numbers: exact, whatever the order of the input.</summary>
internal static class Statistics
{
    /// <summary>The value of nearest rank: at least this share of the values is not above it. The values are sorted in place.</summary>
    public static long Quantile(Span<long> values, decimal share)
    {
        values.Sort();
        return values[Rank(share, values.Length)];
    }

    /// <summary>Which of so many values in order is the one of nearest rank.</summary>
    public static int Rank(decimal share, int count) => Math.Clamp((int)Math.Ceiling(share * count) - 1, 0, count - 1);

    /// <summary>The lower median. The values are sorted in place.</summary>
    public static long Median(Span<long> values) => Quantile(values, 0.5m);

    /// <summary>The median of the distances from a centre.</summary>
    public static long MedianDeviation(ReadOnlySpan<long> values, long centre)
    {
        var distances = new long[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            distances[i] = Math.Abs(values[i] - centre);
        }

        return Median(distances);
    }

    /// <summary>The smallest step between different values: the resolution of what was reported. 1 where there are not two.</summary>
    public static long Step(IEnumerable<long> values)
    {
        var distinct = values.Distinct().Order().ToArray();
        var step = long.MaxValue;
        for (var i = 1; i < distinct.Length; i++)
        {
            step = Math.Min(step, distinct[i] - distinct[i - 1]);
        }

        return step == long.MaxValue ? 1 : step;
    }
}
