using Marketplace.Contracts;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Weeks, months and years as contracts count them, on the loop's calendar. Contracts begin and end with whole periods.</summary>
internal static class ContractCalendar
{
    /// <summary>The first day of the period in which a day lies.</summary>
    public static DateOnly FirstDay(this ContractPeriod period, DateOnly day) => period switch
    {
        ContractPeriod.Week => day.AddDays(-(((int)day.DayOfWeek + 6) % 7)),
        ContractPeriod.Month => new DateOnly(day.Year, day.Month, 1),
        ContractPeriod.Year => new DateOnly(day.Year, 1, 1),
        _ => throw new ArgumentOutOfRangeException(nameof(period), period, "Not a period"),
    };

    /// <summary>The first day of the period after the one in which a day lies.</summary>
    public static DateOnly NextFirstDay(this ContractPeriod period, DateOnly day) => period switch
    {
        ContractPeriod.Week => period.FirstDay(day).AddDays(7),
        ContractPeriod.Month => period.FirstDay(day).AddMonths(1),
        ContractPeriod.Year => period.FirstDay(day).AddYears(1),
        _ => throw new ArgumentOutOfRangeException(nameof(period), period, "Not a period"),
    };

    /// <summary>The first day on or after a day on which a period begins.</summary>
    public static DateOnly OnOrAfter(this ContractPeriod period, DateOnly day) => period.FirstDay(day) == day ? day : period.NextFirstDay(day);

    /// <summary>A period's number: that of the next one is one more.</summary>
    public static int Number(this ContractPeriod period, DateOnly day) => period switch
    {
        ContractPeriod.Week => period.FirstDay(day).DayNumber / 7,
        ContractPeriod.Month => (day.Year * 12) + day.Month,
        ContractPeriod.Year => day.Year,
        _ => throw new ArgumentOutOfRangeException(nameof(period), period, "Not a period"),
    };

    /// <summary>How many periods make a year; none for weeks.</summary>
    public static int? PeriodsAYear(this ContractPeriod period) => period switch
    {
        ContractPeriod.Month => 12,
        ContractPeriod.Year => 1,
        _ => null,
    };

    /// <summary>The period that begins on a day.</summary>
    public static Interval Interval(this ContractPeriod period, LoopCalendar calendar, DateOnly firstDay) =>
        new(calendar.StartOf(firstDay), calendar.StartOf(period.NextFirstDay(firstDay)));

    /// <summary>The periods that end after one instant and not after another, in order.</summary>
    public static IEnumerable<Interval> EndingIn(this ContractPeriod period, LoopCalendar calendar, DateTimeOffset after, DateTimeOffset until)
    {
        var day = period.FirstDay(calendar.DayOf(after));
        for (var at = period.Interval(calendar, day); at.End <= until; day = period.NextFirstDay(day), at = period.Interval(calendar, day))
        {
            if (at.End > after)
            {
                yield return at;
            }
        }
    }
}
