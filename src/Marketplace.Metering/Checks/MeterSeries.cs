using Marketplace.Quantities;

namespace Marketplace.Metering.Checks;

/// <summary>What one meter measured in consecutive hours; an hour without a reading is null.</summary>
public sealed class MeterSeries
{
    private readonly long?[] _wattHours;

    /// <summary>Creates a series.</summary>
    /// <param name="meter">The meter's code.</param>
    /// <param name="from">The first hour, on the hour, in UTC.</param>
    /// <param name="hours">One entry an hour.</param>
    /// <exception cref="ArgumentException">The start is not a UTC hour, or there are no hours.</exception>
    public MeterSeries(string meter, DateTimeOffset from, IEnumerable<Energy?> hours)
    {
        if (from.Offset != TimeSpan.Zero || !Validation.IsOnTheHour(from))
        {
            throw new ArgumentException("A series begins on a UTC hour", nameof(from));
        }

        Meter = meter;
        From = from;
        _wattHours = [.. hours.Select(energy => energy?.WattHours)];
        if (_wattHours.Length == 0)
        {
            throw new ArgumentException("A series has at least one hour", nameof(hours));
        }
    }

    /// <summary>The meter's code.</summary>
    public string Meter { get; }

    /// <summary>The first hour.</summary>
    public DateTimeOffset From { get; }

    /// <summary>How many hours it has, with or without readings.</summary>
    public int Count => _wattHours.Length;

    /// <summary>The whole time.</summary>
    public Interval During => Hours(0, Count);

    /// <summary>What was measured in the hour of this index.</summary>
    public Energy? this[int index] => _wattHours[index] is { } wattHours ? new Energy(wattHours) : null;

    /// <summary>The start of the hour of this index.</summary>
    public DateTimeOffset At(int index) => From.AddHours(index);

    /// <summary>The index of an hour, which may lie outside.</summary>
    public int IndexOf(DateTimeOffset hour) => checked((int)((hour - From).Ticks / TimeSpan.TicksPerHour));

    /// <summary>Some consecutive hours as an interval.</summary>
    public Interval Hours(int first, int count) => new(At(first), At(first + count));

    /// <summary>The same hours with other values: what a correction or a removal of doubtful hours gives.</summary>
    public MeterSeries With(Func<int, Energy?> value) => new(Meter, From, Enumerable.Range(0, Count).Select(value));

    /// <summary>Watt-hours of an hour, null where nothing was read.</summary>
    internal long? Value(int index) => _wattHours[index];

    internal ReadOnlySpan<long?> Values => _wattHours;

    internal long[] Present() => [.. _wattHours.Where(value => value is not null).Select(value => value!.Value)];
}

/// <summary>Consecutive hours of a series that have something in common.</summary>
/// <param name="First">The index of the first.</param>
/// <param name="Count">How many.</param>
public readonly record struct HourRun(int First, int Count)
{
    /// <summary>The index after the last.</summary>
    public int End => First + Count;

    /// <summary>The longest runs of hours that belong together.</summary>
    /// <param name="series">The series.</param>
    /// <param name="belongs">Whether an hour continues a run that began at the first index given.</param>
    public static IEnumerable<HourRun> In(MeterSeries series, Func<int, int, bool> belongs)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(belongs);
        for (var first = 0; first < series.Count; first++)
        {
            var end = first;
            while (end < series.Count && belongs(first, end))
            {
                end++;
            }

            if (end > first)
            {
                yield return new HourRun(first, end - first);
                first = end - 1;
            }
        }
    }

    /// <summary>The runs of zeros.</summary>
    public static IEnumerable<HourRun> OfZeros(MeterSeries series)
    {
        ArgumentNullException.ThrowIfNull(series);
        return In(series, (_, at) => series.Value(at) == 0);
    }
}
