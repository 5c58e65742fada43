using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Metering;

/// <summary>A moment in an address, as a browser's field for date and time writes it, by the loop's clock.</summary>
internal static class KnownAt
{
    public static DateTimeOffset? Parse(string? text, LoopCalendar calendar) =>
        DateTime.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)
            && local.Year is >= 1990 and <= 2200 && !calendar.Zone.IsInvalidTime(local)
            ? new DateTimeOffset(local, calendar.Zone.GetUtcOffset(local)).ToUniversalTime()
            : null;
}
