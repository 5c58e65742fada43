namespace Marketplace.Metering.Checks;

/// <summary>
/// Some values in order while a window slides over a series: from one hour to the next one value leaves and one comes, which costs a
/// move within a few cache lines where sorting the window anew would cost more than all other checks together.
/// </summary>
internal sealed class SortedWindow(int capacity)
{
    private readonly long[] _values = new long[capacity];

    public int Count { get; private set; }

    public void Add(long value)
    {
        var at = LowerBound(value);
        _values.AsSpan(at, Count - at).CopyTo(_values.AsSpan(at + 1));
        _values[at] = value;
        Count++;
    }

    /// <summary>Takes one of the values out that are equal to this one. It must be there.</summary>
    public void Remove(long value)
    {
        var at = LowerBound(value);
        _values.AsSpan(at + 1, Count - at - 1).CopyTo(_values.AsSpan(at));
        Count--;
    }

    /// <summary>The value of nearest rank, as <see cref="Statistics.Quantile"/> gives it.</summary>
    public long Quantile(decimal share) => _values[Statistics.Rank(share, Count)];

    /// <summary>The values of nearest rank at two shares, where one value that is there is left out.</summary>
    public (long Low, long High) QuantilesWithout(long value, decimal lowShare, decimal highShare)
    {
        var without = LowerBound(value);
        return (At(Statistics.Rank(lowShare, Count - 1)), At(Statistics.Rank(highShare, Count - 1)));

        long At(int rank) => _values[rank < without ? rank : rank + 1];
    }

    public (long Low, long High) Quantiles(decimal lowShare, decimal highShare) => (Quantile(lowShare), Quantile(highShare));

    private int LowerBound(long value)
    {
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = _values[middle] < value ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
