using System.Text.Json;
using System.Text.Json.Serialization;
using Marketplace.Quantities;
using Marketplace.Replica;

namespace Marketplace.Web.Features.Plants;

/// <summary>How a plant's technical data is kept: as JSON with its energies in Wh and its prices in millionths per kWh.</summary>
public static class PlantDefinition
{
    private static readonly JsonSerializerOptions Options = new()
    {
        Converters = { new EnergyJson(), new PriceJson(), new JsonStringEnumConverter() },
    };

    public static string Write(Plant plant) => JsonSerializer.Serialize(plant, Options);

    public static Plant Read(string definition) =>
        JsonSerializer.Deserialize<Plant>(definition, Options) ?? throw new InvalidOperationException("A plant's definition is empty");

    /// <summary>Whether the plant sells the carrier by orders; converters trade as converters.</summary>
    public static bool Sells(this Plant plant, Carrier carrier) => plant.Kind switch
    {
        PlantKind.Pv or PlantKind.WasteHeat or PlantKind.Store or PlantKind.GridSupplier => plant.Output == carrier,
        PlantKind.Boiler => plant.Input is null && plant.Output == carrier,
        PlantKind.BalancingPlant => carrier is Carrier.Heat or Carrier.Cold,
        PlantKind.HeatPump or PlantKind.Chiller => false,
        _ => throw new ArgumentOutOfRangeException(nameof(plant), plant.Kind, "Not a kind of plant"),
    };

    private sealed class EnergyJson : JsonConverter<Energy>
    {
        public override Energy Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, Energy value, JsonSerializerOptions options) => writer.WriteNumberValue(value.WattHours);
    }

    private sealed class PriceJson : JsonConverter<Price>
    {
        public override Price Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, Price value, JsonSerializerOptions options) => writer.WriteNumberValue(value.MicroPerKWh);
    }
}
