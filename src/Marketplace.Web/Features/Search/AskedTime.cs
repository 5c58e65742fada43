using System.Globalization;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;

namespace Marketplace.Web.Features.Search;

/// <summary>A day, or an hour of it, that somebody typed in place of words.</summary>
/// <param name="Hour">The market hour, where a time was typed.</param>
public sealed record AskedTime(DateOnly Day, Interval? Hour)
{
    private static readonly string[] s_forms = ["yyyy-MM-dd", "yyyy-MM-dd H", "yyyy-MM-dd H:mm", "yyyy-MM-dd'T'H:mm"];

    /// <summary>Reads a date as the culture writes it or as <c>2026-11-04</c>, with or without a time, in the loop's zone. Nothing for anything else.</summary>
    public static AskedTime? Read(string text, LoopCalendar calendar, CultureInfo culture)
    {
        text = text.Trim();
        if (HourAddress.TryParse(text, out var address))
        {
            return new AskedTime(calendar.DayOf(address), new Interval(address, address + MarketHour.Length));
        }

        // A date has digits and something between them; a bare number is a bill's or a contract's.
        if (text.Length is < 6 or > 30 || !text.Any(char.IsDigit) || text.All(char.IsLetterOrDigit)
            || (!DateTime.TryParseExact(text, s_forms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)
                && !DateTime.TryParse(text, culture, DateTimeStyles.AllowWhiteSpaces | DateTimeStyles.NoCurrentDateDefault, out local))
            || local.Year is < 2000 or > 2200)
        {
            return null;
        }

        var day = DateOnly.FromDateTime(local);
        if (!text.Contains(':', StringComparison.Ordinal) && local.TimeOfDay == TimeSpan.Zero)
        {
            return new AskedTime(day, null);
        }

        // In the hour that a clock set forward leaves out there is no market hour; of the two that a clock set back has, the first.
        var unspecified = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        if (calendar.Zone.IsInvalidTime(unspecified))
        {
            return new AskedTime(day, null);
        }

        var offset = calendar.Zone.IsAmbiguousTime(unspecified) ? calendar.Zone.GetAmbiguousTimeOffsets(unspecified).Max() : calendar.Zone.GetUtcOffset(unspecified);
        var hour = MarketHour.Containing(new DateTimeOffset(unspecified, offset));
        return new AskedTime(day, new Interval(hour, hour + MarketHour.Length));
    }
}
