using System.Buffers.Binary;
using System.Globalization;

namespace Marketplace.Metering.MBus;

/// <summary>The fixed data structure of old meters: an identification, a status and two counters (EN 1434-3).</summary>
internal static class FixedData
{
    private const int Length = 16;
    private const int CountsInBinary = 0x01;
    private const int IsStored = 0x02;

    // "The same unit as the other counter, but of the past."
    private const int Historic = 0x3E;

    public static MBusTelegram Decode(ReadOnlyMemory<byte> data, bool mostSignificantFirst)
    {
        if (data.Length != Length)
        {
            throw new MBusException(string.Create(CultureInfo.InvariantCulture, $"the fixed structure has {Length} bytes, not {data.Length}"));
        }

        var reader = new ByteReader(data, mostSignificantFirst);
        var id = BinaryPrimitives.ReadUInt32LittleEndian(reader.Field(4, "the identification")).ToString("X", CultureInfo.InvariantCulture);
        var accessNumber = reader.Next("the access number");
        var status = reader.Next("the status");
        var first = reader.Next("the first unit");
        var second = reader.Next("the second unit");
        var medium = (first >> 6) | ((second >> 6) << 2);
        var header = new MBusHeader(id, null, null, Media.Fixed(medium), accessNumber, status, null, Media.CarrierOfFixed(medium));
        return new MBusTelegram(header, [Counter(reader, status, first & 0x3F, second & 0x3F), Counter(reader, status, second & 0x3F, first & 0x3F)]);
    }

    private static MBusRecord Counter(ByteReader reader, byte status, int unit, int otherUnit)
    {
        var isHistoric = unit == Historic;
        var information = Unit(isHistoric ? otherUnit : unit);
        var field = reader.Field(4, "a counter");
        var value = (status & CountsInBinary) != 0 ? NumberCodes.Integer(field) : NumberCodes.Bcd(field);
        if (value.Number is { } steps)
        {
            value = value with { Number = steps * information.Factor };
        }

        var function = isHistoric || (status & IsStored) != 0 ? MBusFunction.Stored : MBusFunction.Actual;
        return new MBusRecord(function, isHistoric ? 1 : 0, 0, 0, information.Quantity, information.Unit, value, []);
    }

    // Each block of units runs 1, 10, 100 of one prefix, then the next prefix (EN 1434-3, table of physical units).
    private static ValueInformation Unit(int code) => code switch
    {
        0x00 => new("Time", "h,m,s"),
        0x01 => new("Time", "D,M,Y"),
        <= 0x0A => new("Energy", "Wh", Steps(1m, code - 0x02)),
        <= 0x13 => new("Energy", "J", Steps(1_000m, code - 0x0B)),
        <= 0x1C => new("Power", "W", Steps(1m, code - 0x14)),
        <= 0x25 => new("Power", "J/h", Steps(1_000m, code - 0x1D)),
        <= 0x2E => new("Volume", "m^3", Steps(0.000_001m, code - 0x26)),
        <= 0x37 => new("Volume flow", "m^3/h", Steps(0.000_001m, code - 0x2F)),
        0x38 => new("Temperature", "°C", 0.001m),
        0x39 => new("H.C.A.", "Units for H.C.A."),
        0x3F => new("No units", ""),
        _ => ValueInformation.Reserved,
    };

    private static decimal Steps(decimal first, int power)
    {
        for (; power > 0; power--)
        {
            first *= 10m;
        }

        return first;
    }
}
