using Marketplace.Quantities;

namespace Marketplace.Replica.Demo;

/// <summary>The outside grid: a price that follows the day, the season, sun and wind, known the day before, and its carbon.</summary>
internal sealed class Grid(ulong seed)
{
    private static readonly double[] DayCt =
    [
        -2.2, -2.6, -2.9, -2.9, -2.5, -1.2, 1.4, 3.4, 3.2, 1.6, .4, -.4, -.9, -1.1, -.6, .4, 2.0, 4.4, 5.4, 4.6, 2.6, .8, -.6, -1.6,
    ];

    private readonly ulong noise = Chance.Key(seed, "import price");

    /// <summary>Import price in whole hundredths of a cent, from the weather as it was forecast.</summary>
    public Price ImportPrice(LocalHour local, Sky forecast)
    {
        var sun = forecast.GhiWm2 / 100;
        var cold = Math.Max(0, 12 - forecast.SlowC);
        var cents = 11.0 + (DayCt[local.HourOfDay] * (local.IsFree ? 0.7 : 1)) + (0.18 * cold)
            - (local.IsFree ? 3.4 : 0) - (1.0 * sun) - (5.2 * forecast.Wind) + (0.5 * Chance.Normal(noise, local.Index));
        return Price.FromMicroPerKWh((long)Math.Round(Math.Clamp(cents, -9, 45) * 100) * 100);
    }

    /// <summary>Carbon intensity in g/kWh: less with wind and sun.</summary>
    public static int Carbon(Sky sky) => (int)Math.Round(Math.Clamp(370 - (95 * sky.Wind) - (0.25 * sky.GhiWm2), 45, 640));
}
