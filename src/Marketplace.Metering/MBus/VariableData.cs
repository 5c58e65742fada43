using System.Buffers.Binary;
using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Metering.MBus;

/// <summary>How much of a header stands before the records.</summary>
internal enum VariableHeader
{
    None,
    Short,
    Long,
}

/// <summary>The variable data structure: a header and records, each with data information (DIF, DIFE), value information (VIF, VIFE) and data.</summary>
internal static class VariableData
{
    private const byte IdleFiller = 0x2F;
    private const byte ManufacturerSpecific = 0x0F;
    private const byte MoreRecordsFollow = 0x1F;
    private const byte Extended = 0x80;
    private const int MostExtensions = 10;
    private const int LongHeaderLength = 12;
    private const int ShortHeaderLength = 4;

    // The text of a plain text unit stands after the extensions, but some meters put it before them: worth a second reading.
    private enum PlainText
    {
        AfterExtensions,
        BeforeExtensions,
    }

    public static MBusTelegram Decode(ReadOnlyMemory<byte> data, VariableHeader kind, bool mostSignificantFirst)
    {
        var length = kind switch { VariableHeader.Long => LongHeaderLength, VariableHeader.Short => ShortHeaderLength, _ => 0 };
        if (data.Length < length)
        {
            throw new MBusException(string.Create(CultureInfo.InvariantCulture, $"the data have {data.Length} bytes; their header alone has {length}"));
        }

        var header = HeaderOf(new ByteReader(data, mostSignificantFirst), kind);
        var records = data[length..];
        RefuseEncrypted(header, records.Span);
        try
        {
            return new MBusTelegram(header, Records(new ByteReader(records, mostSignificantFirst), PlainText.AfterExtensions));
        }
        catch (MBusException) when (records.Span.Contains((byte)0xFC))
        {
            return new MBusTelegram(header, Records(new ByteReader(records, mostSignificantFirst), PlainText.BeforeExtensions));
        }
    }

    private static MBusHeader HeaderOf(ByteReader reader, VariableHeader kind)
    {
        if (kind == VariableHeader.None)
        {
            return new MBusHeader(null, null, null, null, null, null, null);
        }

        string? id = null;
        string? manufacturer = null;
        int? version = null;
        string? medium = null;
        Carrier? carrier = null;
        if (kind == VariableHeader.Long)
        {
            id = BinaryPrimitives.ReadUInt32LittleEndian(reader.Field(4, "the identification")).ToString("X", CultureInfo.InvariantCulture);
            manufacturer = Letters(BinaryPrimitives.ReadUInt16LittleEndian(reader.Field(2, "the manufacturer")));
            version = reader.Next("the version");
            var code = reader.Next("the medium");
            (medium, carrier) = (Media.Variable(code), Media.CarrierOf(code));
        }

        return new MBusHeader(
            id,
            manufacturer,
            version,
            medium,
            reader.Next("the access number"),
            reader.Next("the status"),
            BinaryPrimitives.ReadUInt16LittleEndian(reader.Field(2, "the signature")),
            carrier);
    }

    // Five bits a letter, A is 1 (EN 62056-21).
    private static string Letters(int code) =>
        new([(char)(((code >> 10) & 0x1F) + 64), (char)(((code >> 5) & 0x1F) + 64), (char)((code & 0x1F) + 64)]);

    // The configuration word names the mode in bits 8 to 12. Older meters fill the word as they like, so a mode that is no
    // encryption is none; and data that begin with two idle fillers have been decrypted already (EN 13757-7).
    private static void RefuseEncrypted(MBusHeader header, ReadOnlySpan<byte> records)
    {
        if (header.Signature is not { } word || records.Length < 2 || (records[0] == IdleFiller && records[1] == IdleFiller))
        {
            return;
        }

        var mode = (word >> 8) & 0x1F;
        var blocks = (word >> 4) & 0x0F;
        var isEncrypted = mode is 2 or 3 or 4 or 8 or 9 or 10 or 13 || (mode is 5 or 7 && blocks > 0);
        if (isEncrypted)
        {
            throw new MBusException(string.Create(CultureInfo.InvariantCulture, $"the records are encrypted (mode {mode}); this decoder has no keys"));
        }
    }

