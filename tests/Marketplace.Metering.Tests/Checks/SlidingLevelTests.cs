using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Value;
using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests.Checks;

/// <summary>The checks of levels slide over a series; here each hour is judged by itself, from scratch, and the same must come out.</summary>
public class SlidingLevelTests
{
    private const int HoursOfWeek = 168;
    private static readonly DateTimeOffset Monday = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);
    private static readonly LoopCalendar London = new(TimeZoneInfo.FindSystemTimeZoneById("Europe/London"));

    public static TheoryData<int, int> Series => new() { { 1, 1 }, { 2, 23 }, { 3, 24 }, { 4, 600 }, { 5, 24 * 57 }, { 6, 24 * 100 }, { 7, 24 * 120 } };

    [Theory]
    [MemberData(nameof(Series))]
    public void Hours_outside_history_are_those_that_a_look_at_each_hour_alone_finds(int seed, int count)
    {
        var values = Values(seed, count);

        var found = LevelChecks.FindOutsideHistory(Of(values), London, MeterClass.Electricity)
            .SelectMany(finding => finding.During.Steps(TimeSpan.FromHours(1))).Select(hour => (int)(hour - Monday).TotalHours).ToList();

        found.ShouldBe(Enumerable.Range(0, count).Where(at => IsOutside(values, at)));
        (found.Count > 0).ShouldBe(count >= 600, $"with seed {seed}");
    }

    [Theory]
    [MemberData(nameof(Series))]
    public void Jumps_lie_where_the_medians_of_two_weeks_differ(int seed, int count)
    {
        var values = Values(seed, count);

        var found = LevelChecks.FindJumps(Of(values), MeterClass.Electricity).Select(finding => (int)(finding.During.Start - Monday).TotalHours).ToList();

        var candidates = Enumerable.Range(HoursOfWeek, Math.Max(0, count - (2 * HoursOfWeek) + 1))
            .Where(at => Level(values, at - HoursOfWeek) is { } before && Level(values, at) is { } after
                && Math.Max(before, after) >= MeterClass.Electricity.JumpFactor * Math.Min(before, after)).ToList();
        found.ShouldAllBe(at => candidates.Contains(at));
        found.Count.ShouldBe(candidates.Where((at, i) => i == 0 || at - candidates[i - 1] > HoursOfWeek).Count(), $"with seed {seed}");
    }

    private static bool IsOutside(long?[] values, int at)
    {
        bool IsWeekend(int hour) => London.DayOf(Monday.AddHours(hour)).DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
        var like = Enumerable.Range(-28, 57).Where(days => days != 0).Select(days => at + (24 * days))
            .Where(other => other >= 0 && other < values.Length && IsWeekend(other) == IsWeekend(at) && values[other] is not null)
            .Select(other => values[other]!.Value).Order().ToList();
        if (like.Count < 8 || values[at] is not { } value)
        {
            return false;
        }

        var factor = MeterClass.Electricity.HistoryFactor;
        var (low, high) = ((long)(like[(int)Math.Ceiling(0.05m * like.Count) - 1] / factor), (long)(like[(int)Math.Ceiling(0.95m * like.Count) - 1] * factor));
        return value < low || (high > 0 && value > high);
    }

    private static long? Level(long?[] values, int first)
    {
        var taken = values[first..(first + HoursOfWeek)].Where(value => value > 0).Order().ToList();
        return taken.Count >= 24 ? taken[(taken.Count + 1) / 2 - 1] : null;
    }

    private static MeterSeries Of(long?[] values) => new("m", Monday, values.Select(value => value is { } known ? new Energy(known) : (Energy?)null));

    // Few different values, so that equal ones meet; gaps, zeros, values below zero, a few far out, and levels that change.
    private static long?[] Values(int seed, int count)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(at => random.Next(20) switch
            {
                0 => (long?)null,
                1 => 0,
                2 => -random.Next(3),
                3 when random.Next(8) == 0 => 50_000,
                _ => (at / 700 % 2 == 0 ? 100 : 1_700) + (10 * random.Next(6)),
            }),
        ];
    }
}
