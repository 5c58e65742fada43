using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace Marketplace.Metering.MBus;

/// <summary>The codings of values: types A (BCD), B (integer), H (float), F, G, I, J (dates) of EN 13757-3, annex A. All bytes come least significant first.</summary>
internal static class NumberCodes
{
    /// <summary>
    /// Binary coded decimals. The digit F in front is a minus sign. Other hexadecimal digits are a message of the display, not a
    /// number: the value is not valid, keeps the digits as its text, and its number is what readers make of it that know no such
    /// digits (in the tens they count nothing, in the ones ten to fifteen).
    /// </summary>
    public static MBusValue Bcd(ReadOnlySpan<byte> bytes)
    {
        var number = BigInteger.Zero;
        var isNegative = false;
        var isValid = true;
        for (var i = bytes.Length - 1; i >= 0; i--)
        {
            var (tens, ones) = (bytes[i] >> 4, bytes[i] & 0x0F);
            var isSign = i == bytes.Length - 1 && tens == 0x0F;
            isNegative |= isSign;
            isValid &= (tens <= 9 || isSign) && ones <= 9;
            number = (number * 100) + ((tens <= 9 ? tens : 0) * 10) + ones;
        }

        var value = Whole(isNegative ? -number : number);
        return isValid ? value : value with { Text = Digits(bytes), IsValid = false };
    }

    /// <summary>A signed integer. The least of its width means "invalid".</summary>
    public static MBusValue Integer(ReadOnlySpan<byte> bytes)
    {
        var number = new BigInteger(bytes);
        return Whole(number) with { IsValid = number != -(BigInteger.One << ((8 * bytes.Length) - 1)) };
    }

    /// <summary>A number too large for 28 digits has no meaning as a meter's value.</summary>
    public static MBusValue Whole(BigInteger number) => BigInteger.Abs(number) <= (BigInteger)decimal.MaxValue
        ? new MBusValue((decimal)number, null)
        : new MBusValue(null, number.ToString(CultureInfo.InvariantCulture));

    /// <summary>IEEE 754, 32 bits. What is not finite is not valid.</summary>
    public static MBusValue Float(ReadOnlySpan<byte> bytes)
    {
        var number = BinaryPrimitives.ReadSingleLittleEndian(bytes);
        return float.IsFinite(number) && Math.Abs(number) < 1e28f
            ? new MBusValue((decimal)(double)number, null)
            : new MBusValue(null, number.ToString(CultureInfo.InvariantCulture), float.IsFinite(number));
    }

    /// <summary>Type G: a day.</summary>
    public static MBusValue Date(ReadOnlySpan<byte> bytes)
    {
        var (text, isDay) = Day(bytes[0], bytes[1], 0);
        return new MBusValue(null, text, isDay);
    }

    /// <summary>Type F (4 bytes, to the minute) or I (6 bytes, to the second).</summary>
    public static MBusValue DateAndTime(ReadOnlySpan<byte> bytes)
    {
        var hasSeconds = bytes.Length == 6;
        var second = hasSeconds ? bytes[0] & 0x3F : 0;
        var rest = hasSeconds ? bytes[1..] : bytes;
        var minute = rest[0] & 0x3F;
        var hour = rest[1] & 0x1F;
        var (day, isDay) = Day(rest[2], rest[3], hasSeconds ? 0 : (rest[1] >> 5) & 0x03);
        var isTime = (rest[0] & 0x80) == 0 && minute < 60 && hour < 24 && second < 60;
        return new MBusValue(null, string.Create(CultureInfo.InvariantCulture, $"{day}T{hour:00}:{minute:00}:{second:00}Z"), isDay && isTime);
    }

    /// <summary>Type J: a time of day, 3 bytes.</summary>
    public static MBusValue Time(ReadOnlySpan<byte> bytes)
    {
        var (second, minute, hour) = (bytes[0] & 0x3F, bytes[1] & 0x3F, bytes[2] & 0x1F);
        return new MBusValue(null, string.Create(CultureInfo.InvariantCulture, $"{hour:00}:{minute:00}:{second:00}"), second < 60 && minute < 60 && hour < 24);
    }

    private static string Digits(ReadOnlySpan<byte> leastSignificantFirst)
    {
        var bytes = leastSignificantFirst.ToArray();
        Array.Reverse(bytes);
        return Convert.ToHexString(bytes);
    }

    // Seven bits of a year. Without the centuries that newer meters send, 0 to 80 are of this century (EN 13757-3, type F).
    private static (string Text, bool IsDay) Day(byte low, byte high, int hundreds)
    {
        var yearOfCentury = (low >> 5) | ((high & 0xF0) >> 1);
        var year = hundreds == 0 && yearOfCentury <= 80 ? 2000 + yearOfCentury : 1900 + (100 * hundreds) + yearOfCentury;
        var (month, day) = (high & 0x0F, low & 0x1F);
        var isDay = month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month);
        return (string.Create(CultureInfo.InvariantCulture, $"{year:0000}-{month:00}-{day:00}"), isDay);
    }
}
