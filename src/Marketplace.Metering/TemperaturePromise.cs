using Marketplace.Quantities;

namespace Marketplace.Metering;

/// <summary>
/// The temperatures that a contract promises at a substation, in thousandths of a degree Celsius; null limits nothing. The supply is
/// the network's promise, the return the consumer's.
/// </summary>
/// <param name="SupplyAtLeast">The flow is not colder: heat.</param>
/// <param name="SupplyAtMost">The flow is not warmer: cold, and the safety of heat.</param>
/// <param name="ReturnAtLeast">The return is not colder: cold.</param>
/// <param name="ReturnAtMost">The return is not warmer: heat.</param>
/// <param name="Tolerance">How far sensors may be off before a promise counts as broken.</param>
/// <param name="LeastLitres">Below this flow an hour says nothing: water that stands takes the temperature of the room.</param>
public sealed record TemperaturePromise(
    int? SupplyAtLeast = null,
    int? SupplyAtMost = null,
    int? ReturnAtLeast = null,
    int? ReturnAtMost = null,
    int Tolerance = 500,
    long LeastLitres = 20)
{
    /// <summary>A supply that follows the weather: between points of outdoor temperature and least supply it is interpolated, outside the nearest counts. Overrides <see cref="SupplyAtLeast"/> where the outdoor temperature is known.</summary>
    public IReadOnlyList<(int OutdoorMilliCelsius, int SupplyAtLeast)> HeatingCurve { get; init; } = [];

    /// <summary>The least supply at a temperature outside.</summary>
    public int? LeastSupplyAt(int? outdoorMilliCelsius)
    {
        if (HeatingCurve.Count == 0 || outdoorMilliCelsius is not { } outside)
        {
            return SupplyAtLeast;
        }

        var points = HeatingCurve.OrderBy(point => point.OutdoorMilliCelsius).ToArray();
        for (var i = 1; i < points.Length; i++)
        {
            var (from, to) = (points[i - 1], points[i]);
            if (outside > from.OutdoorMilliCelsius && outside < to.OutdoorMilliCelsius)
            {
                return (int)(from.SupplyAtLeast + Rounding.DivideAwayFromZero(
                    (Int128)(to.SupplyAtLeast - from.SupplyAtLeast) * (outside - from.OutdoorMilliCelsius), to.OutdoorMilliCelsius - from.OutdoorMilliCelsius));
            }
        }

        return outside <= points[0].OutdoorMilliCelsius ? points[0].SupplyAtLeast : points[^1].SupplyAtLeast;
    }
}

/// <summary>The mean temperatures of an hour at a substation, in thousandths of a degree Celsius. What was not measured is null.</summary>
public sealed record SubstationHour(DateTimeOffset Hour, int? Supply, int? Return, long? Litres, int? Outdoor = null);

/// <summary>Whose promise was broken in an hour.</summary>
public enum PromiseSide
{
    /// <summary>The network's: the supply at entry.</summary>
    Supply = 1,

    /// <summary>The consumer's: the return.</summary>
    Return = 2,
}

/// <summary>An hour in which a promise was broken, and by how much: below a least temperature negative, above a highest positive.</summary>
public sealed record BrokenPromise(DateTimeOffset Hour, PromiseSide Side, int Measured, int Promised)
{
    /// <summary>The distance from what was promised, in thousandths of a kelvin.</summary>
    public int Deviation => Measured - Promised;
}

/// <summary>What became of a substation's promise in a time. Each hour counts once: judged, without flow, or not measured.</summary>
/// <param name="HoursJudged">Hours with flow and temperatures.</param>
/// <param name="HoursWithoutFlow">Hours that say nothing because too little flowed.</param>
/// <param name="HoursNotMeasured">Hours with flow, or unknown flow, without a temperature that is promised.</param>
/// <param name="Broken">By time.</param>
public sealed record PromiseReport(int HoursJudged, int HoursWithoutFlow, int HoursNotMeasured, IReadOnlyList<BrokenPromise> Broken)
{
    /// <summary>The hours in which a side's promise was broken: what a contract counts.</summary>
    public int HoursBroken(PromiseSide side) => Broken.Where(broken => broken.Side == side).Select(broken => broken.Hour).Distinct().Count();

    /// <summary>How far and how long a side's promise was broken, in thousandths of kelvin-hours.</summary>
    public long MilliKelvinHours(PromiseSide side) => Broken.Where(broken => broken.Side == side).Sum(broken => (long)Math.Abs(broken.Deviation));

    /// <summary>Judges the hours of a substation.</summary>
    public static PromiseReport Judge(IEnumerable<SubstationHour> hours, TemperaturePromise promise)
    {
        ArgumentNullException.ThrowIfNull(hours);
        ArgumentNullException.ThrowIfNull(promise);
        var (judged, withoutFlow, notMeasured) = (0, 0, 0);
        var broken = new List<BrokenPromise>();
        foreach (var hour in hours.OrderBy(hour => hour.Hour))
        {
            var least = promise.LeastSupplyAt(hour.Outdoor);
            var needsSupply = least is not null || promise.SupplyAtMost is not null;
            var needsReturn = promise.ReturnAtLeast is not null || promise.ReturnAtMost is not null;
            if (hour.Litres < promise.LeastLitres)
            {
                withoutFlow++;
            }
            else if ((needsSupply && hour.Supply is null) || (needsReturn && hour.Return is null))
            {
                notMeasured++;
            }
            else
            {
                judged++;
                Compare(hour, PromiseSide.Supply, hour.Supply, least, promise.SupplyAtMost);
                Compare(hour, PromiseSide.Return, hour.Return, promise.ReturnAtLeast, promise.ReturnAtMost);
            }
        }

        return new PromiseReport(judged, withoutFlow, notMeasured, broken);

        void Compare(SubstationHour hour, PromiseSide side, int? measured, int? least, int? most)
        {
            if (measured < least - promise.Tolerance)
            {
                broken.Add(new BrokenPromise(hour.Hour, side, measured!.Value, least!.Value));
            }
            else if (measured > most + promise.Tolerance)
            {
                broken.Add(new BrokenPromise(hour.Hour, side, measured!.Value, most!.Value));
            }
        }
    }
}
