using System.Globalization;

namespace Marketplace.Billing;

/// <summary>An international bank account number (ISO 13616), checked by its country's length and its two check digits (ISO 7064 MOD 97-10).
/// Whether the account exists only its bank knows.</summary>
public sealed record Iban
{
    // The registry's lengths of the countries of the single euro payments area, and of others that people here have accounts in.
    private static readonly Dictionary<string, int> s_lengths = new(StringComparer.Ordinal)
    {
        ["AD"] = 24, ["AL"] = 28, ["AT"] = 20, ["BA"] = 20, ["BE"] = 16, ["BG"] = 22, ["CH"] = 21, ["CY"] = 28, ["CZ"] = 24, ["DE"] = 22,
        ["DK"] = 18, ["EE"] = 20, ["ES"] = 24, ["FI"] = 18, ["FO"] = 18, ["FR"] = 27, ["GB"] = 22, ["GI"] = 23, ["GL"] = 18, ["GR"] = 27,
        ["HR"] = 21, ["HU"] = 28, ["IE"] = 22, ["IS"] = 26, ["IT"] = 27, ["LI"] = 21, ["LT"] = 20, ["LU"] = 20, ["LV"] = 21, ["MC"] = 27,
        ["MD"] = 24, ["ME"] = 22, ["MK"] = 19, ["MT"] = 31, ["NL"] = 18, ["NO"] = 15, ["PL"] = 28, ["PT"] = 25, ["RO"] = 24, ["RS"] = 22,
        ["SE"] = 24, ["SI"] = 19, ["SK"] = 24, ["SM"] = 27, ["TR"] = 26, ["UA"] = 29, ["VA"] = 22, ["XK"] = 20,
    };

    private Iban(string value) => Value = value;

    /// <summary>Without spaces, in capitals: what files carry.</summary>
    public string Value { get; }

    /// <summary>The two letters of the country.</summary>
    public string Country => Value[..2];

    /// <summary>In groups of four: what people read.</summary>
    public string Grouped => string.Join(' ', Value.Chunk(4).Select(group => new string(group)));

    /// <summary>Country and last four characters: enough to recognise one's own account.</summary>
    public string Masked => $"{Value[..2]}•• •••• {Value[^4..]}";

    /// <summary>Reads a number as people write it: spaces and small letters do no harm.</summary>
    /// <param name="text">What was typed.</param>
    /// <param name="iban">The number.</param>
    /// <param name="problem">What is wrong with it, in words; empty if it is right.</param>
    public static bool TryParse(string? text, out Iban? iban, out string problem)
    {
        iban = null;
        var value = string.Concat((text ?? "").Where(c => !char.IsWhiteSpace(c))).ToUpperInvariant();
        if (value.Length < 5 || !value.All(char.IsAsciiLetterOrDigit) || !char.IsAsciiLetterUpper(value[0]) || !char.IsAsciiLetterUpper(value[1])
            || !char.IsAsciiDigit(value[2]) || !char.IsAsciiDigit(value[3]))
        {
            problem = "An IBAN begins with two letters and two digits, such as DE89 3704 0044 0532 0130 00.";
        }
        else if (!s_lengths.TryGetValue(value[..2], out var length))
        {
            problem = $"Accounts in the country {value[..2]} cannot be paid by a euro credit transfer.";
        }
        else if (value.Length != length)
        {
            problem = string.Create(CultureInfo.InvariantCulture, $"An IBAN of {value[..2]} has {length} characters, and this one has {value.Length}.");
        }
        else if (CheckDigits.Remainder(value[4..] + value[..4]) != 1)
        {
            problem = "The check digits do not fit. Please compare it with your bank card or statement.";
        }
        else
        {
            (iban, problem) = (new Iban(value), "");
        }

        return iban is not null;
    }

    /// <summary>The number of an account that its country's banks know by another one, with its check digits.</summary>
    /// <param name="country">Two letters.</param>
    /// <param name="account">Bank and account as the country writes them, in the length that belongs to it.</param>
    /// <exception cref="FormatException">The country or the length is wrong.</exception>
    public static Iban For(string country, string account) => Parse(country + CheckDigits.For(country, account) + account);

    /// <summary>Reads a number that was checked before.</summary>
    /// <exception cref="FormatException">It is not valid.</exception>
    public static Iban Parse(string text) => TryParse(text, out var iban, out var problem) ? iban! : throw new FormatException(problem);

    /// <inheritdoc/>
    public override string ToString() => Grouped;
}

/// <summary>ISO 7064 MOD 97-10 over letters and digits, as account numbers and creditor references use it.</summary>
internal static class CheckDigits
{
    /// <summary>The text as a number, a letter counting as 10 to 35, modulo 97.</summary>
    public static int Remainder(string text)
    {
        var remainder = 0;
        foreach (var c in text)
        {
            remainder = char.IsAsciiDigit(c)
                ? ((remainder * 10) + (c - '0')) % 97
                : ((remainder * 100) + (c - 'A' + 10)) % 97;
        }

        return remainder;
    }

    /// <summary>The two digits that make prefix and text valid.</summary>
    public static string For(string prefix, string text) => (98 - Remainder(text + prefix + "00")).ToString("00", CultureInfo.InvariantCulture);
}
