using System.Globalization;

namespace Marketplace.Web.Features.Loops;

/// <summary>How a market hour stands in an address: <c>2026-11-05T1300Z</c>, in UTC, so that each hour of a day on which the
/// clock is set back has an address of its own.</summary>
public static class HourAddress
{
    private static readonly string[] Forms = ["yyyy-MM-dd'T'HHmm'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'"];

    public static string Of(DateTimeOffset hour) => hour.ToUniversalTime().ToString(Forms[0], CultureInfo.InvariantCulture);

    /// <summary>Reads an address; the form of records (<c>2026-11-05T13:00:00Z</c>) is understood too. Only whole hours are hours.</summary>
    public static bool TryParse(string? text, out DateTimeOffset hour) =>
        DateTimeOffset.TryParseExact(
            text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out hour)
        && MarketHour.IsStart(hour);
}
