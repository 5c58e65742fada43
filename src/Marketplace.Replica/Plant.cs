using Marketplace.Quantities;

namespace Marketplace.Replica;

/// <summary>What a plant is. The numeric values are stored and must never change.</summary>
public enum PlantKind
{
    /// <summary>Photovoltaics: sells electricity as the sun gives it.</summary>
    Pv = 1,

    /// <summary>Electricity to heat, and cold on the loop side.</summary>
    HeatPump = 2,

    /// <summary>Electricity to cold, and heat on the loop side.</summary>
    Chiller = 3,

    /// <summary>Heat from electricity or, without an input carrier, from a fuel at cost.</summary>
    Boiler = 4,

    /// <summary>Heat left over from the owner's electricity use.</summary>
    WasteHeat = 5,

    /// <summary>Moves one carrier through time.</summary>
    Store = 6,

    /// <summary>The outside grid: sells at the import price, takes surplus at feed-in.</summary>
    GridSupplier = 7,

    /// <summary>The operator's plant that keeps the loop in balance with standing orders for heat and cold.</summary>
    BalancingPlant = 8,
}

/// <summary>The names by which kinds of plant are known in files.</summary>
public static class PlantKinds
{
    /// <summary>The name in files, such as <c>heat_pump</c>.</summary>
    public static string Name(this PlantKind kind) => kind switch
    {
        PlantKind.Pv => "pv",
        PlantKind.HeatPump => "heat_pump",
        PlantKind.Chiller => "chiller",
        PlantKind.Boiler => "boiler",
        PlantKind.WasteHeat => "waste_heat",
        PlantKind.Store => "store",
        PlantKind.GridSupplier => "grid_supplier",
        PlantKind.BalancingPlant => "balancing_plant",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind of plant"),
    };

    /// <summary>Whether the plant runs as it was scheduled, so that its meters measure what it traded;
    /// sun and waste heat come as they come.</summary>
    public static bool IsDispatched(this PlantKind kind) => kind is not (PlantKind.Pv or PlantKind.WasteHeat);
}

/// <summary>A plant on the loop. Ratios are whole millionths (1,000,000 = 1).</summary>
public sealed record Plant
{
    private readonly long capacityWatts;

    /// <summary>Name within the loop, unique.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Key of the member that owns it.</summary>
    public required string Owner { get; init; }

    /// <summary>What it is.</summary>
    public required PlantKind Kind { get; init; }

    /// <summary>The carrier it takes, if it takes one from the loop.</summary>
    public Carrier? Input { get; init; }

    /// <summary>Its main product. A balancing plant and the grid supplier have several sides and state the main one.</summary>
    public required Carrier Output { get; init; }

    /// <summary>Power of the main product in W: peak power of PV (at 1,000 W/m²), heat of a heat pump or boiler, cold of a chiller,
    /// charging and discharging power of a store at its connection, each side of a grid supplier or balancing plant.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below zero.</exception>
    public required long CapacityWatts
    {
        get => capacityWatts;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            capacityWatts = value;
        }
    }

    /// <summary>COP of a heat pump (none: by outdoor temperature, <see cref="HeatPumpPerformance"/>), cold per electricity of a chiller,
    /// efficiency of a boiler, performance ratio of PV, waste heat per electricity used by the owner,
    /// COP of a balancing plant. None takes the default of the kind.</summary>
    public long? PerformanceMillionths { get; init; }

    /// <summary>Cost of running per kWh of the main product, without the carriers bought on the loop.
    /// A fuel boiler's contains the fuel; a store's is wear per kWh discharged.</summary>
    public Price RunningCost { get; init; }

    /// <summary>What makes it a store; present exactly when <see cref="Kind"/> is a store.</summary>
    public StoreDetails? Store { get; init; }
}

/// <summary>How a store loses, holds and prices energy. Ratios are whole millionths.</summary>
/// <param name="Capacity">How much it can hold.</param>
/// <param name="ChargeEfficiencyMillionths">Stored per charged, above 0, at most 1,000,000.</param>
/// <param name="DischargeEfficiencyMillionths">Delivered per taken from the store, above 0, at most 1,000,000.</param>
/// <param name="StandingLossMillionthsPerHour">Share of the stored energy lost each hour.</param>
/// <param name="SpreadMillionths">How far from the recent average price it buys and sells, as a share of that average.</param>
/// <param name="MinimumSpread">The spread when the average is near zero.</param>
public sealed record StoreDetails(
    Energy Capacity,
    long ChargeEfficiencyMillionths,
    long DischargeEfficiencyMillionths,
    long StandingLossMillionthsPerHour,
    long SpreadMillionths,
    Price MinimumSpread)
{
    internal const long One = 1_000_000;

    /// <summary>The charge efficiency, refused outside (0, 1].</summary>
    public long ChargeEfficiencyMillionths { get; } = Ratio(ChargeEfficiencyMillionths, 1, nameof(ChargeEfficiencyMillionths));

    /// <summary>The discharge efficiency, refused outside (0, 1].</summary>
    public long DischargeEfficiencyMillionths { get; } = Ratio(DischargeEfficiencyMillionths, 1, nameof(DischargeEfficiencyMillionths));

    /// <summary>The standing loss an hour, refused outside [0, 1].</summary>
    public long StandingLossMillionthsPerHour { get; } = Ratio(StandingLossMillionthsPerHour, 0, nameof(StandingLossMillionthsPerHour));

    private static long Ratio(long value, long least, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, One, name);
        return value;
    }
}
