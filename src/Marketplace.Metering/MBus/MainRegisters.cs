using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Metering.MBus;

/// <summary>
/// The registers of a telegram that a market needs: what the main part of the meter shows now, in whole units. What the telegram does
/// not have, or has only as "not valid", is null.
/// </summary>
/// <param name="Energy">The total of the energy register: heat of a heat meter, energy taken of an electricity meter.</param>
/// <param name="EnergyBack">The register of the other direction: cold of a meter for both, energy given back.</param>
/// <param name="Litres">The total of the volume register.</param>
/// <param name="FlowMilliCelsius">The temperature of what comes in.</param>
/// <param name="ReturnMilliCelsius">The temperature of what goes back.</param>
/// <param name="MeterTime">What the meter's own clock shows; it knows no zone.</param>
public sealed record MainRegisters(
    Energy? Energy, Energy? EnergyBack, long? Litres, int? FlowMilliCelsius, int? ReturnMilliCelsius, DateTime? MeterTime)
{
    private const int JoulesPerWattHour = 3_600;
    private const decimal LitresPerCubicMetre = 1_000m;
    private const decimal Milli = 1_000m;

    /// <summary>Reads the registers of a telegram: the first valid record of each that is of now, of the total and of the main part.</summary>
    public static MainRegisters Of(MBusTelegram telegram)
    {
        ArgumentNullException.ThrowIfNull(telegram);
        var now = telegram.Records
            .Where(record => record is { Function: MBusFunction.Instantaneous or MBusFunction.Actual, Storage: 0, Tariff: 0, Subunit: 0, Value.IsValid: true })
            .ToList();
        return new MainRegisters(
            now.Where(record => IsPlain(record) || record.Remarks is [CombinableInformation.PositiveOnly]).Select(EnergyOf).FirstOrDefault(energy => energy is not null),
            now.Where(record => record.Remarks is [CombinableInformation.NegativeOnly]).Select(EnergyOf).FirstOrDefault(energy => energy is not null),
            Whole(now.Find(record => IsPlain(record) && record is { Quantity: "Volume", Unit: "m^3" })?.Value.Number, LitresPerCubicMetre),
            (int?)Whole(Temperature("Flow temperature"), Milli),
            (int?)Whole(Temperature("Return temperature"), Milli),
            TimeOf(now.Find(record => record.Quantity == "Time point (date & time)" && IsPlain(record))?.Value.Text));

        decimal? Temperature(string quantity) => now.Find(record => IsPlain(record) && record.Quantity == quantity && record is { Unit: "°C", Value.Number: >= -273m and <= 1_000m })?.Value.Number;
    }

    private static bool IsPlain(MBusRecord record) => record.Remarks.Count == 0;

    private static Energy? EnergyOf(MBusRecord record) => (record.Quantity, record.Unit, Whole(record.Value.Number)) switch
    {
        ("Energy", "Wh", { } wattHours) => new Energy(wattHours),
        ("Energy", "J", { } joules) => new Energy(Rounding.DivideAwayFromZero(joules, JoulesPerWattHour)),
        _ => null,
    };

    // Judged before it is multiplied: a float may be larger than any decimal is after it.
    private static long? Whole(decimal? number, decimal factor = 1m) =>
        number is { } value && Math.Abs(value) <= long.MaxValue / 2 / factor ? (long)Math.Round(value * factor, MidpointRounding.AwayFromZero) : null;

    private static DateTime? TimeOf(string? text) =>
        DateTime.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;
}
