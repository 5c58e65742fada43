using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Web.Shell;

/// <summary>The lengths in which people look at their energy.</summary>
public enum PeriodUnit
{
    /// <summary>One local day of 23, 24 or 25 hours.</summary>
    Day,

    /// <summary>Monday to Sunday.</summary>
    Week,

    /// <summary>A calendar month.</summary>
    Month,

    /// <summary>A calendar year.</summary>
    Year,
}

/// <summary>A period chosen by a link: <c>2026-11-21</c>, <c>2026-W47</c>, <c>2026-11</c> or <c>2026</c> in the address.
/// A page takes it with <c>[SupplyParameterFromQuery] string? Period</c>.</summary>
public readonly record struct PeriodChoice
{
    private PeriodChoice(PeriodUnit unit, DateOnly first) => (Unit, First) = (unit, first);

    /// <summary>How long.</summary>
    public PeriodUnit Unit { get; }

    /// <summary>The first local day.</summary>
    public DateOnly First { get; }

    /// <summary>The period of this unit that contains a day.</summary>
    public static PeriodChoice Containing(PeriodUnit unit, DateOnly day) => new(unit, unit switch
    {
        PeriodUnit.Day => day,
        PeriodUnit.Week => day.AddDays(-(((int)day.DayOfWeek + 6) % 7)),
        PeriodUnit.Month => new DateOnly(day.Year, day.Month, 1),
        PeriodUnit.Year => new DateOnly(day.Year, 1, 1),
        _ => throw new ArgumentOutOfRangeException(nameof(unit), unit, "Not a unit"),
    });

    /// <summary>Reads the address; anything else gives the fallback.</summary>
    public static PeriodChoice Parse(string? text, PeriodChoice fallback)
    {
        var invariant = CultureInfo.InvariantCulture;
        if (text is null)
        {
            return fallback;
        }

        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", invariant, DateTimeStyles.None, out var day) && InRange(day.Year))
        {
            return new PeriodChoice(PeriodUnit.Day, day);
        }

        if (DateOnly.TryParseExact(text, "yyyy-MM", invariant, DateTimeStyles.None, out var month) && InRange(month.Year))
        {
            return new PeriodChoice(PeriodUnit.Month, month);
        }

        if (text.Length == 4 && int.TryParse(text, NumberStyles.None, invariant, out var year) && InRange(year))
        {
            return new PeriodChoice(PeriodUnit.Year, new DateOnly(year, 1, 1));
        }

        return text.Length == 8 && text[4..6] == "-W"
            && int.TryParse(text[..4], NumberStyles.None, invariant, out var weekYear) && InRange(weekYear)
            && int.TryParse(text[6..], NumberStyles.None, invariant, out var week) && week >= 1 && week <= ISOWeek.GetWeeksInYear(weekYear)
            ? new PeriodChoice(PeriodUnit.Week, DateOnly.FromDateTime(ISOWeek.ToDateTime(weekYear, week, DayOfWeek.Monday)))
            : fallback;

        static bool InRange(int year) => year is >= 1990 and <= 2200;
    }

    /// <summary>The first local day after.</summary>
    public DateOnly Next => Unit switch
    {
        PeriodUnit.Day => First.AddDays(1),
        PeriodUnit.Week => First.AddDays(7),
        PeriodUnit.Month => First.AddMonths(1),
        _ => First.AddYears(1),
    };

    /// <summary>The neighbour before (-1) or after (+1).</summary>
    public PeriodChoice Step(int direction) => Containing(Unit, direction > 0 ? Next : First.AddDays(-1));

    /// <summary>The same place in another unit.</summary>
    public PeriodChoice As(PeriodUnit unit) => Containing(unit, First);

    /// <summary>The period in UTC, in the loop's zone.</summary>
    public Interval In(LoopCalendar calendar) => new(calendar.StartOf(First), calendar.StartOf(Next));

    /// <summary>As it stands in the address.</summary>
    public override string ToString() => Unit switch
    {
        PeriodUnit.Day => First.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        PeriodUnit.Week => string.Create(CultureInfo.InvariantCulture, $"{ISOWeek.GetYear(First.ToDateTime(TimeOnly.MinValue)):0000}-W{ISOWeek.GetWeekOfYear(First.ToDateTime(TimeOnly.MinValue)):00}"),
        PeriodUnit.Month => First.ToString("yyyy-MM", CultureInfo.InvariantCulture),
        _ => First.ToString("yyyy", CultureInfo.InvariantCulture),
    };
}
