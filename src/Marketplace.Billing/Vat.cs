using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>Category codes of value added tax (UNCL 5305, as EN 16931 uses them).</summary>
public enum VatCategory
{
    /// <summary>Standard rate, code S.</summary>
    Standard = 1,

    /// <summary>Exempt, code E: here, self-billed credit to members under the small-business rule.</summary>
    Exempt = 2,

    /// <summary>Taxed at zero, code Z.</summary>
    Zero = 3,

    /// <summary>The customer owes the tax, code AE.</summary>
    ReverseCharge = 4,

    /// <summary>Outside the scope of the tax, code O.</summary>
    OutsideScope = 5,
}

/// <summary>How a line is taxed.</summary>
/// <param name="Category">The category.</param>
/// <param name="BasisPoints">Hundredths of a percent: 1900 is 19 %.</param>
public sealed record VatRate(VatCategory Category, int BasisPoints)
{
    /// <summary>Not taxed.</summary>
    public static VatRate Exempt { get; } = new(VatCategory.Exempt, 0);

    /// <summary>Taxed at a rate.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rate is negative or above 100 %.</exception>
    public static VatRate Standard(int basisPoints)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(basisPoints);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(basisPoints, 10_000);
        return new VatRate(VatCategory.Standard, basisPoints);
    }

    /// <summary>A rate of any category.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rate is negative or above 100 %, or a category without tax has one.</exception>
    public static VatRate Of(VatCategory category, int basisPoints) => category == VatCategory.Standard
        ? Standard(basisPoints)
        : basisPoints == 0 ? new VatRate(category, 0) : throw new ArgumentOutOfRangeException(nameof(basisPoints), basisPoints, "Only the standard category has a rate");

    /// <summary>The rate that a record's code and basis points name.</summary>
    /// <exception cref="ArgumentException">There is no such code.</exception>
    public static VatRate Of(string code, int basisPoints) => code switch
    {
        "S" => Standard(basisPoints),
        "E" => Exempt,
        "Z" => new VatRate(VatCategory.Zero, 0),
        "AE" => new VatRate(VatCategory.ReverseCharge, 0),
        "O" => new VatRate(VatCategory.OutsideScope, 0),
        _ => throw new ArgumentException($"'{code}' is not a category of value added tax", nameof(code)),
    };

    /// <summary>The code in documents and records.</summary>
    public string Code => Category switch
    {
        VatCategory.Standard => "S",
        VatCategory.Exempt => "E",
        VatCategory.Zero => "Z",
        VatCategory.ReverseCharge => "AE",
        VatCategory.OutsideScope => "O",
        _ => throw new ArgumentOutOfRangeException(nameof(Category), Category, "Not a category of value added tax"),
    };
}

/// <summary>The tax of all lines of one category and rate: computed once on their sum (EN 16931 BR-S-08), not a line at a time.</summary>
/// <param name="Rate">Category and rate.</param>
/// <param name="NetCents">The sum of the lines' cents.</param>
/// <param name="TaxCents">The tax on that sum, rounded once, halves away from zero.</param>
public sealed record VatGroup(VatRate Rate, long NetCents, long TaxCents)
{
    /// <summary>The groups of a document, by category and rate.</summary>
    public static IReadOnlyList<VatGroup> Of(IEnumerable<BillLine> lines) =>
    [
        .. lines.GroupBy(line => line.Vat)
            .OrderBy(group => group.Key.Category).ThenBy(group => group.Key.BasisPoints)
            .Select(group => Of(group.Key, group.Sum(line => line.Cents))),
    ];

    /// <summary>The group of lines that come to this net sum.</summary>
    public static VatGroup Of(VatRate rate, long netCents) =>
        new(rate, netCents, Rounding.DivideAwayFromZero((Int128)netCents * rate.BasisPoints, 10_000));
}
