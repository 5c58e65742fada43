using System.Globalization;
using Marketplace.Metering;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Metering;

/// <summary>Why a field was refused: the rule, and what to do about it.</summary>
public sealed record FieldFault(string Rule, string Message);

/// <summary>Reads times and numbers as formats.md writes them, and says what is wrong with any other.</summary>
public static class FieldText
{
    private static readonly string[] WithoutZone =
        ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd'T'HH:mm"];

    private static readonly DateTimeOffset Earliest = new(1990, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The start of an hour in UTC. A zone other than UTC is refused: which hour a local time means cannot be known
    /// on the days the clocks change.</summary>
    public static FieldFault? Hour(string text, out DateTimeOffset hour)
    {
        if (!TryExact(text, out hour))
        {
            return ZoneFault(text);
        }

        if (!Validation.IsOnTheHour(hour))
        {
            return new FieldFault(ReadingRule.IntervalStart.Name, $"'{text}' is not on the hour; an hour is named by its start, as in 2019-12-03 14:00:00.");
        }

        return hour >= Earliest && hour < Latest
            ? null
            : new FieldFault("timestamp", $"'{text}' lies outside the years 1990 to 2099.");
    }

    /// <summary>As <see cref="Hour"/>, for one way of writing it only (2019-12-03 14:00:00), many times as fast. False where it is written otherwise or is wrong.</summary>
    internal static bool TryUsualHour(ReadOnlySpan<char> text, out DateTimeOffset hour)
    {
        hour = default;
        if (text.Length != 19 || text[4] != '-' || text[7] != '-' || text[10] is not (' ' or 'T') || !text[13..].SequenceEqual(":00:00")
            || !TryDigits(text[..4], out var year) || !TryDigits(text[5..7], out var month) || !TryDigits(text[8..10], out var day) || !TryDigits(text[11..13], out var clock)
            || year is < 1990 or > 2099 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || clock > 23)
        {
            return false;
        }

        hour = new DateTimeOffset(year, month, day, clock, 0, 0, TimeSpan.Zero);
        return true;
    }

    /// <summary>As <see cref="Energy"/>, for up to seven digits with up to three decimals only, many times as fast. False where it is written otherwise or is wrong.</summary>
    internal static bool TryUsualEnergy(ReadOnlySpan<char> text, out long wattHours)
    {
        wattHours = 0;
        var point = text.IndexOf('.');
        var whole = point < 0 ? text : text[..point];
        var decimals = point < 0 ? [] : text[(point + 1)..];
        if (whole.Length is < 1 or > 7 || decimals.Length > 3 || (point >= 0 && decimals.IsEmpty) || !TryDigits(whole, out var kilowattHours) || !TryDigits(decimals, out var fraction))
        {
            return false;
        }

        wattHours = (kilowattHours * 1000L) + (fraction * (decimals.Length switch { 1 => 100, 2 => 10, _ => 1 }));
        return true;
    }

    private static bool TryDigits(ReadOnlySpan<char> text, out int value)
    {
        value = 0;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }

            value = (value * 10) + (c - '0');
        }

        return true;
    }

    /// <summary>A number with a decimal point.</summary>
    public static FieldFault? Number(string text, out decimal value)
    {
        if (decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value))
        {
            return null;
        }

        var digits = text.AsSpan().TrimStart("+-").ToString();
        return text switch
        {
            "" => new FieldFault("empty", "the field is empty."),
            _ when digits.Length > 0 && digits.All(c => char.IsAsciiDigit(c) || c == '.') && digits.Count(c => c == '.') <= 1 =>
                new FieldFault("too-large", $"'{Short(text)}' is too large a number."),
            _ when digits.Contains(',', StringComparison.Ordinal) =>
                new FieldFault("number", $"'{Short(text)}' has a comma; write a decimal point and no thousands separators."),
            _ when digits.Length > 0 && char.IsAsciiDigit(digits[0]) && char.IsAsciiLetter(digits[^1]) =>
                new FieldFault("number", $"'{Short(text)}' carries a unit; the column's unit is in its name, the field is a bare number."),
            _ => new FieldFault("number", $"'{Short(text)}' is not a number."),
        };
    }

    /// <summary>Energy of an hour in kWh: zero or more, a whole number of watt-hours, at most what a meter can count.</summary>
    public static FieldFault? Energy(string text, out Energy energy)
    {
        energy = default;
        if (Number(text, out var kilowattHours) is { } fault)
        {
            return fault;
        }

        if (Validation.FaultOf(kilowattHours) is { } broken)
        {
            return new FieldFault(broken.Rule.Name, broken.Reason);
        }

        energy = Quantities.Energy.FromKWh(kilowattHours);
        return null;
    }

    private static bool TryExact(string text, out DateTimeOffset instant)
    {
        var bare = text switch
        {
            _ when text.EndsWith('Z') => text[..^1],
            _ when text.EndsWith("+00:00", StringComparison.Ordinal) => text[..^6],
            _ => text,
        };
        return DateTimeOffset.TryParseExact(bare, WithoutZone, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out instant);
    }

    private static FieldFault ZoneFault(string text)
    {
        if (text.Length == 0)
        {
            return new FieldFault("empty", "the field is empty.");
        }

        var sign = text.Length > 10 ? text.AsSpan(10).IndexOfAny('+', '-') : -1;
        return sign > 0 && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)
            ? new FieldFault("not-utc", $"'{text}' carries the offset {text[(10 + sign)..]}; times are UTC: write {local.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}.")
            : new FieldFault("timestamp", $"'{Short(text)}' is not a UTC time such as 2019-12-03 14:00:00.");
    }

    private static string Short(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
