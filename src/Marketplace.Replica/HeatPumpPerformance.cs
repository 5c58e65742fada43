namespace Marketplace.Replica;

/// <summary>How much heat a brine/water heat pump on the loop gives per unit of electricity.</summary>
/// <remarks>
/// Regression for water-source heat pumps of Ruhnau, Hirth, Praktiknjo: Time series of heat demand and heat pump efficiency
/// for energy system modeling, Scientific Data 6:189 (2019), in its published parameter set:
/// COP = 9.99 − 0.2049·ΔT + 0.001249·ΔT², ΔT = sink − source, at least 15 K, times 0.85 for the field.
/// Sink: the radiator heating curve 40 °C − outdoor temperature, here kept within 30 to 55 °C. Source: the water at hand less 5 K for the heat exchanger.
/// </remarks>
public static class HeatPumpPerformance
{
    /// <summary>Temperature of the loop's water that the formula assumes.</summary>
    public const decimal LoopTempC = 12m;

    /// <summary>The least COP the formula returns.</summary>
    public const long LeastMillionths = 2_000_000;

    /// <summary>The largest COP the formula returns.</summary>
    public const long MostMillionths = 6_500_000;

    /// <summary>COP in millionths, to three decimals. Exact decimal arithmetic, so equal on every machine.</summary>
    /// <param name="airTempC">Outdoor temperature in °C.</param>
    /// <param name="loopTempC">Temperature of the loop's water in °C.</param>
    public static long CopMillionths(decimal airTempC, decimal loopTempC = LoopTempC)
    {
        var sink = Math.Clamp(40m - airTempC, 30m, 55m);
        var lift = Math.Max(15m, sink - (loopTempC - 5m));
        var cop = 0.85m * (9.99m - (0.2049m * lift) + (0.001249m * lift * lift));
        return Math.Clamp((long)Math.Round(cop * 1000m, MidpointRounding.AwayFromZero) * 1000, LeastMillionths, MostMillionths);
    }
}
