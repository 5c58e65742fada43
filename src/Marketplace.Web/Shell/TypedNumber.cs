using System.Globalization;

namespace Marketplace.Web.Shell;

/// <summary>Reads a number as people type it in their language: a decimal point everywhere, a comma where the language writes decimals with one.
/// Separators of thousands are refused rather than guessed at: 1,000 is a thousand to some and one to others.</summary>
public static class TypedNumber
{
    private const NumberStyles Plain = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite;

    /// <summary>A number of zero or more.</summary>
    public static bool TryRead(string? text, out decimal number) => TryRead(text, Plain, out number);

    /// <summary>A number of any sign.</summary>
    public static bool TryReadSigned(string? text, out decimal number) => TryRead(text?.Replace('\u2212', '-'), Plain | NumberStyles.AllowLeadingSign, out number);

    private static bool TryRead(string? text, NumberStyles styles, out decimal number) => decimal.TryParse(
        CultureInfo.CurrentCulture.NumberFormat.NumberDecimalSeparator == "," ? text?.Replace(',', '.') : text, styles, CultureInfo.InvariantCulture, out number);
}
