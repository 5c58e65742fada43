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
    private const int FewestHours = 24;

    // What stands between the units in which heat meters are read.
    private static readonly (decimal Factor, string Words)[] Factors =
    [
        (1000m, "the values may be watt-hours called kilowatt-hours"), (0.001m, "the values may be megawatt-hours called kilowatt-hours"),
        (3.6m, "the values may be megajoules"), (1m / 3.6m, "the values may have been taken for megajoules"),
    ];

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

    /// <summary>
    /// Tells the unit of a heat or cold meter from its own flow and temperatures: where most hours count the same multiple of what these
    /// give, and the multiple is that between two units, it is the unit that is wrong, not the hours.
    /// </summary>
    /// <param name="meter">The meter's code.</param>
    /// <param name="hours">Hours with energy, flow and both temperatures count; those with a small difference of temperatures do not.</param>
    /// <param name="parameters">The class of the meter.</param>
    public static Finding? FindFromFlow(string meter, IEnumerable<HeatMeterHour> hours, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(hours);
        ArgumentNullException.ThrowIfNull(parameters);
        var ratios = new List<(DateTimeOffset Hour, decimal Ratio)>();
        foreach (var hour in hours)
        {
            if (hour is { Energy.WattHours: > 0 and var counted, Litres: > 0 and var litres, FlowMilliCelsius: { } flow, ReturnMilliCelsius: { } back }
                && Math.Abs(flow - back) >= parameters.LeastDifference * 1000m
                && HeatChecks.HeatOf(litres, flow, back).Abs().WattHours is > 0 and var given)
            {
                ratios.Add((hour.Hour.ToUniversalTime(), (decimal)counted / given));
            }
        }

        if (ratios.Count < FewestHours)
        {
            return null;
        }

        var middle = ratios.Select(one => one.Ratio).Order().ElementAt(ratios.Count / 2);
        foreach (var (factor, words) in Factors)
        {
            if (Math.Abs(middle - factor) <= factor * parameters.HeatTolerance
                && ratios.Count(one => Math.Abs(one.Ratio - factor) <= 2 * factor * parameters.HeatTolerance) * 10 >= ratios.Count * 9)
            {
                return new Finding(
                    Check, meter, new Interval(ratios.Min(one => one.Hour), ratios.Max(one => one.Hour).AddHours(1)),
                    $"In {Words.Hours(ratios.Count)} the energy is {Words.Number(Math.Round(middle, 3))} times what flow and temperatures give: {words}.");
            }
        }

        return null;
    }

    private static decimal Off(decimal value, decimal usual) => value <= 0 ? decimal.MaxValue : Math.Max(value / usual, usual / value);
}
