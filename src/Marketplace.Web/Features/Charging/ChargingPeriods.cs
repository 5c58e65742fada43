using System.Globalization;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Charging;

/// <summary>The half hours in which charging quotas are shared out. They begin on the hour and half past it, in UTC as on the loop's clock.</summary>
public static class ChargingPeriods
{
    /// <summary>Half hours of a day on the clock.</summary>
    public const int OfADay = 48;

    private const string Form = "yyyy-MM-dd'T'HHmm'Z'";

    public static bool IsStart(DateTimeOffset instant) => instant.Offset == TimeSpan.Zero && instant.UtcTicks % QuotaGates.Period.Ticks == 0;

    public static Interval Of(DateTimeOffset start) => new(start, start + QuotaGates.Period);

    /// <summary>The period's half hour of the day on the loop's clock, from midnight.</summary>
    public static int SlotOf(LoopCalendar calendar, DateTimeOffset period) => (int)(calendar.ToLocal(period).TimeOfDay.Ticks / QuotaGates.Period.Ticks);

    /// <summary>Monday to Friday on the loop's clock; holidays are not known.</summary>
    public static bool IsWorkingDay(LoopCalendar calendar, DateTimeOffset period) =>
        calendar.ToLocal(period).DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);

    /// <summary>The first period of which a gate is still open.</summary>
    public static DateTimeOffset FirstWith(DateTimeOffset now, Func<QuotaGates, DateTimeOffset> gate)
    {
        var period = MarketHour.Containing(now);
        while (gate(QuotaGates.Of(period)) <= now)
        {
            period += QuotaGates.Period;
        }

        return period;
    }

    /// <summary>The first whole hour whose margin is not yet fixed.</summary>
    public static DateTimeOffset FirstHour(DateTimeOffset now)
    {
        var period = FirstWith(now, gates => gates.Margin);
        return MarketHour.IsStart(period) ? period : period + QuotaGates.Period;
    }

    /// <summary>How a period stands in an address: <c>2026-11-05T1330Z</c>.</summary>
    public static string Address(DateTimeOffset period) => period.ToUniversalTime().ToString(Form, CultureInfo.InvariantCulture);

    public static bool TryParse(string? text, out DateTimeOffset period) =>
        DateTimeOffset.TryParseExact(text, Form, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out period)
        && IsStart(period);

    internal static Said Local(Loop loop, DateTimeOffset instant)
    {
        var local = loop.Calendar.ToLocal(instant);
        return $"{local:HH:mm} on {local:d MMM yyyy}";
    }
}
