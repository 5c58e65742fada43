using System.Globalization;
using System.Text;

namespace Marketplace.Billing;

/// <summary>The text of the payment code that banking apps read (European Payments Council, guidance EPC069-12, version 002, UTF-8).</summary>
public static class PaymentCode
{
    private const int MostNameBytes = 70;
    private const long MostCents = 99_999_999_999;

    /// <summary>The code's text; none where it cannot say it: nothing to pay, more than the scheme carries, or another currency than the euro.</summary>
    /// <param name="payee">The account's holder.</param>
    /// <param name="iban">The account.</param>
    /// <param name="bic">Its bank, or empty.</param>
    /// <param name="currency">ISO 4217.</param>
    /// <param name="cents">What is to be paid.</param>
    /// <param name="reference">The creditor reference (<see cref="PaymentReference"/>).</param>
    public static string? Text(string payee, Iban iban, string bic, string currency, long cents, string reference)
    {
        ArgumentNullException.ThrowIfNull(iban);
        if (currency != "EUR" || cents is <= 0 or > MostCents)
        {
            return null;
        }

        var amount = string.Create(CultureInfo.InvariantCulture, $"EUR{cents / 100}.{cents % 100:00}");
        return string.Join('\n', "BCD", "002", "1", "SCT", bic, Short(payee), iban.Value, amount, "", reference);
    }

    // The scheme counts characters of the name, and a line feed in it would begin the next field.
    private static string Short(string name)
    {
        var text = new StringBuilder();
        foreach (var rune in name.EnumerateRunes())
        {
            if (text.Length + rune.Utf16SequenceLength > MostNameBytes)
            {
                break;
            }

            text.Append(Rune.IsControl(rune) ? new Rune(' ') : rune);
        }

        return text.ToString();
    }
}
