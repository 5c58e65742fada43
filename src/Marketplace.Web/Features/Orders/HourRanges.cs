using System.Globalization;

namespace Marketplace.Web.Features.Orders;

/// <summary>Spans of the day as people write them: <c>06–09</c> is from 6:00 to 9:00, so the hours 6, 7 and 8; <c>7</c> is one hour;
/// <c>22–06</c> runs over midnight; several stand with commas between them.</summary>
public static class HourRanges
{
    /// <summary>The hours of the day, 0 to 23, in the order written; null where the text is not understood.</summary>
    public static IReadOnlyList<int>? Parse(string text)
    {
        var hours = new List<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Replace('–', '-').Replace('—', '-').Replace("−", "-", StringComparison.Ordinal).Split('-', StringSplitOptions.TrimEntries);
            if (ends.Length is 0 or > 2 || HourOf(ends[0]) is not { } from || from > 23)
            {
                return null;
            }

            if (ends.Length == 1)
            {
                hours.Add(from);
                continue;
            }

            if (HourOf(ends[1]) is not { } until || until == from)
            {
                return null;
            }

            for (var hour = from; hour != until % 24 || hour == from; hour = (hour + 1) % 24)
            {
                hours.Add(hour);
                if ((hour + 1) % 24 == until % 24)
                {
                    break;
                }
            }
        }

        return hours.Count > 0 ? hours : null;
    }

    /// <summary>Writes consecutive hours as one span.</summary>
    public static string Write(int first, int last) => first == last
        ? first.ToString("00", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{first:00}–{last + 1:00}");

    private static int? HourOf(string text)
    {
        var bare = text.EndsWith(":00", StringComparison.Ordinal) ? text[..^3] : text;
        return bare.Length <= 2 && int.TryParse(bare, NumberStyles.None, CultureInfo.InvariantCulture, out var hour) && hour <= 24 ? hour : null;
    }
}
