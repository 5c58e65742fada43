namespace Marketplace.Billing;

/// <summary>A party of a payment as it stands in a file for a bank: the address in its parts, as the banks' rules ask.</summary>
/// <param name="Name">The account's holder.</param>
/// <param name="Street">Street and number, or empty.</param>
/// <param name="PostCode">Post code, or empty.</param>
/// <param name="Town">Town; without it no address is written.</param>
/// <param name="Country">ISO 3166-1, two letters; without it no address is written.</param>
/// <param name="Account">The account.</param>
/// <param name="Bic">Its bank, or empty.</param>
public sealed record PaymentParty(string Name, string Street, string PostCode, string Town, string Country, Iban Account, string Bic);

/// <summary>One payment of a file.</summary>
/// <param name="EndToEndId">What the statement brings back: at most 35 letters and digits, once in all files.</param>
/// <param name="Cents">Above zero.</param>
/// <param name="Other">Who gets the money, or whose account it is taken from.</param>
/// <param name="About">What the other reads: the document's number.</param>
/// <param name="Mandate">The reference of the mandate of a direct debit; empty for a transfer.</param>
/// <param name="SignedOn">When the mandate was signed.</param>
public sealed record Payment(string EndToEndId, long Cents, PaymentParty Other, string About, string Mandate = "", DateOnly? SignedOn = null);

/// <summary>A file of payments for the loop's bank.</summary>
/// <param name="MessageId">At most 35 letters and digits, once among the loop's files.</param>
/// <param name="MadeAt">When it was made.</param>
/// <param name="ExecuteOn">When the bank is to carry it out.</param>
/// <param name="Own">The loop's issuer and its account.</param>
/// <param name="CreditorId">The identifier of a creditor of direct debits; empty for transfers.</param>
/// <param name="Payments">At least one.</param>
public sealed record PaymentFile(string MessageId, DateTimeOffset MadeAt, DateOnly ExecuteOn, PaymentParty Own, string CreditorId, IReadOnlyList<Payment> Payments)
{
    /// <summary>The control sum.</summary>
    public long SumCents => Payments.Aggregate(0L, (sum, payment) => checked(sum + payment.Cents));

    internal void RequireSound(bool isDirectDebit)
    {
        if (Payments.Count == 0 || Payments.DistinctBy(payment => payment.EndToEndId).Count() != Payments.Count)
        {
            throw new ArgumentException("A file needs payments, each with an end-to-end identification of its own");
        }

        foreach (var payment in Payments)
        {
            if (payment.Cents is <= 0 or > 99_999_999_999 || payment.EndToEndId.Length is 0 or > 35)
            {
                throw new ArgumentException($"The payment {payment.EndToEndId} has an amount or an identification that no bank takes");
            }

            if (isDirectDebit && (payment.Mandate.Length is 0 or > 35 || payment.SignedOn is null))
            {
                throw new ArgumentException($"The direct debit {payment.EndToEndId} has no mandate");
            }
        }

        if (isDirectDebit && CreditorId.Length == 0)
        {
            throw new ArgumentException("Direct debits need a creditor identifier");
        }
    }
}
