namespace Marketplace.Contracts;

/// <summary>What a number of a template counts. Names stand in published templates and never change.</summary>
public enum Unit
{
    /// <summary>Not said; a template that leaves it so cannot be published.</summary>
    None = 0,

    /// <summary>Energy.</summary>
    WattHours,

    /// <summary>Power.</summary>
    Watts,

    /// <summary>Hours of the period.</summary>
    Hours,

    /// <summary>A share: 1,000,000 is the whole.</summary>
    Millionths,

    /// <summary>Millionths of the loop's currency.</summary>
    Money,

    /// <summary>Periods of the contract: 1 for each.</summary>
    Periods,

    /// <summary>Millionths of the currency for a kWh.</summary>
    MoneyPerKWh,

    /// <summary>Millionths of the currency for a kW.</summary>
    MoneyPerKW,

    /// <summary>Millionths of the currency for an hour.</summary>
    MoneyPerHour,

    /// <summary>Millionths of the currency for a percentage point.</summary>
    MoneyPerPoint,
}

/// <summary>What units are called in explanations, and which rate goes with which quantity.</summary>
public static class Units
{
    /// <summary>How a name of an input ends.</summary>
    public static string Suffix(this Unit unit) => unit switch
    {
        Unit.WattHours => "Wh",
        Unit.Watts => "W",
        Unit.Hours => "Hours",
        Unit.Millionths => "Millionths",
        Unit.Money => "Micro",
        Unit.Periods => "Periods",
        Unit.MoneyPerKWh => "MicroPerKWh",
        Unit.MoneyPerKW => "MicroPerKW",
        Unit.MoneyPerHour => "MicroPerHour",
        Unit.MoneyPerPoint => "MicroPerPoint",
        Unit.None => "",
        _ => throw new ArgumentOutOfRangeException(nameof(unit), unit, "Not a unit"),
    };

    /// <summary>The unit of the rate that turns a quantity into money; none where there is no such rate.</summary>
    public static Unit RateOf(Unit quantity) => quantity switch
    {
        Unit.WattHours => Unit.MoneyPerKWh,
        Unit.Watts => Unit.MoneyPerKW,
        Unit.Hours => Unit.MoneyPerHour,
        Unit.Millionths => Unit.MoneyPerPoint,
        Unit.Money => Unit.Millionths,
        Unit.Periods => Unit.Money,
        _ => Unit.None,
    };

    /// <summary>rate × quantity ÷ this is millionths of the currency.</summary>
    public static long Divisor(Unit quantity) => quantity switch
    {
        Unit.WattHours or Unit.Watts => 1000,
        Unit.Hours or Unit.Periods => 1,
        Unit.Millionths => 10_000,
        Unit.Money => 1_000_000,
        _ => throw new ArgumentOutOfRangeException(nameof(quantity), quantity, "Nothing is paid for this unit"),
    };
}

/// <summary>What is known of a measured quantity before anything is measured.</summary>
/// <param name="Name">As templates name it: lower-case words with hyphens.</param>
/// <param name="Unit">What it counts.</param>
public sealed record QuantityForm(string Name, Unit Unit)
{
    /// <summary>Whether it is a sum over hours, so that the quantities of two halves of a period add up to that of the whole.</summary>
    public bool AddsUp { get; init; }

    /// <summary>Whether it is never below zero.</summary>
    public bool NeverNegative { get; init; }

    /// <summary>Whether a clause has to name the carrier.</summary>
    public bool NeedsCarrier { get; init; }

    /// <summary>Whether a clause has to name the plant.</summary>
    public bool NeedsPlant { get; init; }

    /// <summary>Whether a clause has to name a baseline to which it is compared.</summary>
    public bool NeedsReference { get; init; }

    /// <summary>Whether a clause has to name what it is measured of, such as what was lent.</summary>
    public bool NeedsBasis { get; init; }

    /// <summary>Whether it is measured between two parties, so that a clause has to name the other.</summary>
    public bool NeedsOther { get; init; }
}
