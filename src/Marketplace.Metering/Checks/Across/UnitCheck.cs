using Marketplace.Quantities;

namespace Marketplace.Metering.Checks.Across;

/// <summary>What the unit of a meter seems to be.</summary>
public enum UnitVerdict
{
    /// <summary>The values fit the unit that they are labelled with.</summary>
    AsLabelled = 1,

    /// <summary>The values seem to be cubic metres of gas.</summary>
    CubicMetres = 2,

    /// <summary>Neither gives a plausible building.</summary>
    Unclear = 3,
}

/// <summary>What is usual for the fuel of a heating plant, to tell units by.</summary>
/// <param name="UsualKWhPerSquareMetre">A year's energy of a usual building. 150 is between CIBSE TM46's fossil-thermal benchmarks of offices (120) and universities (240).</param>
/// <param name="KWhPerCubicMetre">What a cubic metre of natural gas holds.</param>
/// <param name="PlausibleFactor">How many times more or less than usual a building may take.</param>
public sealed record UnitExpectation(decimal UsualKWhPerSquareMetre, decimal KWhPerCubicMetre, decimal PlausibleFactor)
{
    /// <summary>Heating with natural gas.</summary>
    public static UnitExpectation NaturalGas { get; } = new(150m, 11.2m, 8m);
}

/// <summary>
/// Whether a gas meter labelled in kWh counts cubic metres. Its register would count whole ones, which energy computed from them is
/// not; and of the two readings of its unit, the one nearer (as a ratio) to a usual building of its floor area is taken.
/// </summary>
public static class UnitCheck
{
    /// <summary>The values fit another unit better.</summary>
    public static Check Check { get; } = new("suspected-unit", CheckFamily.AcrossMeters, "A meter's values are in the unit that they are labelled with.");

    // Of a thousand hours so many are whole numbers of the labelled unit.
    private const int WholePerMille = 990;
    private const long WattHoursOfUnit = 1_000;
    private const int FewestValues = 4;

    /// <summary>Judges the unit of one meter over a year.</summary>
    /// <param name="series">The values as if they were kWh.</param>
    /// <param name="squareMetres">The heated floor area.</param>
    /// <param name="expectation">What is usual.</param>
    public static UnitVerdict Judge(MeterSeries series, decimal squareMetres, UnitExpectation expectation)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(expectation);
        var taken = series.Present().Where(value => value > 0).ToArray();
        if (taken.Length == 0 || squareMetres <= 0)
        {
            return UnitVerdict.Unclear;
        }

        if (taken.Count(value => value % WattHoursOfUnit == 0) * 1000L >= (long)taken.Length * WholePerMille && taken.Distinct().Count() >= FewestValues)
        {
            return UnitVerdict.CubicMetres;
        }

        // Where readings are missing the year is the mean of the hours that are there.
        var hours = series.Present().Length;
        var labelled = (decimal)taken.Aggregate((Int128)0, (sum, value) => sum + value) / 1000m / squareMetres * series.Count / hours;
        var asCubicMetres = labelled * expectation.KWhPerCubicMetre;
        var usual = expectation.UsualKWhPerSquareMetre;
        var verdict = Off(labelled, usual) <= Off(asCubicMetres, usual) ? UnitVerdict.AsLabelled : UnitVerdict.CubicMetres;
        var off = verdict == UnitVerdict.AsLabelled ? Off(labelled, usual) : Off(asCubicMetres, usual);
        return off <= expectation.PlausibleFactor ? verdict : UnitVerdict.Unclear;
    }

    /// <summary>The finding of a verdict, if there is something to say.</summary>
    public static Finding? Find(MeterSeries series, decimal squareMetres, UnitExpectation expectation) => Judge(series, squareMetres, expectation) switch
    {
        UnitVerdict.CubicMetres => new Finding(Check, series.Meter, series.During, $"The values look like cubic metres of gas: times {Words.Number(expectation.KWhPerCubicMetre)} they are kWh."),
        UnitVerdict.Unclear => new Finding(Check, series.Meter, series.During, "Neither kilowatt-hours nor cubic metres of gas give a plausible building."),
        _ => null,
    };

    private static decimal Off(decimal value, decimal usual) => value <= 0 ? decimal.MaxValue : Math.Max(value / usual, usual / value);
}
