using Marketplace.Quantities;

namespace Marketplace.Metering.Checks;

/// <summary>What a check looks at.</summary>
public enum CheckFamily
{
    /// <summary>Whether, when and in which pieces readings came.</summary>
    Delivery = 1,

    /// <summary>Whether one meter's values can be.</summary>
    Value = 2,

    /// <summary>Whether the values of several meters, or of several registers of one, fit each other.</summary>
    AcrossMeters = 3,
}

/// <summary>A check: its name, stable in records and reports, its family, and what it asks for, in words for people.</summary>
public sealed record Check(string Name, CheckFamily Family, string Explanation);

/// <summary>What a check has to say about a meter in a time. It annotates: the readings it is about stay as they are.</summary>
/// <param name="Check">The check that is not met.</param>
/// <param name="Meter">The meter's code.</param>
/// <param name="During">From the first hour concerned to the end of the last.</param>
/// <param name="Words">What was found here, with its figures.</param>
/// <param name="OtherMeter">The meter it was compared with, if it was.</param>
public sealed record Finding(Check Check, string Meter, Interval During, string Words, string? OtherMeter = null);
