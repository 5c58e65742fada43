using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Contracts;

/// <summary>What was measured for a clause in a period.</summary>
/// <param name="Quantity">In the quantity's unit.</param>
/// <param name="Hours">How many hours the period has: 743 in a March of 31 days where the clock is set forward.</param>
/// <param name="Index">What the clause's index was, in millionths; none where the clause has none.</param>
public sealed record Measured(long Quantity, long Hours, long? Index = null)
{
    /// <summary>How many such periods make a year; none where that is no whole number.</summary>
    public int? PeriodsAYear { get; init; }
}

/// <summary>An amount before its rounding: millionths of the currency as a fraction.</summary>
public readonly record struct ExactAmount(Int128 Numerator, Int128 Denominator)
{
    /// <summary>The one rounding: to whole cents, halves away from zero.</summary>
    /// <exception cref="OverflowException">Beyond what money can hold.</exception>
    public Money ToCents() => Money.FromCents(Rounding.DivideAwayFromZero(Numerator, checked(Denominator * Money.MicroPerCent)));
}

/// <summary>What a clause came to in a period.</summary>
/// <param name="Clause">The clause's code.</param>
/// <param name="Payer">The role that pays; below zero it receives.</param>
/// <param name="Payee">The role that receives; below zero it pays.</param>
/// <param name="Amount">In whole cents.</param>
/// <param name="Explanation">Formula, inputs and result: the same for both.</param>
public sealed record ClauseOutcome(string Clause, string Payer, string Payee, Money Amount, Explanation Explanation)
{
    /// <summary>What a role owes (above zero) or receives (below zero).</summary>
    public Money For(string role) => role == Payer ? Amount : role == Payee ? -Amount : Money.Zero;
}

/// <summary>Evaluates clauses. Pure and exact: whole numbers, 128 bits between, one rounding to cents for each line.</summary>
public static class Evaluation
{
    /// <summary>What a clause of a contract comes to.</summary>
    /// <param name="clause">A clause of a template without findings.</param>
    /// <param name="values">Values without findings.</param>
    /// <param name="quantity">The form of the clause's quantity.</param>
    /// <param name="measured">What was measured.</param>
    /// <exception cref="ArgumentException">A value is missing, or the clause's index.</exception>
    /// <exception cref="OverflowException">The amount is beyond what money can hold.</exception>
    public static ClauseOutcome Of(Clause clause, TermValues values, QuantityForm quantity, Measured measured)
    {
        ArgumentNullException.ThrowIfNull(clause);
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(quantity);
        ArgumentNullException.ThrowIfNull(measured);
        var inputs = new List<KeyValuePair<string, long>>();
        var exact = Exact(clause, values, quantity, measured, inputs);
        var amount = exact.ToCents();
        inputs.Add(new("resultCents", amount.Cents));
        return new ClauseOutcome(clause.Code, clause.Payer, clause.Payee, amount, new Explanation(FormulaOf(clause), inputs));
    }

    /// <summary>What a clause comes to before the rounding.</summary>
    public static ExactAmount Exact(Clause clause, TermValues values, QuantityForm quantity, Measured measured)
    {
        ArgumentNullException.ThrowIfNull(clause);
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(quantity);
        ArgumentNullException.ThrowIfNull(measured);
        return Exact(clause, values, quantity, measured, []);
    }

    /// <summary>The formula's name: <c>rate-above</c>, <c>rate-below</c> or <c>rate-both-ways</c>, with <c>-stepped</c> where there are steps.</summary>
    public static string FormulaOf(Clause clause)
    {
        ArgumentNullException.ThrowIfNull(clause);
        var side = clause.Direction switch
        {
            ClauseDirection.Above => "rate-above",
            ClauseDirection.Below => "rate-below",
            ClauseDirection.BothWays => "rate-both-ways",
            _ => throw new ArgumentOutOfRangeException(nameof(clause), clause.Direction, "Not a direction"),
        };
        return clause.Steps.Count > 0 ? side + "-stepped" : side;
    }

