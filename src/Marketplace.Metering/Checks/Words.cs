using System.Globalization;

namespace Marketplace.Metering.Checks;

/// <summary>Figures as findings write them.</summary>
internal static class Words
{
    public static string KWh(long wattHours) => (wattHours / 1000m).ToString("0.###", CultureInfo.InvariantCulture) + " kWh";

    public static string Number(decimal number) => number.ToString("0.###", CultureInfo.InvariantCulture);

    public static string Percent(decimal share) => (share * 100m).ToString("0.#", CultureInfo.InvariantCulture) + " %";

    public static string Hours(int count) => count == 1 ? "1 hour" : string.Create(CultureInfo.InvariantCulture, $"{count} hours");
}
