using System.Globalization;
using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Value;
using Marketplace.Metering.Forecasts;
using Marketplace.Quantities;

namespace Marketplace.Metering;

/// <summary>What a gap can be estimated from. What is not there is null, and the next rung is taken.</summary>
/// <param name="Own">What the meter itself measured: sound readings only, no estimates; the gap is null in it.</param>
/// <param name="Calendar">Whose days.</param>
/// <param name="Sibling">Sound readings of a meter that measures the same or much the same.</param>
/// <param name="Temperature">The temperature outside.</param>
/// <param name="Before">What the register showed at the start of the gap.</param>
/// <param name="After">What it showed at its end.</param>
/// <param name="Parameters">The class of the meter: the digits of its register.</param>
/// <param name="Forecast">What had been forecast for an hour from measurements before it.</param>
public sealed record EstimationEvidence(
    MeterSeries Own,
    LoopCalendar Calendar,
    MeterSeries? Sibling = null,
    OutdoorTemperature? Temperature = null,
    RegisterReading? Before = null,
    RegisterReading? After = null,
    MeterClass? Parameters = null,
    Func<DateTimeOffset, Energy?>? Forecast = null);

/// <summary>An estimate of one hour of a gap.</summary>
public sealed record EstimatedGapHour(DateTimeOffset Hour, Estimate Estimate);

/// <summary>
/// Fills a gap by the best founded method that it has evidence for: a sibling; a straight line over at most two hours; like days or the
/// last week; over more than a week, and where like days are missing, the weather; and whatever the shape, scaled to what the register
/// counted where that is known. Each hour says which method the gap called for and which was applied.
/// </summary>
public static class EstimationLadder
{
    /// <summary>The rungs in the order in which they are tried for a short gap; the last scales whatever the others gave.</summary>
    public static IReadOnlyList<EstimationMethod> Order { get; } =
    [
        EstimationMethod.Sibling, EstimationMethod.Linear, EstimationMethod.LikeDays, EstimationMethod.LastWeek,
        EstimationMethod.Weather, EstimationMethod.Forecast, EstimationMethod.Yesterday, EstimationMethod.Zero, EstimationMethod.RegisterDifference,
    ];

    /// <summary>The longest gap, in hours, that like days are asked for: beyond it the weather has changed.</summary>
    public const int LongestLikeDaysGap = 7 * 24;

    private const int HoursAround = 14 * 24;
    private const int FewestCommonHours = 48;
    private const int ProfileHours = 56 * 24;

    /// <summary>Estimates every hour of a gap.</summary>
    /// <param name="evidence">What is known.</param>
    /// <param name="gap">The hours of <see cref="EstimationEvidence.Own"/> to fill.</param>
    /// <exception cref="ArgumentException">The gap is not within the series.</exception>
    public static IReadOnlyList<EstimatedGapHour> Fill(EstimationEvidence evidence, HourRun gap)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        var own = evidence.Own;
        if (gap.First < 0 || gap.Count <= 0 || gap.End > own.Count)
        {
            throw new ArgumentException("The gap lies within the series", nameof(gap));
        }

