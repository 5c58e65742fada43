namespace Marketplace.Billing;

/// <summary>The structured creditor reference of a document (ISO 11649): what a payer gives, and what a bank statement brings back.
/// <c>RF</c>, two check digits, and at most 21 letters and digits.</summary>
public static class PaymentReference
{
    private const int MostCharacters = 21;

    /// <summary>The reference of a document: the letters and digits of its number, the last 21 of them, in which series and count stand.</summary>
    /// <exception cref="ArgumentException">The number holds neither letters nor digits.</exception>
    public static string Of(string documentNumber)
    {
        ArgumentNullException.ThrowIfNull(documentNumber);
        var text = string.Concat(documentNumber.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();
        if (text.Length == 0)
        {
            throw new ArgumentException("A reference needs letters or digits", nameof(documentNumber));
        }

        text = text.Length > MostCharacters ? text[^MostCharacters..] : text;
        return "RF" + CheckDigits.For("RF", text) + text;
    }

    /// <summary>Whether a text is a reference whose check digits fit; spaces and small letters do no harm.</summary>
    public static bool TryRead(string? text, out string reference)
    {
        reference = string.Concat((text ?? "").Where(c => !char.IsWhiteSpace(c))).ToUpperInvariant();
        return reference.Length is > 4 and <= 4 + MostCharacters
            && reference.StartsWith("RF", StringComparison.Ordinal)
            && reference.All(char.IsAsciiLetterOrDigit)
            && CheckDigits.Remainder(reference[4..] + reference[..4]) == 1;
    }

    /// <summary>In groups of four, for people.</summary>
    public static string Grouped(string reference) => string.Join(' ', reference.Chunk(4).Select(group => new string(group)));
}
