using System.Globalization;

namespace Marketplace.Quantities;

/// <summary>A price of energy in whole millionths of the loop's currency per kilowatt-hour
/// (1 ct/kWh = 10,000). Signed: negative prices are real.</summary>
public readonly record struct Price(long MicroPerKWh) : IComparable<Price>
{
    /// <summary>Free.</summary>
    public static Price Zero => default;

    /// <summary>A whole number of millionths per kWh.</summary>
    public static Price FromMicroPerKWh(long microPerKWh) => new(microPerKWh);

    /// <summary>A price in units of the currency per kWh, as it stands in files. Refuses anything finer than a millionth.</summary>
    /// <exception cref="ArgumentException">The value is finer than a millionth.</exception>
    public static Price FromUnitsPerKWh(decimal unitsPerKWh)
    {
        var micro = unitsPerKWh * 1_000_000m;
        return decimal.IsInteger(micro)
            ? new Price(checked((long)micro))
            : throw new ArgumentException($"{unitsPerKWh.ToString(CultureInfo.InvariantCulture)} per kWh is finer than a millionth", nameof(unitsPerKWh));
    }

    /// <summary>The exact value in cents per kWh.</summary>
    public decimal CentsPerKWh => MicroPerKWh / 10_000m;

    /// <summary>The price of an amount of energy, rounded once to whole millionths (half away from zero).</summary>
    public Money Of(Energy energy) => new(Rounding.DivideAwayFromZero((Int128)MicroPerKWh * energy.WattHours, 1000));

    /// <inheritdoc/>
    public int CompareTo(Price other) => MicroPerKWh.CompareTo(other.MicroPerKWh);

    /// <summary>The smaller of two.</summary>
    public static Price Min(Price a, Price b) => a <= b ? a : b;

    /// <summary>The larger of two.</summary>
    public static Price Max(Price a, Price b) => a >= b ? a : b;

    /// <summary>Millionths per kWh, culture-invariant; pages format for people themselves.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{MicroPerKWh} millionths/kWh");

#pragma warning disable CS1591 // operators mean what they say
    public static Price operator +(Price a, Price b) => new(checked(a.MicroPerKWh + b.MicroPerKWh));
    public static Price operator -(Price a, Price b) => new(checked(a.MicroPerKWh - b.MicroPerKWh));
    public static bool operator <(Price a, Price b) => a.MicroPerKWh < b.MicroPerKWh;
    public static bool operator >(Price a, Price b) => a.MicroPerKWh > b.MicroPerKWh;
    public static bool operator <=(Price a, Price b) => a.MicroPerKWh <= b.MicroPerKWh;
    public static bool operator >=(Price a, Price b) => a.MicroPerKWh >= b.MicroPerKWh;
#pragma warning restore CS1591
}
