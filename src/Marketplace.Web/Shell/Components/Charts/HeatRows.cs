using Marketplace.Quantities;

namespace Marketplace.Web.Shell.Components.Charts;

/// <summary>A row of a heat map: a day, or the mean day of a month.</summary>
/// <param name="Label">Short, at the left.</param>
/// <param name="Name">As it is read aloud and stands in the table.</param>
public sealed record HeatRow(string Label, string Name, IReadOnlyList<HeatCell> Cells);

/// <summary>A cell.</summary>
/// <param name="Column">Where it begins, in hours of the clock from 0 to 24.</param>
/// <param name="Width">One hour; half of one where the clock shows the hour twice.</param>
/// <param name="Name">The hour.</param>
public sealed record HeatCell(double Column, double Width, string Name, long Amount);

/// <summary>Hours as rows of days.</summary>
public static class HeatRows
{
    /// <summary>By the loop's clock: on the day it is set back the hour it shows twice is two halves, on the day it is set forward one is left out.</summary>
    /// <param name="hours">Hours with amounts, in any order; one that is missing stays empty.</param>
    public static IReadOnlyList<HeatRow> OfHours(IEnumerable<(DateTimeOffset Hour, long Amount)> hours, Format format)
    {
        ArgumentNullException.ThrowIfNull(hours);
        ArgumentNullException.ThrowIfNull(format);
        return [.. hours.OrderBy(hour => hour.Hour).GroupBy(hour => format.Calendar.DayOf(hour.Hour)).Select(day => new HeatRow(
            day.Key.ToString("ddd d", format.Culture),
            format.Day(day.Key),
            [.. day.Select(hour =>
            {
                var local = format.Local(hour.Hour);
                var twice = format.Zone.IsAmbiguousTime(local.DateTime);
                var second = twice && !format.Zone.IsDaylightSavingTime(local);
                return new HeatCell(local.Hour + (second ? 0.5 : 0), twice ? 0.5 : 1, format.Hour(new Interval(hour.Hour, hour.Hour.AddHours(1))), hour.Amount);
            })]))];
    }
}
