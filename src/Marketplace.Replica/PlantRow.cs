using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Replica;

/// <summary>A row of <c>plants.csv</c> as it stands in the file; capacity in kW of the main product, cost per kWh of it.</summary>
public sealed record PlantRow(
    string Plant,
    string Owner,
    string Kind,
    string CarrierIn,
    string CarrierOut,
    string CapacityKw,
    string EfficiencyOrCop,
    string CostPerKWh);

/// <summary>Why a row was refused.</summary>
/// <param name="Field">Name of the column, as in the file's header.</param>
/// <param name="Message">What is wrong, in words for people.</param>
public sealed record PlantFieldError(string Field, string Message);

/// <summary>A row read: either a plant, with a sentence where a default was assumed, or an error.</summary>
public sealed record PlantReading(Plant? Plant, PlantFieldError? Error, string? Note);

/// <summary>Reads rows of <c>plants.csv</c>. Empty fields take the kind's default.</summary>
public static class PlantRows
{
    private const decimal LargestKw = 1_000_000m;

    /// <summary>Reads one row. A store's energy is not in the file: it is taken as four hours of its power for heat and cold,
    /// two for electricity; its efficiency is that of the round trip and is lost on charging.</summary>
    public static PlantReading Read(PlantRow row)
    {
        try
        {
            return Parse(row);
        }
        catch (FieldException refused)
        {
            return new PlantReading(null, new PlantFieldError(refused.Field, refused.Message), null);
        }
    }

    private static PlantReading Parse(PlantRow row)
    {
        var id = Name(row.Plant, "plant");
        var owner = Name(row.Owner, "owner");
        var kind = row.Kind.Trim() switch
        {
            "pv" => PlantKind.Pv,
            "heat_pump" => PlantKind.HeatPump,
            "chiller" => PlantKind.Chiller,
            "boiler" => PlantKind.Boiler,
            "waste_heat" => PlantKind.WasteHeat,
            "store" => PlantKind.Store,
            "grid_supplier" => PlantKind.GridSupplier,
            "balancing_plant" => PlantKind.BalancingPlant,
            var other => throw new FieldException("kind", $"'{other}' is not one of pv, heat_pump, chiller, boiler, waste_heat, store, grid_supplier, balancing_plant"),
        };
        var (input, output) = CarriersOf(kind, row);
        var watts = checked((long)(Number(row.CapacityKw, "capacity_kw", 0.001m, LargestKw, 3) * 1000m));
        var cost = row.CostPerKWh.Trim().Length == 0
            ? Price.Zero
            : Price.FromUnitsPerKWh(Number(row.CostPerKWh, "cost_per_kwh", -100m, 100m, 6));
        var (performance, note) = PerformanceOf(kind, row.EfficiencyOrCop);
        var plant = new Plant
        {
            Id = id,
            DisplayName = id,
            Owner = owner,
            Kind = kind,
            Input = input,
            Output = output,
            CapacityWatts = watts,
            PerformanceMillionths = kind == PlantKind.Store ? null : performance,
            RunningCost = cost,
        };
        if (kind != PlantKind.Store)
        {
            return new PlantReading(plant, null, note is null ? null : $"{id}: {note}");
        }

        var hours = output == Carrier.Electricity ? 2 : 4;
        var store = StoreDefaults.For(output, Energy.FromWh(checked(watts * hours)));
        if (performance is { } roundTrip)
        {
            store = new StoreDetails(store.Capacity, roundTrip, 1_000_000, store.StandingLossMillionthsPerHour, store.SpreadMillionths, store.MinimumSpread);
        }

        return new PlantReading(plant with { Store = store }, null, string.Create(CultureInfo.InvariantCulture, $"{id}: the file states no energy, so the store holds {hours} hours of its power"));
    }

