using Marketplace.Quantities;

namespace Marketplace.Replica.Demo;

/// <summary>An hour as the people of the loop live it.</summary>
internal readonly record struct LocalHour(long Index, int DayNumber, int HourOfDay, bool IsFree);

/// <summary>How a use spreads over the hours of working and free days; its weekly mean is 1.</summary>
internal sealed class Shape
{
    private readonly double[] working;
    private readonly double[] free;

    public Shape(double[] working, double[] free)
    {
        var mean = ((5 * working.Sum()) + (2 * free.Sum())) / 168;
        this.working = Array.ConvertAll(working, value => value / mean);
        this.free = Array.ConvertAll(free, value => value / mean);
    }

    public double At(LocalHour hour) => (hour.IsFree ? free : working)[hour.HourOfDay];
}

/// <summary>What one meter's use depends on: a part by habit, a part by temperature, and chance.</summary>
/// <param name="Carrier">Heat and electricity rise with cold weather, cold with warm weather.</param>
/// <param name="BaseWatts">Mean of the part by habit.</param>
/// <param name="BaseShape">Its spread over the week.</param>
/// <param name="WattsPerKelvin">Rise per kelvin beyond the balance temperature.</param>
/// <param name="BalanceC">Temperature at which the part by temperature begins.</param>
/// <param name="WeatherShape">Its spread over the week.</param>
/// <param name="Scatter">Standard deviation of the hour's chance, in logarithm.</param>
/// <param name="MayBeAway">Whether nobody is at home in some weeks.</param>
internal sealed record Load(
    Carrier Carrier,
    double BaseWatts,
    Shape BaseShape,
    double WattsPerKelvin,
    double BalanceC,
    Shape WeatherShape,
    double Scatter,
    bool MayBeAway)
{
    /// <summary>Use without chance.</summary>
    public double Expected(LocalHour hour, Sky sky)
    {
        var kelvin = Carrier == Carrier.Cold ? sky.AirC - BalanceC : BalanceC - sky.SlowC;
        return (BaseWatts * BaseShape.At(hour)) + (WattsPerKelvin * Math.Max(0, kelvin) * WeatherShape.At(hour));
    }

    /// <summary>Use as it happened: the day and the hour have their moods, and people travel.</summary>
    public double Actual(LoadKeys keys, LocalHour hour, Sky sky)
    {
        var day = 1 + (Scatter * 0.25 * Chance.Normal(keys.Day, hour.DayNumber));
        var mood = Math.Exp((Scatter * Chance.Normal(keys.Hour, hour.Index)) - (Scatter * Scatter / 2));
        var away = MayBeAway && Chance.Uniform(keys.Away, hour.DayNumber / 7) < 0.04 ? 0.3 : 1;
        return Expected(hour, sky) * Math.Max(0.1, day) * mood * away;
    }
}

/// <summary>The keys of a meter's chance. Meters of one member share <see cref="Away"/>.</summary>
internal sealed record LoadKeys(ulong Hour, ulong Day, ulong Away);

/// <summary>The shapes of the demo's buildings, hour by hour from midnight.</summary>
internal static class Shapes
{
    public static Shape Flat { get; } = new(Hours(0, 0, 1, 1), Hours(0, 0, 1, 1));

    public static Shape DwellingPower { get; } = new(
        [.45, .38, .35, .34, .35, .45, .80, 1.1, 1.0, .85, .80, .85, 1.0, .95, .85, .85, .95, 1.25, 1.7, 1.95, 1.85, 1.55, 1.1, .70],
        [.55, .45, .38, .36, .36, .40, .50, .75, 1.05, 1.3, 1.4, 1.45, 1.5, 1.3, 1.15, 1.1, 1.15, 1.4, 1.7, 1.85, 1.75, 1.5, 1.15, .80]);

    public static Shape DwellingHeat { get; } = new(
        [.70, .68, .68, .68, .75, .95, 1.3, 1.35, 1.2, 1.05, .95, .92, .92, .92, .95, 1.0, 1.1, 1.2, 1.25, 1.25, 1.2, 1.1, .95, .80],
        [.72, .70, .68, .68, .70, .78, .95, 1.2, 1.3, 1.25, 1.15, 1.08, 1.05, 1.02, 1.02, 1.05, 1.1, 1.2, 1.25, 1.25, 1.2, 1.1, .95, .82]);

    public static Shape HotWater { get; } = new(
        [.25, .15, .10, .10, .20, .70, 2.0, 2.3, 1.6, 1.0, .80, .80, .90, .80, .70, .70, .80, 1.1, 1.6, 1.9, 1.8, 1.4, .90, .50],
        [.35, .20, .12, .10, .12, .25, .60, 1.3, 2.0, 2.2, 1.9, 1.5, 1.2, 1.0, .90, .90, 1.0, 1.2, 1.5, 1.7, 1.6, 1.3, .90, .55]);

    public static Shape Office { get; } = new(Hours(7, 19, 1.0, .28), Hours(10, 15, .34, .27));

    public static Shape OfficeHeat { get; } = new(Hours(5, 18, 1.0, .45), Hours(6, 16, .5, .42));

    public static Shape School { get; } = new(Hours(7, 16, 1.0, .18), Hours(10, 12, .2, .16));

    public static Shape SchoolHeat { get; } = new(Hours(5, 15, 1.0, .35), Hours(6, 10, .35, .3));

    public static Shape Shop { get; } = new(Hours(7, 21, 1.0, .6), Hours(8, 20, .9, .6));

    public static Shape Bakery { get; } = new(Hours(2, 12, 1.0, .2), Hours(4, 10, .8, .2));

    public static Shape Evening { get; } = new(Hours(15, 22, 1.0, .25), Hours(10, 20, 1.0, .25));

    private static double[] Hours(int from, int until, double inside, double outside)
    {
        var hours = new double[24];
        for (var hour = 0; hour < 24; hour++)
        {
            hours[hour] = hour >= from && hour < until ? inside : outside;
        }

        return hours;
    }
}
