namespace Marketplace.Metering.MBus;

/// <summary>How the bytes of a value are to be read, beside the number that the data field says.</summary>
internal enum ValueKind
{
    Number,

    /// <summary>A date or a time, by the width of the field.</summary>
    Time,

    /// <summary>How many times: without a unit, but with a value that means "invalid".</summary>
    Count,
}

/// <summary>What a value information field stands for.</summary>
/// <param name="Quantity">In words.</param>
/// <param name="Unit">Without prefix; empty where there is none.</param>
/// <param name="Factor">What one step of the number is in that unit.</param>
/// <param name="Kind">How to read it.</param>
internal readonly record struct ValueInformation(string Quantity, string Unit, decimal Factor = 1m, ValueKind Kind = ValueKind.Number)
{
    public static readonly ValueInformation Reserved = new("Reserved", "Reserved");

    // Months and years as EN 13757-3 leaves them to the mean: the tropical year and its twelfth.
    private const decimal SecondsOfMonth = 2_629_743.83m;
    private const decimal SecondsOfYear = 31_556_926m;

    public static readonly decimal[] Durations = [1m, 60m, 3_600m, 86_400m];
    private static readonly decimal[] LongDurations = [3_600m, 86_400m, SecondsOfMonth, SecondsOfYear];

    /// <summary>The primary table (EN 13757-3, value information field), code without its extension bit.</summary>
    public static ValueInformation Primary(int code)
    {
        var n = code & 0x07;
        return code switch
        {
            <= 0x07 => new("Energy", "Wh", Ten(n - 3)),
            <= 0x0F => new("Energy", "J", Ten(n)),
            <= 0x17 => new("Volume", "m^3", Ten(n - 6)),
            <= 0x1F => new("Mass", "kg", Ten(n - 3)),
            <= 0x23 => new("On time", "s", Durations[code & 3]),
            <= 0x27 => new("Operating time", "s", Durations[code & 3]),
            <= 0x2F => new("Power", "W", Ten(n - 3)),
            <= 0x37 => new("Power", "J/h", Ten(n)),
            <= 0x3F => new("Volume flow", "m^3/h", Ten(n - 6)),
            <= 0x47 => new("Volume flow", "m^3/min", Ten(n - 7)),
            <= 0x4F => new("Volume flow", "m^3/s", Ten(n - 9)),
            <= 0x57 => new("Mass flow", "kg/h", Ten(n - 3)),
            <= 0x5B => new("Flow temperature", "°C", Ten((code & 3) - 3)),
            <= 0x5F => new("Return temperature", "°C", Ten((code & 3) - 3)),
            <= 0x63 => new("Temperature difference", "K", Ten((code & 3) - 3)),
            <= 0x67 => new("External temperature", "°C", Ten((code & 3) - 3)),
            <= 0x6B => new("Pressure", "bar", Ten((code & 3) - 3)),
            0x6C => new("Time point (date)", "-", Kind: ValueKind.Time),
            0x6D => new("Time point (date & time)", "-", Kind: ValueKind.Time),
            0x6E => new("H.C.A.", "Units for H.C.A."),
            0x6F => Reserved,
            <= 0x73 => new("Averaging Duration", "s", Durations[code & 3]),
            <= 0x77 => new("Actuality Duration", "s", Durations[code & 3]),
            0x78 => new("Fabrication No", ""),
            0x79 => new("(Enhanced) Identification", ""),
            0x7A => new("Bus Address", ""),
            0x7E => new("Any VIF", ""),
            0x7F => new("Manufacturer specific", ""),
            _ => Reserved,
        };
    }

    /// <summary>The table that follows FD.</summary>
    public static ValueInformation MainExtension(int code) => code switch
    {
        <= 0x03 => new("Credit", "Currency units", Ten(code - 3)),
        <= 0x07 => new("Debit", "Currency units", Ten(code - 7)),
        0x08 => new("Access Number (transmission count)", ""),
        0x09 => new("Medium", ""),
        0x0A => new("Manufacturer", ""),
        0x0B => new("Parameter set identification", ""),
        0x0C => new("Model / Version", ""),
        0x0D => new("Hardware version", ""),
        0x0E => new("Firmware version", ""),
        0x0F => new("Software version", ""),
        0x10 => new("Customer location", ""),
        0x11 => new("Customer", ""),
        0x12 => new("Access Code User", ""),
        0x13 => new("Access Code Operator", ""),
        0x14 => new("Access Code System Operator", ""),
        0x15 => new("Access Code Developer", ""),
        0x16 => new("Password", ""),
        0x17 => new("Error flags", ""),
        0x18 => new("Error mask", ""),
        0x1A => new("Digital Output", ""),
        0x1B => new("Digital Input", ""),
        0x1C => new("Baudrate", "Baud"),
        0x1D => new("Response delay time", "Bittimes"),
        0x1E => new("Retry", ""),
        0x20 => new("First storage # for cyclic storage", ""),
        0x21 => new("Last storage # for cyclic storage", ""),
        0x22 => new("Size of storage block", ""),
        >= 0x24 and <= 0x27 => new("Storage interval", "s", Durations[code & 3]),
        0x28 => new("Storage interval", "s", SecondsOfMonth),
        0x29 => new("Storage interval", "s", SecondsOfYear),
        >= 0x2C and <= 0x2F => new("Duration since last readout", "s", Durations[code & 3]),
        0x30 => new("Start (date/time) of tariff", "-", Kind: ValueKind.Time),
        >= 0x31 and <= 0x33 => new("Duration of tariff", "s", Durations[code & 3]),
        >= 0x34 and <= 0x37 => new("Period of tariff", "s", Durations[code & 3]),
        0x38 => new("Period of tariff", "s", SecondsOfMonth),
        0x39 => new("Period of tariff", "s", SecondsOfYear),
        0x3A => new("Dimensionless", ""),
        >= 0x40 and <= 0x4F => new("Voltage", "V", Ten((code & 0x0F) - 9)),
        >= 0x50 and <= 0x5F => new("Current", "A", Ten((code & 0x0F) - 12)),
        0x60 => new("Reset counter", ""),
        0x61 => new("Cumulation counter", ""),
        0x62 => new("Control signal", ""),
        0x63 => new("Day of week", ""),
        0x64 => new("Week number", ""),
        0x65 => new("Time point of day change", ""),
        0x66 => new("State of parameter activation", ""),
        0x67 => new("Special supplier information", ""),
        >= 0x68 and <= 0x6B => new("Duration since last cumulation", "s", LongDurations[code & 3]),
        >= 0x6C and <= 0x6F => new("Operating time battery", "s", LongDurations[code & 3]),
        0x70 => new("Date and time of battery change", "-", Kind: ValueKind.Time),
        _ => Reserved,
    };

    /// <summary>The table that follows FB.</summary>
    public static ValueInformation AlternateExtension(int code) => code switch
    {
        0x00 or 0x01 => new("Energy", "Wh", Ten(code + 5)),
        0x08 or 0x09 => new("Energy", "J", Ten(code)),
        0x10 or 0x11 => new("Volume", "m^3", Ten(code - 0x10 + 2)),
        0x18 or 0x19 => new("Mass", "kg", Ten(code - 0x18 + 5)),
        0x21 => new("Volume", "feet^3", 0.1m),
        0x22 => new("Volume", "American gallon", 0.1m),
        0x23 => new("Volume", "American gallon"),
        0x24 => new("Volume flow", "American gallon/min", 0.001m),
        0x25 => new("Volume flow", "American gallon/min"),
        0x26 => new("Volume flow", "American gallon/h"),
        0x28 or 0x29 => new("Power", "W", Ten(code - 0x28 + 5)),
        0x30 or 0x31 => new("Power", "J/h", Ten(code - 0x30 + 8)),
        >= 0x58 and <= 0x5B => new("Flow temperature", "°F", Ten((code & 3) - 3)),
        >= 0x5C and <= 0x5F => new("Return temperature", "°F", Ten((code & 3) - 3)),
        >= 0x60 and <= 0x63 => new("Temperature difference", "°F", Ten((code & 3) - 3)),
        >= 0x64 and <= 0x67 => new("External temperature", "°F", Ten((code & 3) - 3)),
        >= 0x70 and <= 0x73 => new("Cold / Warm Temperature Limit", "°F", Ten((code & 3) - 3)),
        >= 0x74 and <= 0x77 => new("Cold / Warm Temperature Limit", "°C", Ten((code & 3) - 3)),
        >= 0x78 => new("Cumul count max power", "W", Ten((code & 7) - 3)),
        _ => Reserved,
    };

    /// <summary>
    /// What later editions of the standard put where the first one says "reserved", in words with unit and step. It is a remark
    /// beside the record, whose name and number stay those of the first edition: a meter does not say which edition it was built to.
    /// </summary>
    public static string? LaterMeaning(byte extension, int code) => (extension, code) switch
    {
        (0xFB, 0x02 or 0x03) => $"Reactive energy in {(code == 0x02 ? "kvarh" : "10 kvarh")} since EN 13757-3:2013",
        (0xFB, >= 0x0C and <= 0x0F) => $"Energy in {Prefixed(code & 3, "0.1 Mcal", "Mcal", "10 Mcal", "100 Mcal")} since EN 13757-3:2013",
        (0xFB, 0x1A or 0x1B) => $"Relative humidity in {(code == 0x1A ? "0.1 %" : "%")} since EN 13757-3:2013",
        (0xFB, 0x2C) => "Frequency in mHz since EN 13757-3:2013",
        (0xFB, 0x2D) => "Frequency in 0.01 Hz since EN 13757-3:2013",
        (0xFB, 0x2E) => "Frequency in 0.1 Hz since EN 13757-3:2013",
        (0xFB, 0x2F) => "Frequency in Hz since EN 13757-3:2013",
        (0xFD, 0x71) => "Received signal in dBm since EN 13757-3:2013",
        (0xFD, 0x74) => "Remaining battery life in days since EN 13757-3:2013",
        (0xFD, 0x75) => "Number of times the meter was stopped since EN 13757-3:2013",
        _ => null,
    };

    private static string Prefixed(int index, params string[] units) => units[index];

    private static decimal Ten(int power)
    {
        var factor = 1m;
        for (var i = 0; i < Math.Abs(power); i++)
        {
            factor *= 10m;
        }

        return power < 0 ? 1m / factor : factor;
    }
}
