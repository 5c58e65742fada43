using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>Why a posting is made when documents are issued.</summary>
public enum PostingKind
{
    /// <summary>The fixed charge, before the bill takes it over.</summary>
    StandingCharge = 1,

    /// <summary>A share of revenue, from the owner to the investor.</summary>
    RevenueShare = 2,

    /// <summary>What was unbilled becomes receivable, exactly.</summary>
    Bill = 3,

    /// <summary>The tax.</summary>
    Vat = 4,

    /// <summary>From the exact sum to whole cents.</summary>
    Rounding = 5,

    /// <summary>Taxes and levies on energy, before the bill takes them over.</summary>
    Levy = 6,

    /// <summary>Parts of what the community bears or hands back.</summary>
    CommunityShare = 7,

    /// <summary>What is given back for broken temperature promises.</summary>
    TemperatureCompensation = 8,

    /// <summary>What clauses of contracts came to.</summary>
    ContractClause = 9,
}

/// <summary>The accounts that documents touch.</summary>
public enum PostingAccount
{
    /// <summary>What a member owes and no document says yet.</summary>
    Unbilled = 1,

    /// <summary>What a member owes on issued documents.</summary>
    Receivable = 2,

    /// <summary>Fixed charges collected.</summary>
    StandingCharges = 3,

    /// <summary>Tax owed to the state.</summary>
    Vat = 4,

    /// <summary>What rounding leaves.</summary>
    Rounding = 5,

    /// <summary>Taxes and levies owed on.</summary>
    Levies = 6,

    /// <summary>What the community bears or hands back.</summary>
    CommunityShares = 7,

    /// <summary>What the loop gives back for broken promises.</summary>
    Compensations = 8,

    /// <summary>What contracts move: between members it comes to zero.</summary>
    Contracts = 9,
}

/// <summary>One double entry. The account's balance is debits − credits; a member who owes has a positive balance.</summary>
/// <param name="Document">Place of the document it belongs to, in the list of documents.</param>
/// <param name="Kind">Why.</param>
/// <param name="Debit">The account that grows.</param>
/// <param name="DebitMember">Its member; 0 for the loop's own.</param>
/// <param name="Credit">The account that shrinks.</param>
/// <param name="CreditMember">Its member; 0 for the loop's own.</param>
/// <param name="Amount">Above zero.</param>
public sealed record Posting(int Document, PostingKind Kind, PostingAccount Debit, int DebitMember, PostingAccount Credit, int CreditMember, Money Amount);

/// <summary>The journal's side of issuing documents.</summary>
public static class Postings
{
    /// <summary>All postings for the documents of a period. After them, what the members owed for the period's hours is
    /// no longer unbilled, and what they owe on documents has grown by the documents' totals, in whole cents.</summary>
    /// <exception cref="ArgumentException">A share's investor has no document.</exception>
    public static IReadOnlyList<Posting> Of(IReadOnlyList<BillDocument> documents, IReadOnlyList<RevenueShare> shares)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentNullException.ThrowIfNull(shares);
        var postings = new List<Posting>();
        void Post(int document, PostingKind kind, (PostingAccount Kind, int Member) debit, (PostingAccount Kind, int Member) credit, Money amount)
        {
            if (amount.IsNegative)
            {
                (debit, credit, amount) = (credit, debit, -amount);
            }

            if (amount != Money.Zero)
            {
                postings.Add(new Posting(document, kind, debit.Kind, debit.Member, credit.Kind, credit.Member, amount));
            }
        }

        var statements = documents.Index().Where(entry => entry.Item.Role == DocumentRole.Investor).ToDictionary(entry => entry.Item.Member, entry => entry.Index);
        foreach (var group in shares.GroupBy(share => (share.Owner, share.Investor)).OrderBy(group => group.Key.Investor).ThenBy(group => group.Key.Owner))
        {
            var amount = group.Aggregate(Money.Zero, (sum, share) => sum + share.Amount);
            Post(statements.TryGetValue(group.Key.Investor, out var place) ? place : throw NoDocument(group.Key.Investor), PostingKind.RevenueShare,
                (PostingAccount.Unbilled, group.Key.Owner), (PostingAccount.Unbilled, group.Key.Investor), amount);
        }

        for (var i = 0; i < documents.Count; i++)
        {
            var document = documents[i];
            foreach (var group in document.Lines.Where(line => line.Kind.IsPostedWithBill()).GroupBy(line => line.Kind).OrderBy(group => group.Key))
            {
                var (kind, account) = AccountOf(group.Key);
                Post(i, kind, (PostingAccount.Unbilled, document.Member), (account, 0), group.Aggregate(Money.Zero, (sum, line) => sum + line.Exact));
            }

            Post(i, PostingKind.Bill, (PostingAccount.Receivable, document.Member), (PostingAccount.Unbilled, document.Member), document.Exact);
            Post(i, PostingKind.Vat, (PostingAccount.Receivable, document.Member), (PostingAccount.Vat, 0), Money.FromCents(document.VatCents));
            Post(i, PostingKind.Rounding, (PostingAccount.Receivable, document.Member), (PostingAccount.Rounding, 0), document.RoundingDifference);
        }

        return postings;
    }

    /// <summary>The postings that take others back: the same with debit and credit changed over. Both together leave every account as it was.</summary>
    public static IReadOnlyList<Posting> Reversed(IReadOnlyList<Posting> postings) =>
    [
        .. (postings ?? throw new ArgumentNullException(nameof(postings))).Select(posting => posting with
        {
            Debit = posting.Credit, DebitMember = posting.CreditMember, Credit = posting.Debit, CreditMember = posting.DebitMember,
        }),
    ];

    private static (PostingKind Kind, PostingAccount Account) AccountOf(BillLineKind kind) => kind switch
    {
        BillLineKind.StandingCharge => (PostingKind.StandingCharge, PostingAccount.StandingCharges),
        BillLineKind.Levy => (PostingKind.Levy, PostingAccount.Levies),
        BillLineKind.CommunityShare => (PostingKind.CommunityShare, PostingAccount.CommunityShares),
        BillLineKind.TemperatureCompensation => (PostingKind.TemperatureCompensation, PostingAccount.Compensations),
        BillLineKind.ContractClause => (PostingKind.ContractClause, PostingAccount.Contracts),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Posted hour by hour"),
    };

    private static ArgumentException NoDocument(int investor) => new($"Member {investor} receives a share but has no statement");
}
