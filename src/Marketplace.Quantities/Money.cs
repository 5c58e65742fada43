using System.Globalization;

namespace Marketplace.Quantities;

/// <summary>An amount of money in whole millionths of the loop's currency. Signed; arithmetic is checked.</summary>
public readonly record struct Money(long Micro) : IComparable<Money>
{
    /// <summary>Millionths in one cent.</summary>
    public const long MicroPerCent = 10_000;

    /// <summary>Nothing.</summary>
    public static Money Zero => default;

    /// <summary>A whole number of millionths.</summary>
    public static Money FromMicro(long micro) => new(micro);

    /// <summary>A whole number of cents.</summary>
    public static Money FromCents(long cents) => new(checked(cents * MicroPerCent));

    /// <summary>The exact value in units of the currency.</summary>
    public decimal Amount => Micro / 1_000_000m;

    /// <summary>Rounded once to whole cents, half away from zero. Documents show cents.</summary>
    public long Cents => Rounding.DivideAwayFromZero(Micro, MicroPerCent);

    /// <summary>This amount rounded to whole cents; the difference belongs to a rounding account.</summary>
    public Money ToWholeCents() => FromCents(Cents);

    /// <summary>Whether the amount is below zero.</summary>
    public bool IsNegative => Micro < 0;

    /// <inheritdoc/>
    public int CompareTo(Money other) => Micro.CompareTo(other.Micro);

    /// <summary>Millionths, culture-invariant; pages format for people themselves.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Micro} millionths");

#pragma warning disable CS1591 // operators mean what they say
    public static Money operator +(Money a, Money b) => new(checked(a.Micro + b.Micro));
    public static Money operator -(Money a, Money b) => new(checked(a.Micro - b.Micro));
    public static Money operator -(Money a) => new(checked(-a.Micro));
    public static bool operator <(Money a, Money b) => a.Micro < b.Micro;
    public static bool operator >(Money a, Money b) => a.Micro > b.Micro;
    public static bool operator <=(Money a, Money b) => a.Micro <= b.Micro;
    public static bool operator >=(Money a, Money b) => a.Micro >= b.Micro;
#pragma warning restore CS1591
}
