using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Web.Shell.Components.Charts;

/// <summary>Where values and hours fall on a chart. Drawing only: no figure that anyone reads is computed here.
/// Horizontal places are percentages, so that a chart fits any width without a script; vertical ones are pixels.</summary>
public sealed class Axis
{
    private readonly double _pixelsTop;
    private readonly double _pixelsHeight;

    /// <summary>An axis that contains zero and both bounds, with round ticks.</summary>
    public Axis(double low, double high, double pixelsTop, double pixelsHeight, int mostTicks = 5)
    {
        low = Math.Min(low, 0);
        high = Math.Max(high, 0);
        if (high - low <= 0)
        {
            high = 1;
        }

        var step = RoundUp((high - low) / mostTicks);
        Low = Math.Floor(low / step) * step;
        High = Math.Ceiling(high / step) * step;
        Ticks = [.. Enumerable.Range(0, (int)Math.Round((High - Low) / step) + 1).Select(i => Low + (i * step))];
        Digits = Math.Max(0, (int)Math.Ceiling(-Math.Log10(step) - 1e-9));
        (_pixelsTop, _pixelsHeight) = (pixelsTop, pixelsHeight);
    }

    /// <summary>The lowest value shown.</summary>
    public double Low { get; }

    /// <summary>The highest value shown.</summary>
    public double High { get; }

    /// <summary>Where lines and labels stand.</summary>
    public IReadOnlyList<double> Ticks { get; }

    /// <summary>Decimals that the tick labels need.</summary>
    public int Digits { get; }

    /// <summary>A value's height in pixels from the top.</summary>
    public double Y(double value) => _pixelsTop + ((High - value) / (High - Low) * _pixelsHeight);

    /// <summary>A coordinate as SVG wants it.</summary>
    public static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A share of the width as SVG wants it.</summary>
    public static string Percent(double share) => (share * 100).ToString("0.###", CultureInfo.InvariantCulture) + "%";

    /// <summary>Where an instant falls in a span, 0 to 1, by elapsed time: a 25-hour day simply is longer.</summary>
    public static double X(DateTimeOffset at, Interval span) => (at - span.Start) / span.Length;

    /// <summary>The labels under a span: hours for up to two days, days up to a quarter, months beyond.</summary>
    public static IReadOnlyList<(DateTimeOffset At, string Text)> TimeTicks(Interval span, Format format)
    {
        var ticks = new List<(DateTimeOffset, string)>();
        var days = span.Length.TotalDays;
        if (days <= 2.2)
        {
            var every = days <= 0.3 ? 1 : days <= 1.1 ? 3 : 6;
            foreach (var at in span.Steps(TimeSpan.FromHours(1)))
            {
                var local = format.Local(at);
                var repeated = ticks.Count > 0 && format.Local(ticks[^1].Item1).Hour == local.Hour;
                if (local.Minute == 0 && local.Hour % every == 0 && !repeated)
                {
                    ticks.Add((at, local.ToString("HH", format.Culture)));
                }
            }

            return ticks;
        }

        var calendar = format.Calendar;
        var first = calendar.DayOf(span.Start);
        var last = calendar.DayOf(span.End.AddTicks(-1));
        for (var day = first; day <= last; day = days > 100 ? day.AddMonths(1) : day.AddDays(1))
        {
            var shown = days switch
            {
                <= 9 => day.ToString("ddd d", format.Culture),
                <= 32 => (day.DayNumber - first.DayNumber) % 5 == 0 ? day.ToString("%d", format.Culture) : null,
                <= 100 => day.Day is 1 or 15 ? day.ToString("d MMM", format.Culture) : null,
                _ => day.ToString("MMM", format.Culture),
            };
            if (shown is not null && span.Contains(calendar.StartOf(day)))
            {
                ticks.Add((calendar.StartOf(day), shown));
            }
        }

        return ticks;
    }

    /// <summary>How an interval is named in a table or read aloud: the hour within a day, else day and hour, else the day.</summary>
    public static string Name(Interval at, Interval span, Format format) =>
        at.Length < TimeSpan.FromHours(20)
            ? (span.Length.TotalHours <= 26 ? format.Hour(at) : format.Local(at.Start).ToString("ddd d MMM", format.Culture) + ", " + format.Hour(at))
            : at.Length < TimeSpan.FromHours(30) ? format.Day(at.Start) : format.PeriodShort(at);

    private static double RoundUp(double step)
    {
        var magnitude = Math.Pow(10, Math.Floor(Math.Log10(step)));
        foreach (var round in (ReadOnlySpan<double>)[1, 2, 5])
        {
            if (step <= round * magnitude * 1.0000001)
            {
                return round * magnitude;
            }
        }

        return 10 * magnitude;
    }
}
