using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>A bill or statement of one member for one period, before it is numbered and issued.</summary>
public sealed record BillDocument
{
    /// <summary>Makes a document of its lines; the totals follow from them.</summary>
    /// <exception cref="ArgumentException">There is no line.</exception>
    public BillDocument(int member, DocumentRole role, IReadOnlyList<BillLine> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        if (lines.Count == 0)
        {
            throw new ArgumentException("A document has at least one line", nameof(lines));
        }

        Member = member;
        Role = role;
        Lines = lines;
        Vat = VatGroup.Of(lines);
        Exact = lines.Aggregate(Money.Zero, (sum, line) => sum + line.Exact);
        NetCents = lines.Sum(line => line.Cents);
        VatCents = Vat.Sum(group => group.TaxCents);
    }

    /// <summary>Whose document it is.</summary>
    public int Member { get; }

    /// <summary>Which side it shows.</summary>
    public DocumentRole Role { get; }

    /// <summary>The lines; a line's number is its place here, from 1.</summary>
    public IReadOnlyList<BillLine> Lines { get; }

    /// <summary>The tax, by category and rate.</summary>
    public IReadOnlyList<VatGroup> Vat { get; }

    /// <summary>The exact sum of the lines.</summary>
    public Money Exact { get; }

    /// <summary>The sum of the lines' cents.</summary>
    public long NetCents { get; }

    /// <summary>The sum of the groups' tax.</summary>
    public long VatCents { get; }

    /// <summary>Above zero: the member pays; below zero: the member is paid.</summary>
    public long TotalCents => NetCents + VatCents;

    /// <summary>What rounding the lines to cents added to their exact sum.</summary>
    public Money RoundingDifference => Money.FromCents(NetCents) - Exact;
}
