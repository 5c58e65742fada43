using Marketplace.Metering.Checks;
using Marketplace.Quantities;

namespace Marketplace.Metering.Forecasts;

/// <summary>The outdoor temperature of hours, in thousandths of a degree Celsius; null where nobody knows it.</summary>
public delegate int? OutdoorTemperature(DateTimeOffset hour);

/// <summary>
/// What a meter takes by hour of the day, kind of day and outdoor temperature: an amount for each of the 24 hours of working days and
/// of weekends, and for each hour of the day an amount more for each degree that it is colder (or warmer) outside than a base.
/// Least squares in decimal arithmetic: the same readings give the same numbers on every machine, rounded to a watt-hour at the end.
/// </summary>
public sealed class WeatherProfile
{
    private const int HoursOfDay = 24;
    private const int Buckets = 2 * HoursOfDay;
    private const int FewestHours = 14 * HoursOfDay;
    private const decimal MilliDegrees = 1000m;

    // The bases tried: heat is taken below, cold above. 15.5 °C is what the United Kingdom counts degree days from, 18 °C much of the continent.
    private static readonly (int BaseMilliCelsius, int Direction)[] Bases =
        [(12_000, -1), (14_000, -1), (15_500, -1), (18_000, -1), (20_000, -1), (16_000, 1), (20_000, 1), (24_000, 1)];

    private readonly decimal[] _amounts;
    private readonly decimal[] _slopes;
    private readonly LoopCalendar _calendar;

    private WeatherProfile(LoopCalendar calendar, int baseMilliCelsius, int direction, decimal[] amounts, decimal[] slopes)
    {
        _calendar = calendar;
        BaseMilliCelsius = baseMilliCelsius;
        Direction = direction;
        _amounts = amounts;
        _slopes = slopes;
    }

    /// <summary>The outdoor temperature from which on energy depends on it.</summary>
    public int BaseMilliCelsius { get; }

    /// <summary>−1 where energy grows as it gets colder than the base, +1 where it grows as it gets warmer.</summary>
    public int Direction { get; }

    /// <summary>Learns a profile; null where two weeks of hours with readings and temperatures are not there, or a kind of hour never was.</summary>
    /// <param name="series">Sound readings.</param>
    /// <param name="first">The index of the first hour to learn from.</param>
    /// <param name="end">The index after the last.</param>
    /// <param name="calendar">Whose days.</param>
    /// <param name="temperature">The temperature outside.</param>
    public static WeatherProfile? Learn(MeterSeries series, int first, int end, LoopCalendar calendar, OutdoorTemperature temperature)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(calendar);
        ArgumentNullException.ThrowIfNull(temperature);
        var known = new List<(int Bucket, int MilliCelsius, long WattHours)>();
        for (var at = Math.Max(0, first); at < Math.Min(end, series.Count); at++)
        {
            if (series.Value(at) is { } value && temperature(series.At(at)) is { } outside)
            {
                known.Add((BucketOf(series.At(at), calendar), outside, value));
            }
        }

        if (known.Count < FewestHours || known.Select(hour => hour.Bucket).Distinct().Count() < Buckets)
        {
            return null;
        }

        WeatherProfile? best = null;
        var bestError = decimal.MaxValue;
        foreach (var (baseMilliCelsius, direction) in Bases)
        {
            var profile = Fit(known, calendar, baseMilliCelsius, direction);
            var error = known.Sum(hour => Math.Abs(profile.Amount(hour.Bucket, hour.MilliCelsius) - hour.WattHours));
            if (error < bestError)
            {
                (best, bestError) = (profile, error);
            }
        }

        return best;
    }

    /// <summary>What the meter would take in an hour at a temperature outside: zero or more.</summary>
    public Energy At(DateTimeOffset hour, int outsideMilliCelsius) =>
        new((long)Math.Round(Math.Max(0m, Amount(BucketOf(hour, _calendar), outsideMilliCelsius)), MidpointRounding.AwayFromZero));

    private static WeatherProfile Fit(List<(int Bucket, int MilliCelsius, long WattHours)> known, LoopCalendar calendar, int baseMilliCelsius, int direction)
    {
        var counts = new int[Buckets];
        var degrees = new decimal[Buckets];
        var energies = new decimal[Buckets];
        foreach (var (bucket, outside, wattHours) in known)
        {
            counts[bucket]++;
            degrees[bucket] += Degrees(outside, baseMilliCelsius, direction);
            energies[bucket] += wattHours;
        }

        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            degrees[bucket] /= counts[bucket];
            energies[bucket] /= counts[bucket];
        }

        var together = new decimal[HoursOfDay];
        var squares = new decimal[HoursOfDay];
        foreach (var (bucket, outside, wattHours) in known)
        {
            var degree = Degrees(outside, baseMilliCelsius, direction) - degrees[bucket];
            together[bucket % HoursOfDay] += degree * (wattHours - energies[bucket]);
            squares[bucket % HoursOfDay] += degree * degree;
        }

        // A meter that takes less in worse weather is taken to be indifferent to it.
        var slopes = together.Zip(squares, (shared, square) => square == 0 ? 0m : Math.Max(0m, shared / square)).ToArray();
        var amounts = Enumerable.Range(0, Buckets).Select(bucket => energies[bucket] - (slopes[bucket % HoursOfDay] * degrees[bucket])).ToArray();
        return new WeatherProfile(calendar, baseMilliCelsius, direction, amounts, slopes);
    }

    private decimal Amount(int bucket, int outsideMilliCelsius) =>
        _amounts[bucket] + (_slopes[bucket % HoursOfDay] * Degrees(outsideMilliCelsius, BaseMilliCelsius, Direction));

    private static decimal Degrees(int outside, int baseMilliCelsius, int direction) => Math.Max(0, direction * (outside - baseMilliCelsius)) / MilliDegrees;

    private static int BucketOf(DateTimeOffset hour, LoopCalendar calendar) =>
        calendar.ToLocal(hour).Hour + (Estimation.IsWeekend(hour, calendar) ? HoursOfDay : 0);
}
