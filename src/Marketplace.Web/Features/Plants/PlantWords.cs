using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Shell;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Plants;

/// <summary>A plant's technical data in sentences.</summary>
public static class PlantWords
{
    public static string Describe(this Plant plant, IStringLocalizer<Texts> words, Format format)
    {
        var power = format.Power(plant.CapacityWatts);
        var sentences = new List<string>
        {
            plant.Kind switch
            {
                PlantKind.Pv => words["Is.Pv", power],
                PlantKind.HeatPump when plant.PerformanceMillionths is { } cop => words["Is.HeatPump", power, Ratio(cop)],
                PlantKind.HeatPump => words["Is.HeatPumpByWeather", power],
                PlantKind.Chiller => words["Is.Chiller", power, plant.PerformanceMillionths is { } cold ? Ratio(cold) : "–"],
                PlantKind.Boiler when plant.Input is null => words["Is.FuelBoiler", power],
                PlantKind.Boiler => words["Is.Boiler", power, plant.PerformanceMillionths is { } efficiency ? format.Percent(efficiency / 1_000_000m) : "–"],
                PlantKind.WasteHeat => words["Is.WasteHeat", power, plant.PerformanceMillionths is { } share ? format.Percent(share / 1_000_000m) : "–"],
                PlantKind.Store => words["Is.Store", words["Carrier.Lower." + plant.Output], power],
                PlantKind.GridSupplier => words["Is.GridSupplier", power],
                PlantKind.BalancingPlant => words["Is.BalancingPlant", power],
                _ => throw new ArgumentOutOfRangeException(nameof(plant), plant.Kind, "Not a kind of plant"),
            },
        };
        if (plant.Store is { } store)
        {
            sentences.Add(words[
                "Is.StoreDetails", format.Energy(store.Capacity), format.Percent(store.ChargeEfficiencyMillionths / 1_000_000m),
                format.Percent(store.DischargeEfficiencyMillionths / 1_000_000m), format.Percent(store.StandingLossMillionthsPerHour / 1_000_000m, 2)]);
        }

        if (plant.RunningCost != Price.Zero)
        {
            sentences.Add(words["Is.RunningCost", format.Price(plant.RunningCost)]);
        }

        return string.Join(" ", sentences);

        string Ratio(long millionths) => format.Number(millionths / 1_000_000m, 1);
    }
}
