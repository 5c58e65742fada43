using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>How much a period's weather asked for heat or for cold, after the method of Eurostat (nrg_chdd): a day whose mean is at most 15 °C counts
/// 18 °C less its mean for heating; one whose mean is at least 24 °C counts its mean less 21 °C for cooling. In thousandths of a kelvin day.</summary>
public static class DegreeDays
{
    /// <summary>What a day counts for a carrier; nothing for electricity.</summary>
    /// <param name="carrier">Heat or cold.</param>
    /// <param name="meanMilliCelsius">The day's mean of the air, in thousandths of a degree.</param>
    public static long Of(Carrier carrier, long meanMilliCelsius) => carrier switch
    {
        Carrier.Heat => meanMilliCelsius <= 15_000 ? 18_000 - meanMilliCelsius : 0,
        Carrier.Cold => meanMilliCelsius >= 24_000 ? meanMilliCelsius - 21_000 : 0,
        _ => 0,
    };

    /// <summary>What was used in other weather, as it would have been in this: in proportion to degree days. All of it counts as depending on the weather.</summary>
    /// <returns>Null where one of the periods had no degree day: then nothing can be said.</returns>
    public static long? Corrected(long usedWh, long degreeDaysThen, long degreeDaysNow) =>
        degreeDaysThen <= 0 || degreeDaysNow <= 0 ? null : Rounding.DivideAwayFromZero((Int128)usedWh * degreeDaysNow, degreeDaysThen);
}
