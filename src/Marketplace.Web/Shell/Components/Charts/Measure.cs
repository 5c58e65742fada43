using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Web.Shell.Components.Charts;

/// <summary>What a picture of amounts counts.</summary>
public enum Measure
{
    /// <summary>Watt-hours.</summary>
    Energy = 0,

    /// <summary>Millionths of the loop's currency.</summary>
    Money = 1,

    /// <summary>Milligrams of CO2.</summary>
    Carbon = 2,
}

/// <summary>An amount in one interval.</summary>
/// <param name="At">The interval.</param>
/// <param name="Carrier">Whose colour and pattern.</param>
/// <param name="Amount">In the smallest unit of the measure.</param>
/// <param name="Estimated">Whether any part of it was not measured: drawn hatched.</param>
public sealed record AmountBar(Interval At, Carrier Carrier, long Amount, bool Estimated = false);

/// <summary>How amounts of a measure are written.</summary>
public static class Measures
{
    private const char NoBreak = '\u00a0';

    /// <summary>With its unit and sensible digits: 12.4 kWh, 3.1 ct, 340 g CO₂.</summary>
    public static string Amount(this Format format, Measure measure, long amount)
    {
        ArgumentNullException.ThrowIfNull(format);
        return measure switch
        {
            Measure.Energy => format.Energy(Energy.FromWh(amount)),
            Measure.Money => Math.Abs(amount) < 1_000_000 ? format.Number(amount / 10_000m, 2) + NoBreak + format.Cent() : format.Money(Money.FromMicro(amount)),
            Measure.Carbon => Carbon(format, amount) + NoBreak + "CO₂",
            _ => throw new ArgumentOutOfRangeException(nameof(measure), measure, "Not a measure"),
        };
    }

    /// <summary>The unit of an axis up to this amount, and how many of the smallest unit it holds.</summary>
    public static (string Unit, double Scale) AxisUnit(this Format format, Measure measure, double most)
    {
        ArgumentNullException.ThrowIfNull(format);
        return measure switch
        {
            Measure.Energy => most >= 5_000_000 ? ("MWh", 1_000_000d) : ("kWh", 1_000d),
            Measure.Money => most >= 2_000_000 ? (format.CurrencySign, 1_000_000d) : (format.Cent(), 10_000d),
            Measure.Carbon => most >= 2_000_000_000 ? ("t", 1_000_000_000d) : most >= 2_000_000 ? ("kg", 1_000_000d) : ("g", 1_000d),
            _ => throw new ArgumentOutOfRangeException(nameof(measure), measure, "Not a measure"),
        };
    }

    /// <summary>The unit in a table's head.</summary>
    public static string TableUnit(this Format format, Measure measure)
    {
        ArgumentNullException.ThrowIfNull(format);
        return measure switch
        {
            Measure.Energy => "kWh",
            Measure.Money => format.CurrencySign,
            Measure.Carbon => "kg",
            _ => throw new ArgumentOutOfRangeException(nameof(measure), measure, "Not a measure"),
        };
    }

    /// <summary>A value in a table, and in its CSV.</summary>
    public static ChartCell Cell(this Format format, Measure measure, long amount, bool estimated = false)
    {
        ArgumentNullException.ThrowIfNull(format);
        var (value, digits) = measure switch
        {
            Measure.Energy => (amount / 1_000m, 3),
            Measure.Money => (amount / 1_000_000m, 4),
            Measure.Carbon => (amount / 1_000_000m, 3),
            _ => throw new ArgumentOutOfRangeException(nameof(measure), measure, "Not a measure"),
        };
        return new ChartCell(format.Number(value, digits), value.ToString("0.######", CultureInfo.InvariantCulture), estimated);
    }

    /// <summary>The name of a hundredth of the currency.</summary>
    public static string Cent(this Format format)
    {
        ArgumentNullException.ThrowIfNull(format);
        return format.PriceUnit.Split('/')[0];
    }

    private static string Carbon(Format format, long milligrams) => Math.Abs((decimal)milligrams) switch
    {
        0 => "0" + NoBreak + "g",
        < 10_000 => format.Number(milligrams / 1_000m, 1) + NoBreak + "g",
        < 999_500 => format.Number(milligrams / 1_000m, 0) + NoBreak + "g",
        < 99_950_000 => format.Number(milligrams / 1_000_000m, 1) + NoBreak + "kg",
        < 1_999_500_000 => format.Number(milligrams / 1_000_000m, 0) + NoBreak + "kg",
        _ => format.Number(milligrams / 1_000_000_000m, 1) + NoBreak + "t",
    };
}
