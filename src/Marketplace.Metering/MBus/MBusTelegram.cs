using Marketplace.Quantities;

namespace Marketplace.Metering.MBus;

/// <summary>What a record's value is a value of: the moment, an extreme of the period, or the time of an error.</summary>
public enum MBusFunction
{
    /// <summary>Read when asked.</summary>
    Instantaneous = 0,

    /// <summary>The largest of the period.</summary>
    Maximum = 1,

    /// <summary>The smallest of the period.</summary>
    Minimum = 2,

    /// <summary>While the meter was in error.</summary>
    DuringError = 3,

    /// <summary>Bytes whose meaning only the manufacturer knows.</summary>
    ManufacturerSpecific = 4,

    /// <summary>The same, and the meter has more records for another telegram.</summary>
    MoreRecordsFollow = 5,

    /// <summary>A counter of the fixed structure as it stands.</summary>
    Actual = 6,

    /// <summary>A counter of the fixed structure as it stood on the fixed date.</summary>
    Stored = 7,
}

/// <summary>Who sent a telegram. A field that the telegram's structure does not have is null.</summary>
/// <param name="Id">The identification number, digits without leading zeros; a meter may put hexadecimal digits there.</param>
/// <param name="Manufacturer">Three letters (EN 62056-21, kept by the DLMS user association).</param>
/// <param name="Version">The manufacturer's version of the meter.</param>
/// <param name="Medium">What is measured, in words.</param>
/// <param name="AccessNumber">Counts the answers of the meter.</param>
/// <param name="Status">The status byte; see <see cref="HasError"/>.</param>
/// <param name="Signature">The signature or configuration word.</param>
/// <param name="Carrier">What the energy register counts by the medium; of a meter for heat and cold, heat. Null where the medium is none of these, or is not said.</param>
public sealed record MBusHeader(
    string? Id, string? Manufacturer, int? Version, string? Medium, int? AccessNumber, byte? Status, int? Signature, Carrier? Carrier = null)
{
    /// <summary>Whether the status byte tells of an error, a low battery or an alarm (EN 13757-3, table of the status field).</summary>
    public bool HasError => (Status ?? 0) != 0;
}

/// <summary>What a record says: a number, a text (a date, characters, bytes in hexadecimal), or nothing.</summary>
/// <param name="Number">The value in <see cref="MBusRecord.Unit"/>, exact for whole and BCD numbers, 15 digits for floating point.</param>
/// <param name="Text">The value where it is no number, and the digits as sent where they are none. Dates are <c>yyyy-MM-dd</c> or <c>yyyy-MM-ddTHH:mm:ssZ</c>: the meter's own clock, which knows no zone.</param>
/// <param name="IsValid">Whether the meter means it: false for the coded "invalid", digits that are none, impossible dates and error codes.</param>
public readonly record struct MBusValue(decimal? Number, string? Text, bool IsValid = true)
{
    /// <summary>No value.</summary>
    public static MBusValue Nothing => new(null, "");
}

/// <summary>One data record.</summary>
/// <param name="Function">What the value is a value of.</param>
/// <param name="Storage">0 is now; others are values the meter has kept, newest first by convention.</param>
/// <param name="Tariff">0 is the total.</param>
/// <param name="Subunit">The part of the meter, 0 for the main one.</param>
/// <param name="Quantity">What is measured, in words.</param>
/// <param name="Unit">In which unit, without prefix; empty where there is none.</param>
/// <param name="Value">The value in that unit.</param>
/// <param name="Remarks">What further value information fields say of it, in words.</param>
public sealed record MBusRecord(
    MBusFunction Function,
    long Storage,
    long Tariff,
    long Subunit,
    string Quantity,
    string Unit,
    MBusValue Value,
    IReadOnlyList<string> Remarks);

/// <summary>An application error that a meter reports instead of data (CI 70).</summary>
/// <param name="Code">0 to 255.</param>
/// <param name="Words">What it means.</param>
public sealed record MBusApplicationError(int Code, string Words);

/// <summary>A decoded telegram of a meter: EN 13757-3, variable (CI 72, 76, 78, 7A) and fixed (CI 73, 77) data structure, and errors (CI 70).</summary>
/// <param name="Header">Who sent it.</param>
/// <param name="Records">In the order sent; empty for an error.</param>
/// <param name="Error">The error that the meter reports, if it does.</param>
public sealed record MBusTelegram(MBusHeader Header, IReadOnlyList<MBusRecord> Records, MBusApplicationError? Error = null)
{
    private static readonly MBusHeader NoHeader = new(null, null, null, null, null, null, null);

    /// <summary>Whether the meter has more records for another telegram.</summary>
    public bool HasMoreRecords => Records is [.., { Function: MBusFunction.MoreRecordsFollow }];

    /// <summary>Decodes a telegram written in hexadecimal.</summary>
    /// <exception cref="MBusException">It cannot be read; the message is one sentence that says where and why.</exception>
    public static MBusTelegram Decode(string hexadecimal) => Decode(MBusFrame.BytesOf(hexadecimal));

    /// <summary>Decodes a telegram: the whole frame from start to stop.</summary>
    /// <exception cref="MBusException">It cannot be read; the message is one sentence that says where and why.</exception>
    public static MBusTelegram Decode(ReadOnlySpan<byte> bytes)
    {
        var frame = MBusFrame.Parse(bytes);
        return frame.Information switch
        {
            MBusFrame.ApplicationError => new MBusTelegram(NoHeader, [], ErrorOf(frame.Data.IsEmpty ? (byte)0 : frame.Data.Span[0])),
            0x72 => VariableData.Decode(frame.Data, VariableHeader.Long, mostSignificantFirst: false),
            0x76 => VariableData.Decode(frame.Data, VariableHeader.Long, mostSignificantFirst: true),
            0x78 => VariableData.Decode(frame.Data, VariableHeader.None, mostSignificantFirst: false),
            0x7A => VariableData.Decode(frame.Data, VariableHeader.Short, mostSignificantFirst: false),
            0x73 => FixedData.Decode(frame.Data, mostSignificantFirst: false),
            0x77 => FixedData.Decode(frame.Data, mostSignificantFirst: true),
            0x71 => throw new MBusException("control information 71 is an alarm, which has no records"),
            0x50 or 0x51 or 0x52 or 0x55 or 0x5A or 0x5B => throw new MBusException($"control information {frame.Information:X2} is a command to a meter, not its answer"),
            _ => throw new MBusException($"control information {frame.Information:X2} is none of 70, 72, 73, 76, 77, 78 and 7A"),
        };
    }

    private static MBusApplicationError ErrorOf(byte code) => new(code, code switch
    {
        0 => "Unspecified error",
        1 => "Unimplemented CI-Field",
        2 => "Buffer too long, truncated",
        3 => "Too many records",
        4 => "Premature end of record",
        5 => "More than 10 DIFE's",
        6 => "More than 10 VIFE's",
        8 => "Application too busy for handling readout request",
        9 => "Too many readouts (for slaves with limited readouts per time)",
        _ => "Reserved error code",
    });
}