        var shapes = Shape(evidence, gap);
        return Counted(evidence, gap) is { } counted ? Scaled(evidence, gap, shapes, counted) : shapes;
    }

    private static List<EstimatedGapHour> Shape(EstimationEvidence evidence, HourRun gap)
    {
        var own = evidence.Own;
        var requested = evidence is { Before: not null, After: not null } ? EstimationMethod.RegisterDifference
            : evidence.Sibling is not null ? EstimationMethod.Sibling
            : gap.Count <= Estimation.LongestLinearGap ? EstimationMethod.Linear
            : gap.Count <= LongestLikeDaysGap ? EstimationMethod.LikeDays
            : EstimationMethod.Weather;
        var proportion = ProportionToSibling(evidence, gap);
        var profile = new Lazy<WeatherProfile?>(() => evidence.Temperature is { } temperature
            ? WeatherProfile.Learn(WithoutGap(own, gap), gap.First - ProfileHours, gap.End + ProfileHours, evidence.Calendar, temperature)
            : null);

        var shapes = new List<EstimatedGapHour>(gap.Count);
        for (var at = gap.First; at < gap.End; at++)
        {
            var hour = own.At(at);
            shapes.Add(new EstimatedGapHour(hour, OfHour(hour) with { Requested = requested }));
        }

        return shapes;

        Estimate OfHour(DateTimeOffset hour)
        {
            if (proportion is { } share && ValueAt(evidence.Sibling!, hour) is { } sibling)
            {
                return Made(EstimationMethod.Sibling, Rounding.DivideAwayFromZero((Int128)sibling * share.Own, share.Sibling), $"what {evidence.Sibling!.Meter} measured, in the proportion of both around the gap");
            }

            if (gap.Count > LongestLikeDaysGap && ByWeather(hour) is { } expected)
            {
                return expected;
            }

            var near = Estimation.Of(hour, at => InGap(at) ? null : ValueAt(own, at) is { } value ? new Energy(value) : null, evidence.Calendar);
            var isFounded = near.Applied is EstimationMethod.Linear or EstimationMethod.LikeDays or EstimationMethod.LastWeek;
            return isFounded ? near : ByWeather(hour) ?? ByForecast(hour) ?? near;
        }

        Estimate? ByForecast(DateTimeOffset hour) =>
            evidence.Forecast?.Invoke(hour) is { } forecast ? Made(EstimationMethod.Forecast, forecast.WattHours, "what had been forecast for the hour") : null;

        Estimate? ByWeather(DateTimeOffset hour) =>
            evidence.Temperature?.Invoke(hour) is { } outside && profile.Value is { } learnt
                ? Made(EstimationMethod.Weather, learnt.At(hour, outside).WattHours, string.Create(
                    CultureInfo.InvariantCulture, $"by hour, kind of day and {outside / 1000m:0.#} °C outside, as in the weeks around"))
                : null;

        bool InGap(DateTimeOffset hour) => own.IndexOf(hour) is var at && at >= gap.First && at < gap.End;
    }

    // What both measured in the two weeks on each side; a sibling that measured nothing there says nothing.
    private static (long Own, long Sibling)? ProportionToSibling(EstimationEvidence evidence, HourRun gap)
    {
        if (evidence.Sibling is not { } sibling)
        {
            return null;
        }

        var (own, other, hours) = (0L, 0L, 0);
        for (var at = Math.Max(0, gap.First - HoursAround); at < Math.Min(evidence.Own.Count, gap.End + HoursAround); at++)
        {
            if ((at < gap.First || at >= gap.End) && evidence.Own.Value(at) is { } mine && ValueAt(sibling, evidence.Own.At(at)) is { } its)
            {
                own += mine;
                other += its;
                hours++;
            }
        }

        return hours >= FewestCommonHours && own >= 0 && other > 0 ? (own, other) : null;
    }

    // What the register counted over just this gap: its readings at the start and the end, or further out with every hour between measured.
    private static Energy? Counted(EstimationEvidence evidence, HourRun gap)
    {
        if (evidence is not { Before: { } before, After: { } after })
        {
            return null;
        }

        var (first, end) = (evidence.Own.IndexOf(before.At), evidence.Own.IndexOf(after.At));
        if (first < 0 || end > evidence.Own.Count || first > gap.First || end < gap.End
            || RegisterChecks.Difference(before, after, evidence.Parameters ?? MeterClass.Heat) is not { } counted)
        {
            return null;
        }

        for (var at = first; at < end; at++)
        {
            if (at >= gap.First && at < gap.End)
            {
                continue;
            }

            if (evidence.Own[at] is not { } measured)
            {
                return null;
            }

            counted -= measured;
        }

        return counted.IsNegative ? null : counted;
    }

    // The hours add up to the register to the watt-hour: what rounding leaves goes to the hours with the largest remainder.
    private static List<EstimatedGapHour> Scaled(EstimationEvidence evidence, HourRun gap, List<EstimatedGapHour> shapes, Energy counted)
    {
        var weights = shapes.Select(shape => Math.Max(0, shape.Estimate.Energy.WattHours)).ToArray();
        if (weights.All(weight => weight == 0))
        {
            Array.Fill(weights, 1);
        }

        var shares = LargestRemainder.Split(counted.WattHours, weights);
        return
        [
            .. shapes.Zip(shares, (shape, share) => shape with
            {
                Estimate = new Estimate(
                    new Energy(share),
                    EstimationMethod.RegisterDifference,
                    EstimationMethod.RegisterDifference,
                    $"{shape.Estimate.Explanation}, scaled to the {Words.KWh(counted.WattHours)} that the register of {evidence.Own.Meter} counted in {Words.Hours(gap.Count)}"),
            }),
        ];
    }

    private static MeterSeries WithoutGap(MeterSeries own, HourRun gap) => own.With(at => at >= gap.First && at < gap.End ? null : own[at]);

    private static long? ValueAt(MeterSeries series, DateTimeOffset hour) => series.IndexOf(hour) is var at && at >= 0 && at < series.Count ? series.Value(at) : null;

    private static Estimate Made(EstimationMethod method, long wattHours, string explanation) => new(new Energy(wattHours), method, method, explanation);
}
