using System.Globalization;
using System.Text.RegularExpressions;

namespace Marketplace.Billing;

/// <summary>What a bank says of a statement before its entries.</summary>
/// <param name="Id">The bank's name for it, once for each account.</param>
/// <param name="Account">The account's IBAN.</param>
/// <param name="Currency">ISO 4217, or empty.</param>
/// <param name="OpeningCents">What was booked before it, where it says so.</param>
/// <param name="ClosingCents">What is booked after it.</param>
public sealed record StatementHead(string Id, string Account, string Currency, long? OpeningCents, long? ClosingCents);

/// <summary>A document that a payment names, with the part that is for it.</summary>
/// <param name="Reference">As the payer gave it.</param>
/// <param name="Cents">The part; none where the payer did not say.</param>
public readonly record struct NamedReference(string Reference, long? Cents);

/// <summary>Money that moved on the loop's account: an entry, or one payment of an entry that holds several.</summary>
public sealed record BankMovement
{
    /// <summary>Its name within the statement: the entry's place and reference, and the payment's place in it.</summary>
    public required string Key { get; init; }

    /// <summary>Whether the reference in <see cref="Key"/> is the bank's own (AcctSvcrRef), which it gives once and gives again with the same entry; else it may
    /// only count the entries of a statement.</summary>
    public bool IsNamedByBank { get; init; }

    /// <summary>Where it begins in the file.</summary>
    public required int Line { get; init; }

    public required DateOnly BookedOn { get; init; }

    /// <summary>Above zero: it came in.</summary>
    public required long Cents { get; init; }

    public required string Currency { get; init; }

    /// <summary>Whether it takes an earlier payment back.</summary>
    public bool IsReturn { get; init; }

    /// <summary>The code of the reason why it came back (ISO 20022 external code), or empty.</summary>
    public string ReturnReason { get; init; } = "";

    /// <summary>What the orderer named it; empty where it named nothing.</summary>
    public string EndToEndId { get; init; } = "";

    /// <summary>The file of payments it comes from, for an entry that sums one up.</summary>
    public string BatchId { get; init; } = "";

    /// <summary>References that the payer put in their own place.</summary>
    public IReadOnlyList<NamedReference> References { get; init; } = [];

    /// <summary>What the payer wrote.</summary>
    public string Text { get; init; } = "";

    public string PartyName { get; init; } = "";

    /// <summary>Without spaces, or empty.</summary>
    public string PartyAccount { get; init; } = "";
}

/// <summary>A step in reading a file of statements: a statement begins, or one of its movements.</summary>
public readonly record struct StatementPart(StatementHead Head, BankMovement? Movement);

/// <summary>A file that is no statement, or a broken one: what is wrong, and where.</summary>
public sealed class StatementFormatException(int line, string element, string message)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"Line {line}, <{element}>: {message}"))
{
    public int Line { get; } = line;

    public string Element { get; } = element;
}

/// <summary>Finds creditor references and numbers of documents in what payers write.</summary>
public static partial class PaymentWords
{
    /// <summary>The references in a text whose check digits fit, each once, in its order; spaces and lines between their parts do no harm.</summary>
    public static IReadOnlyList<string> References(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var found = new List<string>();
        foreach (Match start in ReferenceStart().Matches(text))
        {
            // Words that follow may belong to it or not: the longest that fits is the one that was meant.
            var (kept, ends) = ("", new List<string>());
            foreach (var c in text.AsSpan(start.Index))
            {
                if (char.IsAsciiLetterOrDigit(c))
                {
                    kept += char.ToUpperInvariant(c);
                }
                else if (char.IsWhiteSpace(c))
                {
                    ends.Add(kept);
                }
                else
                {
                    break;
                }

                if (kept.Length > 25)
                {
                    break;
                }
            }

            ends.Add(kept);
            if (ends.Distinct().Reverse().FirstOrDefault(end => PaymentReference.TryRead(end, out _)) is { } reference && !found.Contains(reference))
            {
                found.Add(reference);
            }
        }

        return found;
    }

    /// <summary>The references of documents whose numbers stand in a text, as in <c>LINDENHOF-2026-000012</c>.</summary>
    public static IReadOnlyList<string> Numbers(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. Number().Matches(text).Select(match => PaymentReference.Of(match.Value)).Distinct()];
    }

    [GeneratedRegex(@"(?<![A-Za-z0-9])R ?F ?\d ?\d", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ReferenceStart();

    [GeneratedRegex(@"(?<![A-Za-z0-9])[A-Za-z0-9][A-Za-z0-9-]{0,60}-\d{4}-\d{6}(?![0-9])", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Number();
}