    private static List<MBusRecord> Records(ByteReader reader, PlainText plainText)
    {
        var records = new List<MBusRecord>();
        while (!reader.IsAtEnd)
        {
            var dif = reader.Next("a DIF");
            switch (dif)
            {
                case IdleFiller:
                    continue;
                case ManufacturerSpecific or MoreRecordsFollow:
                    var function = dif == MoreRecordsFollow ? MBusFunction.MoreRecordsFollow : MBusFunction.ManufacturerSpecific;
                    records.Add(new MBusRecord(function, 0, 0, 0, "", "", new MBusValue(null, ByteReader.Hexadecimal(reader.Rest())), []));
                    return records;
                case var _ when (dif & 0x0F) == 0x0F:
                    throw new MBusException(string.Create(CultureInfo.InvariantCulture, $"record {records.Count + 1}: DIF {dif:X2} is reserved"));
                default:
                    records.Add(Record(reader, dif, plainText, records.Count + 1));
                    break;
            }
        }

        return records;
    }

    private static MBusRecord Record(ByteReader reader, byte dif, PlainText plainText, int number)
    {
        var (storage, tariff, subunit) = ((long)((dif >> 6) & 1), 0L, 0L);
        var difes = Extensions(reader, dif, "DIFE", number);
        for (var i = 0; i < difes.Length; i++)
        {
            storage |= (long)(difes[i] & 0x0F) << (1 + (4 * i));
            tariff |= (long)((difes[i] >> 4) & 0x03) << (2 * i);
            subunit |= (long)((difes[i] >> 6) & 0x01) << i;
        }

        var vif = reader.Next("a VIF");
        var isPlain = (vif & 0x7F) == 0x7C;
        var text = isPlain && plainText == PlainText.BeforeExtensions ? PlainUnit(reader) : null;
        var vifes = Extensions(reader, vif, "VIFE", number);
        if (isPlain && text is null)
        {
            text = PlainUnit(reader);

            // Bytes that no meter would show as a unit were no text: the text may have stood before the extensions.
            if (vifes.Length > 0 && text.Any(char.IsControl))
            {
                throw new MBusException(string.Create(CultureInfo.InvariantCulture, $"record {number}: the plain text unit is no text"));
            }
        }

        var remarks = new List<string>();
        var (information, combinable) = Information(vif, vifes, text, remarks);
        var start = reader.Position;
        var (unit, value) = Meant(reader, dif & 0x0F, vif, information, combinable, remarks);
        if (combinable.Length > 0 && IsPublishedAsQuantity(vif & 0x7F, combinable[0] & 0x7F))
        {
            // The number stays as published, but nobody may take it for the quantity; what it means is a remark.
            remarks.Add(value.Number is { } meant ? string.Create(CultureInfo.InvariantCulture, $"{meant:0.######} {unit}") : value.Text ?? "");
            reader.Return(start);
            value = Scaled(Value(reader, dif & 0x0F, information, vif), information.Factor, 0m) with { IsValid = false };
            unit = information.Unit;
        }

        return new MBusRecord((MBusFunction)((dif >> 4) & 0x03), storage, tariff, subunit, information.Quantity, unit, value, remarks);
    }

    private static (string Unit, MBusValue Value) Meant(ByteReader reader, int field, byte vif, ValueInformation information, byte[] combinable, List<string> remarks)
    {
        try
        {
            var (meant, addend, isValid) = CombinableInformation.Apply(information, combinable, remarks);
            var value = Scaled(Value(reader, field, meant, vif), meant.Factor, addend);

            // A bit field has no "invalid": only what has a unit or counts can.
            isValid &= value.IsValid || (meant is { Unit.Length: 0, Kind: not ValueKind.Count } && value.Number is not null);
            return (meant.Unit, value with { IsValid = isValid });
        }
        catch (OverflowException)
        {
            // Corrections without end: no number of any use, but its bytes still have to be passed over.
            Value(reader, field, information, vif);
            return (information.Unit, new MBusValue(null, "", IsValid: false));
        }
    }

    // Fields that make a quantity a time or a duration, on quantities whose telegrams are published with the number alone
    // (libmbus does not look at these fields). Its names, units and values are what we promise.
    private static bool IsPublishedAsQuantity(int vif, int field) => (vif, field) is (0x3E, 0x50 or 0x58) or (0x2D or 0x3B or 0x5A or 0x5E, 0x6F);

    private static byte[] Extensions(ByteReader reader, byte first, string name, int record)
    {
        var extensions = new List<byte>();
        for (var last = first; (last & Extended) != 0; extensions.Add(last))
        {
            if (extensions.Count == MostExtensions)
            {
                throw new MBusException(string.Create(CultureInfo.InvariantCulture, $"record {record} has more than {MostExtensions} {name}s"));
            }

            last = reader.Next("a " + name);
        }

        return [.. extensions];
    }

