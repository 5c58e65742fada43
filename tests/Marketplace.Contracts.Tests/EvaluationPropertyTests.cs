using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Contracts.Tests;

/// <summary>What must hold for every clause and every quantity. Each failure names its seed.</summary>
public sealed class EvaluationPropertyTests
{
    private const int Cases = 2_000;

    private static readonly TermValues NoValues = new(new Dictionary<string, string>());

    [Fact]
    public void Amounts_of_split_periods_add_up_exactly_where_it_is_promised()
    {
        var promised = 0;
        for (var seed = 0; seed < Cases; seed++)
        {
            var (clause, form, random) = RandomClause.Of(seed);
            if (!clause.AddsUp(form))
            {
                continue;
            }

            promised++;
            var parts = Enumerable.Range(0, random.Next(2, 6)).Select(_ => new Measured(random.NextInt64(form.NeverNegative ? 0 : -1_000_000, 1_000_000_000), random.Next(1, 400))).ToList();
            var whole = Evaluation.Exact(clause, NoValues, form, new Measured(parts.Sum(part => part.Quantity), parts.Sum(part => part.Hours)));
            var amounts = parts.Select(part => Evaluation.Exact(clause, NoValues, form, part)).ToList();
            amounts.ShouldAllBe(amount => amount.Denominator == whole.Denominator);
            amounts.Aggregate((Int128)0, (sum, amount) => sum + amount.Numerator).ShouldBe(whole.Numerator, $"seed {seed}");
        }

        promised.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void Rounded_amounts_of_split_periods_differ_by_less_than_a_cent_for_each_part()
    {
        for (var seed = 0; seed < Cases; seed++)
        {
            var (clause, form, random) = RandomClause.Of(seed);
            if (!clause.AddsUp(form))
            {
                continue;
            }

            var parts = Enumerable.Range(0, 4).Select(_ => new Measured(random.NextInt64(0, 1_000_000_000), random.Next(1, 400))).ToList();
            var whole = Evaluation.Of(clause, NoValues, form, new Measured(parts.Sum(part => part.Quantity), parts.Sum(part => part.Hours))).Amount;
            var sum = parts.Aggregate(Money.Zero, (total, part) => total + Evaluation.Of(clause, NoValues, form, part).Amount);
            Math.Abs((sum - whole).Cents).ShouldBeLessThan(parts.Count, $"seed {seed}");
        }
    }

    [Fact]
    public void Swapping_payer_and_payee_negates_what_each_owes()
    {
        for (var seed = 0; seed < Cases; seed++)
        {
            var (clause, form, random) = RandomClause.Of(seed);
            var measured = RandomClause.Measured(random, form, clause);
            var (one, other) = (Evaluation.Of(clause, NoValues, form, measured), Evaluation.Of(clause with { Payer = clause.Payee, Payee = clause.Payer }, NoValues, form, measured));
            one.For("a").ShouldBe(-other.For("a"), $"seed {seed}");
            one.For("b").ShouldBe(-other.For("b"), $"seed {seed}");
            (one.For("a") + one.For("b")).ShouldBe(Money.Zero, $"seed {seed}");
        }
    }

    [Fact]
    public void More_of_the_quantity_never_moves_the_amount_the_wrong_way()
    {
        for (var seed = 0; seed < Cases; seed++)
        {
            var (clause, form, random) = RandomClause.Of(seed);
            if (clause.When != ClauseCondition.Always)
            {
                continue;
            }

            var less = RandomClause.Measured(random, form, clause);
            var more = less with { Quantity = less.Quantity + random.NextInt64(0, 100_000_000) };
            var grew = Evaluation.Of(clause, NoValues, form, more).Amount.CompareTo(Evaluation.Of(clause, NoValues, form, less).Amount);
            var rises = clause.Direction != ClauseDirection.Below == (clause.Reference is null);
            (rises ? grew >= 0 : grew <= 0).ShouldBeTrue($"seed {seed}");
        }
    }

    [Fact]
    public void Cap_and_floor_are_never_passed()
    {
        for (var seed = 0; seed < Cases; seed++)
        {
            var (clause, form, random) = RandomClause.Of(seed);
            var amount = Evaluation.Of(clause, NoValues, form, RandomClause.Measured(random, form, clause)).Amount;
            if (clause.Cap is { } cap)
            {
                amount.Cents.ShouldBeLessThanOrEqualTo(new Money(cap.Number).Cents, $"seed {seed}");
            }

            if (clause is { Floor: { } floor, When: ClauseCondition.Always })
            {
                amount.Cents.ShouldBeGreaterThanOrEqualTo(new Money(floor.Number).Cents, $"seed {seed}");
            }

            if (clause is { Direction: not ClauseDirection.BothWays, Floor: null })
            {
                amount.ShouldBeGreaterThanOrEqualTo(Money.Zero, $"seed {seed}");
            }
        }
    }

    [Fact]
    public void The_explanation_leads_to_the_amount_again()
    {
        for (var seed = 0; seed < Cases; seed++)
        {
            var (clause, form, random) = RandomClause.Of(seed);
            var outcome = Evaluation.Of(clause, NoValues, form, RandomClause.Measured(random, form, clause));
            Explained(outcome.Explanation, form).ShouldBe(outcome.Amount.Cents, $"seed {seed}");
        }
    }

    /// <summary>The naive twin: what a reader of the explanation computes, with no access to clause or values.</summary>
    private static long Explained(Explanation explanation, QuantityForm form)
    {
        var inputs = explanation.Inputs.ToDictionary(input => input.Key, input => (Int128)input.Value);
        if (inputs.TryGetValue("applies", out var applies) && applies == 0)
        {
            return 0;
        }

        var rate = "Rate" + Units.RateOf(form.Unit).Suffix();
        var sum = inputs.TryGetValue("rate" + Units.RateOf(form.Unit).Suffix(), out var single)
            ? single * inputs["counted" + form.Unit.Suffix()]
            : inputs.Keys.Where(key => key.StartsWith("step", StringComparison.Ordinal) && key.EndsWith(rate, StringComparison.Ordinal))
                .Aggregate((Int128)0, (total, key) => total + (inputs[key] * inputs[key[..^rate.Length] + "Counted" + form.Unit.Suffix()]));
        Int128 divisor = Units.Divisor(form.Unit);
        if (inputs.TryGetValue("indexMillionths", out var index))
        {
            (sum, divisor) = (sum * index, divisor * inputs["indexBaseMillionths"]);
        }

        if (inputs.TryGetValue("periodsAYear", out var periods))
        {
            divisor *= periods;
        }

        if (inputs.TryGetValue("floorMicro", out var floor) && sum < floor * divisor)
        {
            (sum, divisor) = (floor, 1);
        }

        if (inputs.TryGetValue("capMicro", out var cap) && sum > cap * divisor)
        {
            (sum, divisor) = (cap, 1);
        }

        return Rounding.DivideAwayFromZero(sum, divisor * 10_000);
    }
}

/// <summary>Seeded clauses of every shape.</summary>
internal static class RandomClause
{
    public static (Clause Clause, QuantityForm Form, Random Random) Of(int seed)
    {
        var random = new Random(seed);
        var form = Samples.All[random.Next(Samples.All.Count)];
        var plain = random.Next(3) == 0;
        var direction = (ClauseDirection)random.Next(1, 4);
        var when = plain ? ClauseCondition.Always : (ClauseCondition)random.Next(3);
        var (floor, cap) = (random.NextInt64(-5_000_000, 5_000_000), random.NextInt64(5_000_000, 900_000_000));
        var from = 0L;
        return (new Clause
        {
            Code = "c", Quantity = form.Name, Of = "a", Payer = "a", Payee = "b", Vat = ClauseVat.Standard, Direction = direction,
            Reference = form.NeedsReference ? Term.Of(random.NextInt64(0, 2_000_000)) : null, ReferencePer = plain ? PerTime.Hour : (PerTime)random.Next(1, 3),
            Threshold = random.Next(2) == 0 ? default : Term.Of(random.NextInt64(0, 3_000_000)), ThresholdPer = plain ? PerTime.Hour : (PerTime)random.Next(1, 3),
            When = when, Target = when == ClauseCondition.Always ? null : Term.Of(random.NextInt64(0, 500_000_000)), TargetPer = (PerTime)random.Next(1, 3),
            Rate = Term.Of(random.NextInt64(0, 400_000)), IsYearlyRate = !plain && random.Next(4) == 0,
            Steps = plain || direction == ClauseDirection.BothWays ? [] : [.. Enumerable.Range(0, random.Next(4)).Select(_ => new RateStep(Term.Of(from += random.NextInt64(1, 50_000_000)), Term.Of(random.NextInt64(0, 400_000))))],
            Floor = !plain && random.Next(3) == 0 ? Term.Of(floor) : null, Cap = !plain && random.Next(3) == 0 ? Term.Of(cap) : null,
            Index = !plain && random.Next(4) == 0 ? new Indexation("import-price", Term.Of(random.NextInt64(1, 300_000))) : null,
        }, form, random);
    }

    public static Measured Measured(Random random, QuantityForm form, Clause clause) => new(
        random.NextInt64(form.NeverNegative ? 0 : -100_000_000, 1_000_000_000), random.Next(1, 745), clause.Index is null ? null : random.NextInt64(1, 300_000)) { PeriodsAYear = clause.IsYearlyRate ? 12 : null };
}
