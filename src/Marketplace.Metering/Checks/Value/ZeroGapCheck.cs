using Marketplace.Quantities;

namespace Marketplace.Metering.Checks.Value;

/// <summary>
/// Zeros that stand for readings that never came. A zero is one of them where the meter has a base load and rarely rests, or where
/// like hours of the weeks around are practically never zero.
/// </summary>
public static class ZeroGapCheck
{
    /// <summary>A zero in place of a reading.</summary>
    public static Check Check { get; } = new("zero-is-gap", CheckFamily.Value, "Zero means that nothing was taken, not that nothing was read.");

    // A base load: of a hundred hours that are not zero all but one are above a quarter of their median, and well above the resolution.
    private const decimal LowShare = 0.01m;
    private const int BaseLoadParts = 4;
    private const int BaseLoadSteps = 5;

    // Rarely: less than once a week, less than a fifth of the time.
    private const int HoursOfWeek = 168;
    private const int RestParts = 5;

    // Like hours: the same hour of the same kind of day, four weeks back and forth; runs of most of a day are no evidence for others.
    private const int DaysAround = 28;
    private const int LongRun = 20;
    private const int ShortestRun = 3;
    private const int HoursJudged = 168;
    private const int FewestLikeHours = 8;
    private const decimal LikeShare = 0.97m;
    private const int NightHours = 13;

    /// <summary>Finds the runs of zeros that are gaps.</summary>
    /// <param name="series">A year or so; a month at least says little, less says nothing.</param>
    /// <param name="calendar">Whose days: like hours are alike by local time.</param>
    public static IReadOnlyList<Finding> Find(MeterSeries series, LoopCalendar calendar)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(calendar);
        var runs = HourRun.OfZeros(series).ToList();
        var taken = series.Present().Where(value => value > 0).ToArray();
        if (runs.Count == 0 || taken.Length < HoursOfWeek)
        {
            return [];
        }

        if (HasBaseLoad(taken, out var low, out var median) && IsRare(runs, series.Count))
        {
            return
            [
                .. runs.Select(run => new Finding(Check, series.Meter, series.Hours(run.First, run.Count),
                    $"Zero for {Words.Hours(run.Count)}; when it takes anything, this meter takes at least {Words.KWh(low)} ({Words.KWh(median)} in the middle).")),
            ];
        }

        var hours = LikeHours.Of(series, calendar);
        var isLong = new bool[series.Count];
        foreach (var run in runs.Where(run => run.Count >= LongRun))
        {
            Array.Fill(isLong, true, run.First, run.Count);
        }

        return
        [
            .. from run in runs
               where run.Count >= ShortestRun
               from gap in GapsIn(series, run, hours, isLong)
               select new Finding(Check, series.Meter, series.Hours(gap.First, gap.Count),
                   $"Zero for {Words.Hours(gap.Count)}, at times at which this meter took something on practically all like days of the weeks around."),
        ];
    }

    private static bool HasBaseLoad(long[] taken, out long low, out long median)
    {
        var step = Statistics.Step(taken.Append(0));
        low = Statistics.Quantile(taken, LowShare);
        median = Statistics.Median(taken);
        return low >= median / BaseLoadParts && low >= BaseLoadSteps * step;
    }

    private static bool IsRare(List<HourRun> runs, int hours) =>
        runs.Count * HoursOfWeek <= hours + HoursOfWeek && runs.Sum(run => run.Count) <= hours / RestParts;

    // From the first hour at which something would have been taken to the last, over nights in between and over the middle of a run
    // that is too long to have neighbours.
    private static List<HourRun> GapsIn(MeterSeries series, HourRun run, LikeHours hours, bool[] isLong)
    {
        var gaps = new List<HourRun>();
        var (first, last, expected) = (-1, -1, 0);
        for (var at = run.First; at < run.End; at++)
        {
            var isMiddle = at - run.First >= HoursJudged && run.End - at > HoursJudged;
            if (isMiddle || !IsExpected(series, run, at, hours, isLong))
            {
                continue;
            }

            var crossesMiddle = first >= 0 && last - run.First < HoursJudged && run.End - at <= HoursJudged && run.Count > 2 * HoursJudged;
            if (first >= 0 && at - last > NightHours && !crossesMiddle)
            {
                Close();
            }

            first = first < 0 ? at : first;
            last = at;
            expected++;
        }

        Close();
        return gaps;

        void Close()
        {
            if (expected >= ShortestRun)
            {
                gaps.Add(new HourRun(first, last - first + 1));
            }

            (first, last, expected) = (-1, -1, 0);
        }
    }

    private static bool IsExpected(MeterSeries series, HourRun run, int at, LikeHours hours, bool[] isLong)
    {
        var (evidence, taken) = (0, 0);
        for (var days = -DaysAround; days <= DaysAround; days++)
        {
            var like = at + (24 * days);
            if (like >= 0 && like < series.Count && (like < run.First || like >= run.End) && !isLong[like]
                && hours.AreAlike(at, like) && series.Value(like) is { } value)
            {
                evidence++;
                taken += value > 0 ? 1 : 0;
            }
        }

        return evidence >= FewestLikeHours && taken >= LikeShare * evidence;
    }
}

/// <summary>Which hours of a series are alike: working days with working days, weekends with weekends.</summary>
internal sealed class LikeHours
{
    private readonly bool[] _isWeekend;

    private LikeHours(bool[] isWeekend) => _isWeekend = isWeekend;

    public static LikeHours Of(MeterSeries series, LoopCalendar calendar)
    {
        var isWeekend = new bool[series.Count];
        for (var at = 0; at < series.Count; at++)
        {
            isWeekend[at] = calendar.DayOf(series.At(at)).DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
        }

        return new LikeHours(isWeekend);
    }

    public bool IsWeekend(int at) => _isWeekend[at];

    public bool AreAlike(int a, int b) => _isWeekend[a] == _isWeekend[b];
}
