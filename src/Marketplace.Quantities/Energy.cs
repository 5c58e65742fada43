using System.Globalization;

namespace Marketplace.Quantities;

/// <summary>An amount of energy in whole watt-hours. Signed; arithmetic is checked.</summary>
public readonly record struct Energy(long WattHours) : IComparable<Energy>
{
    /// <summary>No energy.</summary>
    public static Energy Zero => default;

    /// <summary>A whole number of watt-hours.</summary>
    public static Energy FromWh(long wattHours) => new(wattHours);

    /// <summary>Kilowatt-hours as they stand in files. Refuses anything finer than one watt-hour.</summary>
    /// <exception cref="ArgumentException">The value is not a whole number of watt-hours.</exception>
    /// <exception cref="OverflowException">The value is too large.</exception>
    public static Energy FromKWh(decimal kilowattHours)
    {
        var wattHours = kilowattHours * 1000m;
        return decimal.IsInteger(wattHours)
            ? new Energy(checked((long)wattHours))
            : throw new ArgumentException($"{kilowattHours.ToString(CultureInfo.InvariantCulture)} kWh is finer than one watt-hour", nameof(kilowattHours));
    }

    /// <summary>The exact value in kilowatt-hours.</summary>
    public decimal KilowattHours => WattHours / 1000m;

    /// <summary>The absolute amount.</summary>
    public Energy Abs() => new(Math.Abs(WattHours));

    /// <summary>Whether the amount is below zero.</summary>
    public bool IsNegative => WattHours < 0;

    /// <inheritdoc/>
    public int CompareTo(Energy other) => WattHours.CompareTo(other.WattHours);

    /// <summary>The smaller of two.</summary>
    public static Energy Min(Energy a, Energy b) => a <= b ? a : b;

    /// <summary>The larger of two.</summary>
    public static Energy Max(Energy a, Energy b) => a >= b ? a : b;

    /// <summary>Watt-hours with their unit, culture-invariant; pages format for people themselves.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{WattHours} Wh");

#pragma warning disable CS1591 // operators mean what they say
    public static Energy operator +(Energy a, Energy b) => new(checked(a.WattHours + b.WattHours));
    public static Energy operator -(Energy a, Energy b) => new(checked(a.WattHours - b.WattHours));
    public static Energy operator -(Energy a) => new(checked(-a.WattHours));
    public static bool operator <(Energy a, Energy b) => a.WattHours < b.WattHours;
    public static bool operator >(Energy a, Energy b) => a.WattHours > b.WattHours;
    public static bool operator <=(Energy a, Energy b) => a.WattHours <= b.WattHours;
    public static bool operator >=(Energy a, Energy b) => a.WattHours >= b.WattHours;
#pragma warning restore CS1591
}