    private static ExactAmount Exact(Clause clause, TermValues values, QuantityForm quantity, Measured measured, List<KeyValuePair<string, long>> inputs)
    {
        var (unit, rateUnit) = (quantity.Unit.Suffix(), Units.RateOf(quantity.Unit).Suffix());
        var value = measured.Quantity;
        inputs.Add(new("measured" + unit, value));
        inputs.Add(new("periodHours", measured.Hours));
        checked
        {
            if (clause.Basis is { } basis)
            {
                inputs.Add(new("basisMicro", values.Number(basis)));
            }

            if (clause.Reference is { } reference)
            {
                var baseline = PerPeriod(values.Number(reference), clause.ReferencePer, measured.Hours);
                value = baseline - value;
                inputs.Add(new("baseline" + unit, baseline));
                inputs.Add(new("deviation" + unit, value));
            }

            if (clause.Target is { } target && clause.When != ClauseCondition.Always)
            {
                var wanted = PerPeriod(values.Number(target), clause.TargetPer, measured.Hours);
                inputs.Add(new("target" + unit, wanted));
                if (value >= wanted != (clause.When == ClauseCondition.TargetReached))
                {
                    inputs.Add(new("applies", 0));
                    return new ExactAmount(0, 1);
                }

                inputs.Add(new("applies", 1));
            }

            var threshold = PerPeriod(values.Number(clause.Threshold), clause.ThresholdPer, measured.Hours);
            var difference = clause.Direction == ClauseDirection.Below ? threshold - value : value - threshold;
            var counted = clause.Direction == ClauseDirection.BothWays ? difference : Math.Max(0, difference);
            inputs.Add(new("threshold" + unit, threshold));
            inputs.Add(new("counted" + unit, counted));

            var sum = Stepped(clause, values, counted, unit, rateUnit, inputs);
            Int128 numerator = sum, denominator = Units.Divisor(quantity.Unit);
            if (clause.IsYearlyRate)
            {
                var periods = measured.PeriodsAYear ?? throw new ArgumentException("A rate for a year goes with periods of which a whole number makes a year", nameof(measured));
                inputs.Add(new("periodsAYear", periods));
                denominator *= periods;
            }

            if (clause.Index is { } index)
            {
                var (now, then) = (measured.Index ?? throw new ArgumentException($"The index '{index.Name}' is not known for the period", nameof(measured)), values.Number(index.Base));
                inputs.Add(new("indexMillionths", now));
                inputs.Add(new("indexBaseMillionths", then));
                (numerator, denominator) = (numerator * now, denominator * then);
            }

            return Bounded(clause, values, new ExactAmount(numerator, denominator), inputs);
        }
    }

    /// <summary>Σ rate × the part of what counts that lies in its step.</summary>
    private static Int128 Stepped(Clause clause, TermValues values, long counted, string unit, string rateUnit, List<KeyValuePair<string, long>> inputs)
    {
        var rates = new List<(long From, long Rate)> { (0, values.Number(clause.Rate)) };
        rates.AddRange(clause.Steps.Select(step => (values.Number(step.From), values.Number(step.Rate))));
        if (rates.Count == 1)
        {
            inputs.Add(new("rate" + rateUnit, rates[0].Rate));
            return checked((Int128)rates[0].Rate * counted);
        }

        Int128 sum = 0;
        for (var i = 0; i < rates.Count; i++)
        {
            var until = i + 1 < rates.Count ? rates[i + 1].From : long.MaxValue;
            var part = Math.Max(0, Math.Min(counted, until) - rates[i].From);
            var step = "step" + (i + 1).ToString(CultureInfo.InvariantCulture);
            inputs.Add(new(step + "From" + unit, rates[i].From));
            inputs.Add(new(step + "Counted" + unit, part));
            inputs.Add(new(step + "Rate" + rateUnit, rates[i].Rate));
            sum = checked(sum + ((Int128)rates[i].Rate * part));
        }

        return sum;
    }

    private static ExactAmount Bounded(Clause clause, TermValues values, ExactAmount amount, List<KeyValuePair<string, long>> inputs)
    {
        if (clause.Floor is { } floor)
        {
            var least = values.Number(floor);
            inputs.Add(new("floorMicro", least));
            if (amount.Numerator < checked(least * amount.Denominator))
            {
                amount = new ExactAmount(least, 1);
            }
        }

        if (clause.Cap is { } cap)
        {
            var most = values.Number(cap);
            inputs.Add(new("capMicro", most));
            if (amount.Numerator > checked(most * amount.Denominator))
            {
                amount = new ExactAmount(most, 1);
            }
        }

        return amount;
    }

    private static long PerPeriod(long number, PerTime per, long hours) => per == PerTime.Hour ? checked(number * hours) : number;
}
