using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Quantities;

namespace Marketplace.Metering;

/// <summary>What a device counts or measures. Stored as numbers: never renumber.</summary>
public enum Register : short
{
    /// <summary>Heat taken or given in an interval.</summary>
    Heat = 1,

    /// <summary>Cold taken or given in an interval.</summary>
    Cold = 2,

    /// <summary>Electricity taken from the network in an interval.</summary>
    Electricity = 3,

    /// <summary>Electricity given into the network in an interval.</summary>
    ElectricityExport = 4,

    /// <summary>The heat counter at an instant.</summary>
    HeatTotal = 5,

    /// <summary>The cold counter at an instant.</summary>
    ColdTotal = 6,

    /// <summary>The counter of electricity taken, at an instant.</summary>
    ElectricityTotal = 7,

    /// <summary>The counter of electricity given, at an instant.</summary>
    ElectricityExportTotal = 8,

    /// <summary>Water through the meter in an interval.</summary>
    Volume = 9,

    /// <summary>Mean supply temperature of an interval.</summary>
    FlowTemperature = 10,

    /// <summary>Mean return temperature of an interval.</summary>
    ReturnTemperature = 11,
}

/// <summary>The names and units of registers, as they stand in signed batches and records.</summary>
public static class Registers
{
    private static readonly string[] Names =
    [
        "heat", "cold", "electricity", "electricity-export", "heat-total", "cold-total", "electricity-total", "electricity-export-total",
        "volume", "flow-temperature", "return-temperature",
    ];

    /// <summary>Every register.</summary>
    public static IReadOnlyList<Register> All { get; } = Enum.GetValues<Register>();

    /// <summary>The name in batches and records.</summary>
    public static string Name(this Register register) => Names[(int)register - 1];

    /// <summary>Reads a name.</summary>
    public static bool TryParse(string name, out Register register)
    {
        register = (Register)(Array.IndexOf(Names, name) + 1);
        return register != 0;
    }

    /// <summary>The one unit that values of the register come in: Wh, l (litres) or mC (thousandths of a degree Celsius).</summary>
    public static string Unit(this Register register) => register switch
    {
        Register.Volume => "l",
        Register.FlowTemperature or Register.ReturnTemperature => "mC",
        _ => "Wh",
    };

    /// <summary>Whether its values are the energy of an interval: what the market settles.</summary>
    public static bool IsEnergy(this Register register) => register <= Register.ElectricityExport;

    /// <summary>Whether its values are a counter's state at an instant, with an interval of no length.</summary>
    public static bool IsTotal(this Register register) => register is >= Register.HeatTotal and <= Register.ElectricityExportTotal;

    /// <summary>The carrier that an energy register or a counter counts; null for the others.</summary>
    public static Carrier? CarrierOf(this Register register) => register switch
    {
        Register.Heat or Register.HeatTotal => Carrier.Heat,
        Register.Cold or Register.ColdTotal => Carrier.Cold,
        Register.Electricity or Register.ElectricityExport or Register.ElectricityTotal or Register.ElectricityExportTotal => Carrier.Electricity,
        _ => null,
    };
}

/// <summary>One value of a register, as a device sent it and before anybody has judged it.</summary>
/// <param name="Register">The register's name, known or not.</param>
/// <param name="Start">When its interval begins; for a counter, the instant.</param>
/// <param name="Seconds">The interval's length; 0 for a counter.</param>
/// <param name="Value">A whole number of the unit.</param>
/// <param name="Unit">The unit as it was sent.</param>
public readonly record struct SignedReading(string Register, DateTimeOffset Start, int Seconds, long Value, string Unit);

/// <summary>
/// What a device signs: its name, a sequence number that it uses once, and its readings. The canonical bytes are UTF-8 lines, each ended
/// by LF: <c>marketplace-readings/v1</c>, <c>device NAME</c>, <c>sequence N</c>, and for each reading
/// <c>REGISTER START SECONDS VALUE UNIT</c> with START as <c>2026-03-05T00:00:00Z</c>. The signature is ECDSA on P-256 over SHA-256 of these bytes.
/// </summary>
public sealed class SignedBatch
{
    /// <summary>Readings in one batch at most: more than a month of hours of every register.</summary>
    public const int MostReadings = 10_000;

    /// <summary>Characters in a device's name, a register's and a unit at most.</summary>
    public const int LongestName = 64;

    private const string Title = "marketplace-readings/v1";

    private SignedBatch(string device, long sequence, IReadOnlyList<SignedReading> readings, byte[] signature)
    {
        Device = device;
        Sequence = sequence;
        Readings = readings;
        Signature = signature;
        Hash = SHA256.HashData(Canonical(device, sequence, readings));
    }

    /// <summary>The name of the device that says it is the sender.</summary>
    public string Device { get; }

    /// <summary>A number from 1 that this device uses for one batch only.</summary>
    public long Sequence { get; }

    /// <summary>The readings in the order sent.</summary>
    public IReadOnlyList<SignedReading> Readings { get; }

    /// <summary>The signature as it came: 64 bytes (IEEE P1363, r then s) or DER.</summary>
    public byte[] Signature { get; }

    /// <summary>SHA-256 of the canonical bytes: what is signed, and what tells one batch from another under the same number.</summary>
    public byte[] Hash { get; }

    /// <summary>A batch, or why it cannot be one.</summary>
    /// <returns>The batch; null with a sentence in <paramref name="fault"/> otherwise.</returns>
    public static SignedBatch? Of(string device, long sequence, IReadOnlyList<SignedReading> readings, byte[] signature, out string? fault)
    {
        fault = IsName(device) ? null : "A device's name has 1 to 64 letters, digits, hyphens, dots or underscores.";
        fault ??= sequence > 0 ? null : "A sequence number is a whole number from 1.";
        fault ??= readings.Count is >= 1 and <= MostReadings ? null : string.Create(CultureInfo.InvariantCulture, $"A batch has 1 to {MostReadings} readings; this has {readings.Count}.");
        fault ??= signature.Length is >= 8 and <= 80 ? null : "The signature is missing or has the wrong length.";
        for (var i = 0; i < readings.Count && fault is null; i++)
        {
            var reading = readings[i];
            if (!IsName(reading.Register) || !IsName(reading.Unit) || reading.Seconds is < 0 or > 86_400 || reading.Start.UtcTicks % TimeSpan.TicksPerSecond != 0)
            {
                fault = string.Create(CultureInfo.InvariantCulture, $"Reading {i} is malformed: a register and a unit are single words, the start is on a whole second, and the length is 0 to 86400 seconds.");
            }
        }

        return fault is null ? new SignedBatch(device, sequence, readings, signature) : null;
    }

    /// <summary>The bytes that a device signs.</summary>
    public static byte[] Canonical(string device, long sequence, IReadOnlyList<SignedReading> readings)
    {
        var text = new StringBuilder(64 + (readings.Count * 48));
        text.Append(CultureInfo.InvariantCulture, $"{Title}\ndevice {device}\nsequence {sequence}\n");
        foreach (var reading in readings)
        {
            text.Append(CultureInfo.InvariantCulture, $"{reading.Register} {reading.Start.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} {reading.Seconds} {reading.Value} {reading.Unit}\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Whether a text can name a device, a register or a unit: no blank can then move a field of the canonical bytes.</summary>
    public static bool IsName(string text)
    {
        if (text.Length is 0 or > LongestName)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'))
            {
                return false;
            }
        }

        return true;
    }
}
