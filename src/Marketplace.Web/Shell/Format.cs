using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Web.Shell;

/// <summary>How quantities are written for people of one loop: its currency, its time zone, their culture's separators.
/// Cascades to every component; a page that shows another loop cascades that loop's.</summary>
/// <param name="Currency">ISO 4217 code of the loop's currency.</param>
/// <param name="Zone">The loop's time zone; every time shown is in it.</param>
/// <param name="Culture">Whose separators and month names.</param>
public sealed record Format(string Currency, TimeZoneInfo Zone, CultureInfo Culture)
{
    private const string Minus = "\u2212";
    private const char NoBreak = '\u00a0';

    private readonly NumberFormatInfo _numbers = Typographic(Culture.NumberFormat);

    /// <summary>Euro and UTC, where no loop is known.</summary>
    public static Format Neutral => new("EUR", TimeZoneInfo.Utc, CultureInfo.CurrentCulture);

    /// <summary>Days and months of the loop.</summary>
    public LoopCalendar Calendar => new(Zone);

    /// <summary>The currency's sign: €, £, CHF.</summary>
    public string CurrencySign => Currency switch
    {
        "EUR" => "€",
        "GBP" => "£",
        "USD" => "$",
        _ => Currency,
    };

    /// <summary>The unit of prices, for a table's head: ct/kWh, p/kWh, Rp./kWh.</summary>
    public string PriceUnit => Currency switch
    {
        "EUR" => "ct/kWh",
        "GBP" => "p/kWh",
        "CHF" => "Rp./kWh",
        "USD" => "¢/kWh",
        _ => "0.01" + NoBreak + Currency + "/kWh",
    };

    /// <summary>Energy with sensible digits: 6 Wh, 0.42 kWh, 12.4 kWh, 1,340 kWh, 2.6 MWh.</summary>
    public string Energy(Energy energy)
    {
        var (number, unit) = EnergyParts(energy);
        return number + NoBreak + unit;
    }

    /// <summary>As <see cref="Energy(Energy)"/>, number and unit apart.</summary>
    public (string Number, string Unit) EnergyParts(Energy energy)
    {
        var magnitude = Math.Abs((decimal)energy.WattHours);
        var (divisor, digits, unit) = magnitude switch
        {
            0 => (1000m, 0, "kWh"),
            < 10 => (1m, 0, "Wh"),
            < 1_000 => (1000m, 2, "kWh"),
            < 99_950 => (1000m, 1, "kWh"),
            < 1_999_500 => (1000m, 0, "kWh"),
            < 99_950_000 => (1_000_000m, 1, "MWh"),
            < 1_999_500_000 => (1_000_000m, 0, "MWh"),
            _ => (1_000_000_000m, 1, "GWh"),
        };
        return (Number(energy.WattHours / divisor, digits), unit);
    }

    /// <summary>Kilowatt-hours without the unit, for a column whose head names it.</summary>
    public string KWh(Energy energy, int digits = 1) => Number(energy.KilowattHours, digits);

    /// <summary>Money with the currency's sign and two decimals: €12.40, −£3.05.</summary>
    public string Money(Money money) => Currencies(money.Cents / 100m, 2);

    /// <summary>Money as exactly as it is kept, to the millionth: €0.350000; whole cents as usual where asked for: €0.35.</summary>
    public string MoneyExact(Money money, bool shorten = false) => shorten && money.Micro % 10_000 == 0 ? Money(money) : Currencies(money.Amount, 6);

    private string Currencies(decimal amount, int digits)
    {
        var numbers = (NumberFormatInfo)_numbers.Clone();
        numbers.CurrencySymbol = CurrencySign.Length > 1 ? CurrencySign + NoBreak : CurrencySign;
        return amount.ToString("C" + digits.ToString(CultureInfo.InvariantCulture), numbers);
    }

    /// <summary>Money without the sign, for a column whose head names the currency.</summary>
    public string MoneyNumber(Money money) => Number(money.Cents / 100m, 2);

    /// <summary>A price with its unit: 12.40 ct/kWh.</summary>
    public string Price(Price price) => PriceNumber(price) + NoBreak + PriceUnit;

    /// <summary>A price without its unit, for a column whose head names it.</summary>
    public string PriceNumber(Price price, int digits = 2) => Number(price.CentsPerKWh, digits);

    /// <summary>Power with sensible digits: 800 W, 4.2 kW, 1.3 MW.</summary>
    public string Power(long powerW)
    {
        var magnitude = Math.Abs((decimal)powerW);
        return magnitude switch
        {
            < 1_000 => Number(powerW, 0) + NoBreak + "W",
            < 99_950 => Number(powerW / 1000m, 1) + NoBreak + "kW",
            < 1_999_500 => Number(powerW / 1000m, 0) + NoBreak + "kW",
            _ => Number(powerW / 1_000_000m, 1) + NoBreak + "MW",
        };
    }

