using Marketplace.Quantities;

namespace Marketplace.Replica.Demo;

/// <summary>The water of an hour at a member's substation.</summary>
/// <param name="Litres">What flowed.</param>
/// <param name="SupplyMilliCelsius">Its mean temperature at entry, in thousandths of a degree.</param>
/// <param name="ReturnMilliCelsius">Its mean temperature on the way back.</param>
public readonly record struct SubstationWater(long Litres, int SupplyMilliCelsius, int ReturnMilliCelsius);

/// <summary>What the demo's heat meters see of the water that brings the energy. As everything in the demo a function of seed and hour.</summary>
public static class Substation
{
    /// <summary>Heat capacity of a litre between 10 and 50 °C in Wh/K, in thousandths.</summary>
    private const int MilliWattHoursPerLitreKelvin = 1_157;

    private const int ColdSupplyMilliCelsius = 9_000;

    /// <summary>The water that brought an hour's energy to a meter of heat or cold.</summary>
    /// <param name="loop">Whose weather sets the supply.</param>
    /// <param name="meter">The meter.</param>
    /// <param name="hour">Start of the hour.</param>
    /// <param name="energy">What it measured in it.</param>
    /// <exception cref="ArgumentException">The meter measures electricity.</exception>
    public static SubstationWater WaterOf(DemoLoop loop, DemoMeter meter, DateTimeOffset hour, Energy energy)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(meter);
        var key = Chance.Key(loop.Seed, meter.Id + " water");
        var index = HourIndex.Of(hour);
        var scatter = (int)(400 * Chance.Normal(key, index));
        var (supply, wished) = meter.Carrier switch
        {
            // A heating curve: warmer water on colder days, within what the network can do.
            Carrier.Heat => (Math.Clamp(52_000 - (int)(600 * loop.ConditionsAt(hour).AirTempC), 46_500, 60_000) + scatter, 17_000 + (3 * scatter)),
            Carrier.Cold => (ColdSupplyMilliCelsius + scatter, -(6_000 + scatter)),
            _ => throw new ArgumentException($"{meter.Id} has no water", nameof(meter)),
        };

        // Whole litres are counted: the return follows from them, so that the registers fit each other.
        var litres = energy.WattHours == 0 ? 0 : (energy.WattHours * 1_000_000L / ((long)MilliWattHoursPerLitreKelvin * Math.Abs(wished))) + 1;
        var difference = litres == 0 ? 0 : (int)(energy.WattHours * 1_000_000L / (MilliWattHoursPerLitreKelvin * litres));
        return new SubstationWater(litres, supply, wished > 0 ? supply - difference : supply + difference);
    }
}
