using Marketplace.Quantities;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components.Charts;

namespace Marketplace.Web.Features.Transparency;

/// <summary>The labels under a log's growth: seconds and minutes for a young log, then as under every chart.</summary>
public static class GrowthTicks
{
    private const int Most = 6;

    private static readonly TimeSpan[] Steps =
    [
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30),
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30), TimeSpan.FromHours(1),
    ];

    public static IReadOnlyList<(DateTimeOffset At, string Text)> Of(DateTimeOffset first, DateTimeOffset last, Format format)
    {
        ArgumentNullException.ThrowIfNull(format);
        var length = last - first;
        if (length > TimeSpan.FromHours(Most))
        {
            var start = new DateTimeOffset(first.UtcTicks / TimeSpan.TicksPerHour * TimeSpan.TicksPerHour, TimeSpan.Zero);
            return [.. Axis.TimeTicks(new Interval(start, last), format).Where(tick => tick.At >= first)];
        }

        var step = Array.Find(Steps, step => length / step <= Most);
        step = step == default ? Steps[^1] : step;
        var form = step < TimeSpan.FromMinutes(1) ? "HH:mm:ss" : "HH:mm";
        var ticks = new List<(DateTimeOffset, string)>();
        for (var at = new DateTimeOffset((first.UtcTicks + step.Ticks - 1) / step.Ticks * step.Ticks, TimeSpan.Zero); at <= last; at += step)
        {
            ticks.Add((at, format.Local(at).ToString(form, format.Culture)));
        }

        return ticks;
    }
}
