using System.Text.Json.Serialization;
using Marketplace.Quantities;

namespace Marketplace.Contracts;

/// <summary>Which side of the threshold counts.</summary>
public enum ClauseDirection
{
    /// <summary>What the quantity exceeds the threshold by; nothing below it.</summary>
    Above = 1,

    /// <summary>What the quantity falls short of the threshold by; nothing above it.</summary>
    Below = 2,

    /// <summary>The difference with its sign: below the threshold the payee pays the payer.</summary>
    BothWays = 3,
}

/// <summary>For what a threshold is stated.</summary>
public enum PerTime
{
    /// <summary>For the whole period, however many hours it has.</summary>
    Period = 1,

    /// <summary>For each hour: it is multiplied by the hours of the period, so that a short month and a day with a clock change need no rule.</summary>
    Hour = 2,
}

/// <summary>Whether a clause applies only where a target is met, or only where it is not.</summary>
public enum ClauseCondition
{
    /// <summary>Always.</summary>
    Always = 0,

    /// <summary>Only where the quantity is at least the target.</summary>
    TargetReached = 1,

    /// <summary>Only where the quantity is below the target.</summary>
    TargetMissed = 2,
}

/// <summary>How what a clause gives is taxed.</summary>
public enum ClauseVat
{
    /// <summary>At the rate of the document on which it stands.</summary>
    Standard = 1,

    /// <summary>Exempt.</summary>
    Exempt = 2,

    /// <summary>Taxed at zero.</summary>
    Zero = 3,

    /// <summary>The customer owes the tax.</summary>
    ReverseCharge = 4,

    /// <summary>Outside the scope of the tax: damages, penalties, gifts.</summary>
    OutsideScope = 5,
}

/// <summary>From here on each further unit has this rate.</summary>
/// <param name="From">How much of what is paid for lies before it, in the quantity's unit.</param>
/// <param name="Rate">In the unit that goes with the quantity (<see cref="Units.RateOf"/>).</param>
public sealed record RateStep(Term From, Term Rate);

/// <summary>Scales the rate by what an index has become: rate × index ÷ base.</summary>
/// <param name="Name">The index's name.</param>
/// <param name="Base">What the index was when the rate was agreed, in millionths; above zero.</param>
public sealed record Indexation(string Name, Term Base);

/// <summary>One promise with its price: a measured quantity, compared with a threshold, times a rate.
/// <code>amount = rate × max(0, ±(quantity − threshold)), in steps, × index ÷ base, at least the floor, at most the cap</code></summary>
public sealed record Clause
{
    /// <summary>Names the clause within its template.</summary>
    public required string Code { get; init; }

    /// <summary>What is measured (<see cref="QuantityForm.Name"/>).</summary>
    public required string Quantity { get; init; }

    /// <summary>At whose meters, plants or trades: a party's role.</summary>
    public string Of { get; init; } = "";

    /// <summary>With whom, where it is measured between two: a party's role.</summary>
    public string With { get; init; } = "";

    /// <summary>Of which carrier: its name, or <c>@</c> and a parameter.</summary>
    public string Carrier { get; init; } = "";

    /// <summary>Of which plant: <c>@</c> and a parameter.</summary>
    public string Plant { get; init; } = "";

    /// <summary>The baseline that the measured value is compared with before anything else, where the quantity is a deviation.</summary>
    public Term? Reference { get; init; }

    /// <summary>For what the baseline is stated.</summary>
    public PerTime ReferencePer { get; init; } = PerTime.Period;

    /// <summary>What the quantity is measured of, where it needs to be told, in millionths of the currency: what was lent.</summary>
    public Term? Basis { get; init; }

    /// <summary>Which side of the threshold counts.</summary>
    public ClauseDirection Direction { get; init; } = ClauseDirection.Above;

    /// <summary>In the quantity's unit.</summary>
    public Term Threshold { get; init; }

    /// <summary>For what the threshold is stated.</summary>
    public PerTime ThresholdPer { get; init; } = PerTime.Period;

    /// <summary>Whether a target decides if the clause applies at all.</summary>
    public ClauseCondition When { get; init; }

    /// <summary>In the quantity's unit; where <see cref="When"/> asks for one.</summary>
    public Term? Target { get; init; }

    /// <summary>For what the target is stated.</summary>
    public PerTime TargetPer { get; init; } = PerTime.Period;

    /// <summary>In the unit that goes with the quantity (<see cref="Units.RateOf"/>).</summary>
    public required Term Rate { get; init; }

    /// <summary>Whether the rate is for a year: the amount is divided by the periods of a year.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsYearlyRate { get; init; }

    /// <summary>Further rates, each from where it begins, rising.</summary>
    public IReadOnlyList<RateStep> Steps { get; init; } = [];

    /// <summary>Scales the rates.</summary>
    public Indexation? Index { get; init; }

    /// <summary>The least amount of a period in which the clause applies, in millionths of the currency.</summary>
    public Term? Floor { get; init; }

    /// <summary>The largest amount of a period, in millionths of the currency.</summary>
    public Term? Cap { get; init; }

    /// <summary>Who pays: a party's role.</summary>
    public string Payer { get; init; } = "";

    /// <summary>Who receives: a party's role.</summary>
    public string Payee { get; init; } = "";

    /// <summary>Whether it is the price of a broken promise: its payer has kept the promise in each period in which the clause comes to nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsPromise { get; init; }

    /// <summary>How it is taxed; a template that leaves it open cannot be published.</summary>
    public ClauseVat? Vat { get; init; }

    /// <summary>Every term with what it is called, for checks and pages.</summary>
    public IEnumerable<(string Field, Term Term, Unit Unit)> Terms(Unit quantity)
    {
        var rate = Units.RateOf(quantity);
        if (Reference is { } reference)
        {
            yield return (nameof(Reference), reference, quantity);
        }

        if (Basis is { } basis)
        {
            yield return (nameof(Basis), basis, Unit.Money);
        }

        yield return (nameof(Threshold), Threshold, quantity);
        if (Target is { } target)
        {
            yield return (nameof(Target), target, quantity);
        }

        yield return (nameof(Rate), Rate, rate);
        foreach (var step in Steps)
        {
            yield return (nameof(Steps), step.From, quantity);
            yield return (nameof(Steps), step.Rate, rate);
        }

        if (Index is { } index)
        {
            yield return (nameof(Index), index.Base, Unit.Millionths);
        }

        if (Floor is { } floor)
        {
            yield return (nameof(Floor), floor, Unit.Money);
        }

        if (Cap is { } cap)
        {
            yield return (nameof(Cap), cap, Unit.Money);
        }
    }

    /// <summary>Whether the amounts of two parts of a period add up to that of the whole, before the rounding of each to cents. It is promised where the
    /// quantity is a sum over hours, threshold and baseline are zero or stated for each hour, and nothing is cut: no rate for a year, no target, steps, cap or floor, one value of
    /// the index, and either the signed difference or all of a quantity that is never below zero.</summary>
    public bool AddsUp(QuantityForm quantity)
    {
        ArgumentNullException.ThrowIfNull(quantity);
        return quantity.AddsUp && !IsYearlyRate && When == ClauseCondition.Always && Steps.Count == 0 && Cap is null && Floor is null && Index is null
            && IsPerHour(Threshold, ThresholdPer) && (Reference is not { } reference || IsPerHour(reference, ReferencePer))
            && (Direction == ClauseDirection.BothWays || (Direction == ClauseDirection.Above && quantity.NeverNegative && Threshold == Term.Of(0)));
    }

    private static bool IsPerHour(Term term, PerTime per) => per == PerTime.Hour || term == Term.Of(0);
}
