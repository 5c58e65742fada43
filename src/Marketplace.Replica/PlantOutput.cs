using Marketplace.Quantities;

namespace Marketplace.Replica;

/// <summary>What plants that cannot be told when to run give in an hour.</summary>
public static class PlantOutput
{
    /// <summary>PV: peak power × GHI / 1,000 W/m² × performance ratio (default 0.85), less 0.4 % for each kelvin of cell temperature above 25 °C
    /// (more below it), the cell being 0.03125 K per W/m² warmer than the air (nominal operating cell temperature 45 °C, IEC 61215).
    /// Rounded down to whole Wh, never above peak power.</summary>
    public static Energy Pv(Plant plant, Conditions conditions)
    {
        if (conditions.GhiWm2 <= 0m)
        {
            return Energy.Zero;
        }

        var cellTempC = conditions.AirTempC + (0.03125m * conditions.GhiWm2);
        var ratio = (plant.PerformanceMillionths ?? 850_000) / 1_000_000m;
        var watts = plant.CapacityWatts * (conditions.GhiWm2 / 1000m) * ratio * (1m - (0.004m * (cellTempC - 25m)));
        return Energy.FromWh((long)Math.Clamp(watts, 0m, plant.CapacityWatts));
    }

    /// <summary>Waste heat: a share of the owner's electricity (default 0.3), at most the plant's capacity, rounded down.</summary>
    public static Energy WasteHeat(Plant plant, Energy ownerElectricity)
    {
        var heat = (Int128)Math.Max(0, ownerElectricity.WattHours) * (plant.PerformanceMillionths ?? 300_000) / 1_000_000;
        return Energy.FromWh((long)Int128.Min(heat, plant.CapacityWatts));
    }
}
