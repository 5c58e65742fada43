namespace Marketplace.Metering.MBus;

/// <summary>What value information fields after the first one add: a correction, an error of the record, or a remark in words.</summary>
internal static class CombinableInformation
{
    /// <summary>The register counts one direction: for heat meters heat, for electricity what is taken.</summary>
    public const string PositiveOnly = "Accumulation only if positive contributions";

    /// <summary>The register counts the other direction: cold, or what is given back.</summary>
    public const string NegativeOnly = "Accumulation of abs value only if negative contributions";

    private const int NoError = 0x00;
    private const int ManufacturerFollows = 0x7F;
    private const int SecondTableFollows = 0x7C;

    private static readonly string[] Units = ["second", "minute", "hour", "day"];

    /// <summary>Applies the fields in order. After "manufacturer specific" only the manufacturer knows what they mean.</summary>
    /// <param name="information">The value information so far, which corrections change.</param>
    /// <param name="fields">The fields with their extension bits.</param>
    /// <param name="remarks">Where words go.</param>
    /// <returns>The value information as the fields leave it, the constant to add to a number, and whether the record has a valid value at all.</returns>
    /// <exception cref="OverflowException">The corrections add up to more than a number holds.</exception>
    public static (ValueInformation Information, decimal Addend, bool IsValid) Apply(ValueInformation information, ReadOnlySpan<byte> fields, List<string> remarks)
    {
        var (addend, isValid) = (0m, true);
        for (var i = 0; i < fields.Length; i++)
        {
            var code = fields[i] & 0x7F;
            switch (code)
            {
                case >= 0x70 and <= 0x77:
                    information = information with { Factor = Times(information.Factor, (code & 7) - 6) };
                    break;
                case >= 0x78 and <= 0x7B:
                    addend += Times(1m, (code & 3) - 3);
                    break;
                case 0x7D:
                    information = information with { Factor = Times(information.Factor, 3) };
                    break;
                case NoError:
                    break;
                case ManufacturerFollows:
                    remarks.Add("Manufacturer specific");
                    return (information, addend, isValid);
                case SecondTableFollows:
                    // The field after it comes from another table, none of whose codes changes the number.
                    remarks.Add("Extension of combinable codes");
                    i++;
                    break;
                default:
                    isValid &= code is not (0x15 or 0x16 or 0x17 or 0x18);
                    remarks.Add(Words(code));
                    if (Of(information, code) is { } other)
                    {
                        // What came before was about the quantity, not about this.
                        (information, addend) = (other, 0m);
                    }

                    break;
            }
        }

        return (information, addend, isValid);
    }

    /// <summary>What the value is where a field makes it the time, the number or the length of something instead of the quantity itself; null where it does not.</summary>
    private static ValueInformation? Of(ValueInformation information, int code) => code switch
    {
        0x39 or 0x42 or 0x43 or 0x46 or 0x47 or 0x4A or 0x4B or 0x4E or 0x4F or 0x6A or 0x6B or 0x6E or 0x6F =>
            information with { Unit = "-", Factor = 1m, Kind = ValueKind.Time },
        0x41 or 0x49 => information with { Unit = "", Factor = 1m, Kind = ValueKind.Count },
        >= 0x50 and <= 0x67 => information with { Unit = "s", Factor = ValueInformation.Durations[code & 3], Kind = ValueKind.Number },
        _ => null,
    };

    private static decimal Times(decimal value, int power)
    {
        for (; power > 0; power--)
        {
            value *= 10m;
        }

        for (; power < 0; power++)
        {
            value /= 10m;
        }

        return value;
    }

    private static string Words(int code)
    {
        var limit = (code & 0x08) == 0 ? "lower" : "upper";
        return code switch
        {
            0x01 => "Too many DIFEs",
            0x02 => "Storage number not implemented",
            0x03 => "Unit number not implemented",
            0x04 => "Tariff number not implemented",
            0x05 => "Function not implemented",
            0x06 => "Data class not implemented",
            0x07 => "Data size not implemented",
            0x0B => "Too many VIFEs",
            0x0C => "Illegal VIF-Group",
            0x0D => "Illegal VIF-Exponent",
            0x0E => "VIF/DIF mismatch",
            0x0F => "Unimplemented action",
            0x12 => "Average value",
            0x13 => "Inverse compact profile",
            0x14 => "Relative deviation",
            0x15 => "No data available (undefined value)",
            0x16 => "Data overflow",
            0x17 => "Data underflow",
            0x18 => "Data error",
            0x1C => "Premature end of record",
            0x1D => "Standard conform data content",
            0x1E => "Compact profile with registers",
            0x1F => "Compact profile without registers",
            >= 0x20 and <= 0x23 => "per " + Units[code & 3],
            0x24 => "per week",
            0x25 => "per month",
            0x26 => "per year",
            0x27 => "per revolution / measurement",
            0x28 => "increment per input pulse on input channel 0",
            0x29 => "increment per input pulse on input channel 1",
            0x2A => "increment per output pulse on output channel 0",
            0x2B => "increment per output pulse on output channel 1",
            0x2C => "per liter",
            0x2D => "per m^3",
            0x2E => "per kg",
            0x2F => "per K",
            0x30 => "per kWh",
            0x31 => "per GJ",
            0x32 => "per kW",
            0x33 => "per (K*l)",
            0x34 => "per V",
            0x35 => "per A",
            0x36 => "multiplied by s",
            0x37 => "multiplied by s / V",
            0x38 => "multiplied by s / A",
            0x39 => "start date(/time) of",
            0x3A => "VIF contains uncorrected unit instead of corrected unit",
            0x3B => PositiveOnly,
            0x3C => NegativeOnly,
            0x3D => "Alternate non-metric unit system",
            0x3E => "Value at base conditions",
            0x3F => "OBIS-declaration",
            0x40 or 0x48 => $"{limit} limit value",
            0x41 or 0x49 => $"Number of exceeds of {limit} limit",
            0x42 or 0x43 or 0x46 or 0x47 or 0x4A or 0x4B or 0x4E or 0x4F =>
                $"Date (/time) of {((code & 1) == 0 ? "begin" : "end")} of {((code & 4) == 0 ? "first" : "last")} {limit} limit exceed",
            >= 0x50 and <= 0x5F => $"Duration of {((code & 4) == 0 ? "first" : "last")} {limit} limit exceed",
            >= 0x60 and <= 0x67 => $"Duration of {((code & 4) == 0 ? "first" : "last")}",
            0x68 or 0x6C => $"Value during {((code & 4) == 0 ? "lower" : "upper")} limit exceed",
            0x69 => "Leakage values",
            0x6A or 0x6B or 0x6E or 0x6F => $"Date (/time) of {((code & 1) == 0 ? "begin" : "end")} of {((code & 4) == 0 ? "first" : "last")}",
            0x6D => "Overflow values",
            0x7E => "future value",
            _ => "Reserved",
        };
    }
}