    /// <summary>A share between 0 and 1: 42 %.</summary>
    public string Percent(decimal share, int digits = 0) => Number(share * 100m, digits) + NoBreak + "%";

    /// <summary>A plain number; halves round away from zero; the minus is a real one.</summary>
    public string Number(decimal value, int digits = 0)
    {
        var rounded = decimal.Round(value, digits, MidpointRounding.AwayFromZero);
        return (rounded == 0 ? 0m : rounded).ToString("N" + digits.ToString(CultureInfo.InvariantCulture), _numbers);
    }

    /// <summary>A count: 10,752.</summary>
    public string Count(long count) => count.ToString("N0", _numbers);

    /// <summary>The loop's clock: 14:00.</summary>
    public string Time(DateTimeOffset instant) => Local(instant).ToString("HH:mm", Culture);

    /// <summary>Day and clock with the zone: 21 Nov 2026, 14:00 (UTC+1).</summary>
    public string Moment(DateTimeOffset instant)
    {
        var local = Local(instant);
        return local.ToString("d MMM yyyy, HH:mm", Culture) + NoBreak + "(" + Offset(local.Offset) + ")";
    }

    /// <summary>A day in the loop's zone: Sat 21 Nov 2026.</summary>
    public string Day(DateTimeOffset instant) => Day(Calendar.DayOf(instant));

    /// <summary>A day: Sat 21 Nov 2026.</summary>
    public string Day(DateOnly day) => day.ToString("ddd d MMM yyyy", Culture);

    /// <summary>A date without the weekday: 21 Nov 2026.</summary>
    public string Date(DateOnly day) => day.ToString("d MMM yyyy", Culture);

    /// <summary>A market hour: 14:00–15:00. Where the clock is set back, the two hours of one name carry their offset.</summary>
    public string Hour(Interval hour)
    {
        var start = Local(hour.Start);
        var text = start.ToString("HH:mm", Culture) + "–" + Local(hour.End).ToString("HH:mm", Culture);
        return Zone.IsAmbiguousTime(start.DateTime) ? text + NoBreak + "(" + Offset(start.Offset) + ")" : text;
    }

    /// <summary>A named period: "1 to 30 Nov 2026, loop time".</summary>
    public string Period(Interval period) => PeriodShort(period) + ", " + Texts.Get("Period.LoopTime", Culture);

    /// <summary>A period without the zone, where the page has named it: "1 to 30 Nov 2026".</summary>
    public string PeriodShort(Interval period)
    {
        var first = Calendar.DayOf(period.Start);
        var last = Calendar.DayOf(period.End.AddTicks(-1));
        if (Calendar.StartOf(first) != period.Start || Calendar.StartOf(last.AddDays(1)) != period.End)
        {
            return first == last
                ? Date(first) + ", " + Hour(period)
                : string.Format(Culture, Texts.Get("Period.Range", Culture), Date(first) + ", " + Time(period.Start), Date(Calendar.DayOf(period.End)) + ", " + Time(period.End));
        }

        if (first == last)
        {
            return Date(first);
        }

        if (first.Year == last.Year && first.DayOfYear == 1 && last.AddDays(1).DayOfYear == 1)
        {
            return first.Year.ToString(Culture);
        }

        var start = first.Year != last.Year ? Date(first) : first.ToString(first.Month != last.Month ? "d MMM" : "%d", Culture);
        return string.Format(Culture, Texts.Get("Period.Range", Culture), start, Date(last));
    }

    /// <summary>How long until or since: 53 min, 2 h 5 min, 3 days.</summary>
    public string Duration(TimeSpan span)
    {
        var minutes = (long)Math.Abs(span.TotalMinutes);
        return minutes switch
        {
            < 60 => Count(minutes) + NoBreak + "min",
            < 48 * 60 => minutes % 60 == 0 ? Count(minutes / 60) + NoBreak + "h" : Count(minutes / 60) + NoBreak + "h " + Count(minutes % 60) + NoBreak + "min",
            _ => string.Format(Culture, Texts.Get("Duration.Days", Culture), Count(minutes / 1440)),
        };
    }

    /// <summary>The instant as the loop's clocks show it.</summary>
    public DateTimeOffset Local(DateTimeOffset instant) => TimeZoneInfo.ConvertTime(instant, Zone);

    private string Offset(TimeSpan offset)
    {
        if (offset == TimeSpan.Zero)
        {
            return "UTC";
        }

        var sign = offset < TimeSpan.Zero ? Minus : "+";
        var magnitude = offset.Duration();
        return "UTC" + sign + magnitude.Hours.ToString(Culture) + (magnitude.Minutes == 0 ? "" : ":" + magnitude.Minutes.ToString("00", Culture));
    }

    private static NumberFormatInfo Typographic(NumberFormatInfo culture)
    {
        var numbers = (NumberFormatInfo)culture.Clone();
        numbers.NegativeSign = Minus;
        numbers.NumberNegativePattern = 1;
        return numbers;
    }
}
