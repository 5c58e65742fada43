using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Metering.MBus;

/// <summary>What meters measure, in words (EN 13757-3, device type identification; EN 1434-3 for the fixed structure).</summary>
internal static class Media
{
    public static string Variable(byte code) => code switch
    {
        0x00 => "Other",
        0x01 => "Oil",
        0x02 => "Electricity",
        0x03 => "Gas",
        0x04 => "Heat: Outlet",
        0x05 => "Steam",
        0x06 => "Warm water (30-90°C)",
        0x07 => "Water",
        0x08 => "Heat Cost Allocator",
        0x09 => "Compressed Air",
        0x0A => "Cooling load meter: Outlet",
        0x0B => "Cooling load meter: Inlet",
        0x0C => "Heat: Inlet",
        0x0D => "Heat / Cooling load meter",
        0x0E => "Bus/System",
        0x0F => "Unknown Medium",
        0x10 => "Irrigation Water",
        0x11 => "Water Logger",
        0x12 => "Gas Logger",
        0x13 => "Gas Converter",
        0x14 => "Calorific value",
        0x15 => "Hot water (>90°C)",
        0x16 => "Cold water",
        0x17 => "Dual water",
        0x18 => "Pressure",
        0x19 => "A/D Converter",
        0x1A => "Smoke Detector",
        0x1B => "Ambient Sensor",
        0x1C => "Gas Detector",
        0x20 => "Breaker: Electricity",
        0x21 => "Valve: Gas or Water",
        0x25 => "Customer Unit: Display Device",
        0x28 => "Waste Water",
        0x29 => "Garbage",
        0x30 => "Service Unit",
        0x36 => "Radio Converter: System",
        0x37 => "Radio Converter: Meter",
        (>= 0x22 and <= 0x24) or 0x26 or 0x27 or (>= 0x2A and <= 0x2F) or (>= 0x31 and <= 0x34) or (>= 0x38 and <= 0x3F) => "Reserved",
        _ => string.Create(CultureInfo.InvariantCulture, $"Unknown medium (0x{code:x2})"),
    };

    /// <summary>What the energy register of such a meter counts. A meter for both counts heat there, and cold in the register of the other direction.</summary>
    public static Carrier? CarrierOf(byte variable) => variable switch
    {
        0x02 => Carrier.Electricity,
        0x04 or 0x0C or 0x0D => Carrier.Heat,
        0x0A or 0x0B => Carrier.Cold,
        _ => null,
    };

    /// <summary>As <see cref="CarrierOf"/>, for the codes of the fixed structure.</summary>
    public static Carrier? CarrierOfFixed(int code) => code switch
    {
        0x2 => Carrier.Electricity,
        0x4 or 0xB => Carrier.Heat,
        _ => null,
    };

    public static string Fixed(int code) => code switch
    {
        0x0 => "Other",
        0x1 => "Oil",
        0x2 => "Electricity",
        0x3 => "Gas",
        0x4 => "Heat",
        0x5 => "Steam",
        0x6 => "Hot Water",
        0x7 => "Water",
        0x8 => "H.C.A.",
        0xA => "Gas Mode 2",
        0xB => "Heat Mode 2",
        0xC => "Hot Water Mode 2",
        0xD => "Water Mode 2",
        0xE => "H.C.A. Mode 2",
        _ => "Reserved",
    };
}
