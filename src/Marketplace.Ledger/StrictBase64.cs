namespace Marketplace.Ledger;

/// <summary>
/// RFC 4648 section 4 with one spelling for each value: no white space, padding present, unused bits zero.
/// A lenient reader would let someone change characters of a signed file unseen.
/// </summary>
public static class StrictBase64
{
    /// <summary>Decodes, or says no.</summary>
    public static bool TryDecode(string text, out byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(text);
        bytes = [];
        var buffer = new byte[text.Length / 4 * 3];
        if (text.Length % 4 != 0 || !Convert.TryFromBase64String(text, buffer, out var written)
            || !string.Equals(Convert.ToBase64String(buffer.AsSpan(0, written)), text, StringComparison.Ordinal))
        {
            return false;
        }

        bytes = buffer[..written];
        return true;
    }

    /// <summary>
    /// As <see cref="TryDecode"/>, but the unused bits of the last character are not looked at, as Go's own clients do not
    /// look at them: both accept the same signature and proof lines, and the bytes they mean are the same.
    /// </summary>
    public static bool TryDecodeLastBitsUnseen(string text, out byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(text);
        bytes = [];
        var buffer = new byte[text.Length / 4 * 3];
        if (text.Length % 4 != 0 || text.Any(char.IsWhiteSpace) || !Convert.TryFromBase64String(text, buffer, out var written))
        {
            return false;
        }

        bytes = buffer[..written];
        return true;
    }
}