    private static string PlainUnit(ByteReader reader) => ByteReader.Characters(reader.Field(reader.Next("the length of a plain text unit"), "a plain text unit"));

    private static (ValueInformation Information, byte[] Combinable) Information(byte vif, byte[] vifes, string? plainText, List<string> remarks)
    {
        if (plainText is not null)
        {
            return (new ValueInformation(ByteReader.Printable(plainText), "-"), vifes);
        }

        switch (vif)
        {
            case 0xFB or 0xFD:
                var code = vifes[0] & 0x7F;
                if (ValueInformation.LaterMeaning(vif, code) is { } later)
                {
                    remarks.Add(later);
                }

                return (vif == 0xFD ? ValueInformation.MainExtension(code) : ValueInformation.AlternateExtension(code), vifes[1..]);
            case 0x7F or 0xFF:
                // What follows a manufacturer's unit is the manufacturer's too.
                return (ValueInformation.Primary(0x7F), []);
            default:
                return (ValueInformation.Primary(vif & 0x7F), vifes);
        }
    }

    private static MBusValue Scaled(MBusValue value, decimal factor, decimal addend)
    {
        try
        {
            return value.Number is { } steps ? value with { Number = (steps * factor) + addend } : value;
        }
        catch (OverflowException)
        {
            return new MBusValue(null, "", IsValid: false);
        }
    }

    private static MBusValue Value(ByteReader reader, int field, ValueInformation information, byte vif)
    {
        var isTime = information.Kind == ValueKind.Time;
        switch (field)
        {
            case 0x0 or 0x8:
                return MBusValue.Nothing;
            case 0x2 when isTime && vif is not (0x6D or 0xED):
                return NumberCodes.Date(reader.Field(2, "a date"));
            case 0x3 when isTime && vif is 0x6D or 0xED:
                return NumberCodes.Time(reader.Field(3, "a time"));
            case 0x4 when isTime && vif is not (0x6C or 0xEC):
                return NumberCodes.DateAndTime(reader.Field(4, "a date and time"));
            case 0x6 when isTime && vif is not (0x6C or 0xEC):
                return NumberCodes.DateAndTime(reader.Field(6, "a date and time"));
            case 0x1 or 0x2 or 0x3 or 0x4:
                return NumberCodes.Integer(reader.Field(field, "an integer"));
            case 0x5:
                return NumberCodes.Float(reader.Field(4, "a floating point number"));
            case 0x6:
                return NumberCodes.Integer(reader.Field(6, "an integer"));
            case 0x7:
                return NumberCodes.Integer(reader.Field(8, "an integer"));
            case 0xD:
                return Variable(reader);
            case 0xE:
                return NumberCodes.Bcd(reader.Field(6, "a BCD number"));
            default:
                return NumberCodes.Bcd(reader.Field(field - 8, "a BCD number"));
        }
    }

    // The first byte (LVAR) says both length and coding.
    private static MBusValue Variable(ByteReader reader)
    {
        var lvar = reader.Next("the length of a variable value");
        switch (lvar)
        {
            case <= 0xBF:
                return new MBusValue(null, ByteReader.Text(reader.Field(lvar, "a text")));
            case <= 0xCF:
                return NumberCodes.Bcd([.. reader.Field(lvar - 0xC0, "a BCD number"), 0]);
            case <= 0xDF:
                var positive = NumberCodes.Bcd([.. reader.Field(lvar - 0xD0, "a BCD number"), 0]);
                return positive with { Number = -positive.Number };
            case <= 0xEF:
                return Binary(reader, lvar - 0xE0);
            case <= 0xF4:
                return Binary(reader, 4 * (lvar - 0xEC));
            case 0xF5:
                return Binary(reader, 48);
            case 0xF6:
                return Binary(reader, 64);
            default:
                throw new MBusException($"the length {lvar:X2} of a variable value is reserved");
        }
    }

    // Up to 64 bits it is a number; more is an identifier or a key, which people write in hexadecimal.
    private static MBusValue Binary(ByteReader reader, int count) => count is > 0 and <= 8
        ? NumberCodes.Integer(reader.Field(count, "a binary number"))
        : new MBusValue(null, ByteReader.Hexadecimal(reader.Take(count, "a binary value")));
}