    private static (Carrier? Input, Carrier Output) CarriersOf(PlantKind kind, PlantRow row)
    {
        var input = row.CarrierIn.Trim();
        var output = row.CarrierOut.Trim();
        switch (kind)
        {
            case PlantKind.Pv:
                Fixed(input, "carrier_in", "", "solar");
                Fixed(output, "carrier_out", "", "electricity");
                return (null, Carrier.Electricity);
            case PlantKind.HeatPump:
                Fixed(input, "carrier_in", "", "electricity");
                Fixed(output, "carrier_out", "", "heat");
                return (Carrier.Electricity, Carrier.Heat);
            case PlantKind.Chiller:
                Fixed(input, "carrier_in", "", "electricity");
                Fixed(output, "carrier_out", "", "cold");
                return (Carrier.Electricity, Carrier.Cold);
            case PlantKind.Boiler:
                Fixed(input, "carrier_in", "", "electricity", "gas", "fuel");
                Fixed(output, "carrier_out", "", "heat");
                return (input == "electricity" ? Carrier.Electricity : null, Carrier.Heat);
            case PlantKind.WasteHeat:
                Fixed(input, "carrier_in", "", "electricity");
                Fixed(output, "carrier_out", "", "heat");
                return (null, Carrier.Heat);
            case PlantKind.GridSupplier:
                Fixed(input, "carrier_in", "");
                Fixed(output, "carrier_out", "", "electricity");
                return (null, Carrier.Electricity);
            case PlantKind.BalancingPlant:
                Fixed(input, "carrier_in", "");
                Fixed(output, "carrier_out", "", "heat");
                return (null, Carrier.Heat);
            default:
                var (field, name) = output.Length > 0 ? ("carrier_out", output) : ("carrier_in", input);
                if (!Carriers.TryParse(name, out var carrier))
                {
                    throw new FieldException(field, $"'{name}' is not one of heat, cold, electricity");
                }

                Fixed(input, "carrier_in", "", name);
                return (carrier, carrier);
        }
    }

    private static (long? Millionths, string? Note) PerformanceOf(PlantKind kind, string text)
    {
        if (text.Trim().Length == 0)
        {
            return (null, null);
        }

        if (kind == PlantKind.GridSupplier)
        {
            throw new FieldException("efficiency_or_cop", "a grid supplier has none: leave it empty");
        }

        var (least, most) = kind switch
        {
            PlantKind.Pv => (0.01m, 1m),
            PlantKind.HeatPump or PlantKind.BalancingPlant => (1.001m, 15m),
            PlantKind.Chiller => (0.1m, 30m),
            PlantKind.Boiler => (0.1m, 1.1m),
            PlantKind.Store => (0.1m, 1m),
            _ => (0.001m, 1m),
        };
        var value = Number(text, "efficiency_or_cop", least, most, 6);

        // No PV plant has so low a performance ratio: it is the module's efficiency, which peak power contains already.
        return kind == PlantKind.Pv && value < 0.5m
            ? (null, "an efficiency below 0.5 is the module's, already part of its peak power; the default performance ratio is used")
            : ((long)(value * 1_000_000m), null);
    }

    private static string Name(string text, string field)
    {
        var name = text.Trim();
        return name.Length switch
        {
            0 => throw new FieldException(field, "is empty"),
            > 64 => throw new FieldException(field, "is longer than 64 characters"),
            _ => name,
        };
    }

    private static decimal Number(string text, string field, decimal least, decimal most, int decimals)
    {
        var trimmed = text.Trim();
        if (trimmed.Length == 0)
        {
            throw new FieldException(field, "is empty");
        }

        if (!decimal.TryParse(trimmed, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
        {
            throw new FieldException(field, $"'{trimmed}' is not a number with a decimal point");
        }

        if (value < least || value > most)
        {
            throw new FieldException(field, string.Create(CultureInfo.InvariantCulture, $"{trimmed} is outside {least} to {most}"));
        }

        return decimal.Round(value, decimals) == value
            ? value
            : throw new FieldException(field, string.Create(CultureInfo.InvariantCulture, $"{trimmed} has more than {decimals} decimals"));
    }

    private static void Fixed(string value, string field, params string[] allowed)
    {
        if (Array.IndexOf(allowed, value) < 0)
        {
            var expected = string.Join(" or ", allowed.Select(name => name.Length == 0 ? "empty" : name));
            throw new FieldException(field, $"'{value}' does not fit this kind of plant: expected {expected}");
        }
    }

#pragma warning disable CA1032, CA1064, CA1710 // travels only from a field's reader to Read
    private sealed class FieldException(string field, string message) : Exception(message)
    {
        public string Field { get; } = field;
    }
#pragma warning restore CA1032, CA1064, CA1710
}

/// <summary>What is assumed of a store where nothing else is known.</summary>
public static class StoreDefaults
{
    /// <summary>A lithium battery: 95 % each way, 0.01 % an hour, trading 15 % away from the recent average and at least 0.5 ct.
    /// A large water tank for heat or cold: 99 % each way, 0.05 % an hour, trading 10 % away and at least 0.2 ct.</summary>
    public static StoreDetails For(Carrier carrier, Energy capacity) => carrier == Carrier.Electricity
        ? new StoreDetails(capacity, 950_000, 950_000, 100, 150_000, Price.FromMicroPerKWh(5_000))
        : new StoreDetails(capacity, 990_000, 990_000, 500, 100_000, Price.FromMicroPerKWh(2_000));
}
