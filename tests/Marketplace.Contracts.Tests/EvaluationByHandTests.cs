using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Contracts.Tests;

/// <summary>Clauses computed with pencil and paper.</summary>
public sealed class EvaluationByHandTests
{
    private static readonly Template Performance = Samples.EnergyPerformance();

    private static (Money Fee, Money Penalty) Month(long meteredKWh)
    {
        var outcomes = Performance.Clauses
            .Select(clause => Evaluation.Of(clause, TermValues.DefaultsOf(Performance), Samples.Saving, new Measured(meteredKWh * 1000, 720))).ToList();
        return (outcomes[0].Amount, outcomes[1].Amount);
    }

    [Fact]
    public void The_contractor_earns_the_fee_on_all_that_is_saved_once_the_guarantee_is_met()
    {
        // 120,000 − 96,000 = 24,000 kWh saved, above the 20,000 guaranteed: 24,000 × 5 ct = 1,200.00. Nothing is missing.
        Month(96_000).ShouldBe((Money.FromCents(120_000), Money.Zero));

        // Exactly the guarantee counts as met: 20,000 × 5 ct = 1,000.00.
        Month(100_000).ShouldBe((Money.FromCents(100_000), Money.Zero));
    }

    [Fact]
    public void The_contractor_pays_for_what_is_missing_and_earns_nothing_where_the_guarantee_is_missed()
    {
        // 120,000 − 105,500 = 14,500 kWh saved, 5,500 missing: 5,500 × 8 ct = 440.00.
        Month(105_500).ShouldBe((Money.Zero, Money.FromCents(44_000)));

        // More used than before: −3,000 kWh saved, 23,000 missing: 1,840.00.
        Month(123_000).ShouldBe((Money.Zero, Money.FromCents(184_000)));
    }

    [Fact]
    public void The_explanation_names_every_step_from_the_reading_to_the_cent()
    {
        var outcome = Evaluation.Of(Performance.Clauses[1], TermValues.DefaultsOf(Performance), Samples.Saving, new Measured(105_500_000, 720));
        outcome.Explanation.Formula.ShouldBe("rate-below");
        outcome.Explanation.Inputs.ShouldBe(
        [
            new("measuredWh", 105_500_000), new("periodHours", 720), new("baselineWh", 120_000_000), new("deviationWh", 14_500_000), new("thresholdWh", 20_000_000),
            new("countedWh", 5_500_000), new("rateMicroPerKWh", 80_000), new("resultCents", 44_000),
        ]);
        outcome.For("contractor").ShouldBe(Money.FromCents(44_000));
        outcome.For("customer").ShouldBe(Money.FromCents(-44_000));
        outcome.For("somebody").ShouldBe(Money.Zero);
    }

    [Fact]
    public void Each_step_has_its_own_rate()
    {
        // 60 kWh above 40: the first 10 at 1 ct, the next 20 at 2 ct, the other 30 at 3 ct: 10 + 40 + 90 = 140 ct.
        var clause = Clause() with { Threshold = Term.Of(40_000), Rate = Term.Of(10_000), Steps = [new RateStep(Term.Of(10_000), Term.Of(20_000)), new RateStep(Term.Of(30_000), Term.Of(30_000))] };
        Of(clause, Samples.Metered, 100_000).Amount.ShouldBe(Money.FromCents(140));
        Of(clause, Samples.Metered, 45_000).Amount.ShouldBe(Money.FromCents(5));
        Of(clause, Samples.Metered, 39_000).Amount.ShouldBe(Money.Zero);
    }

    [Fact]
    public void Cap_and_floor_hold_the_amount_of_a_period()
    {
        var clause = Clause() with { Rate = Term.Of(100_000), Floor = Term.Of(2_000_000), Cap = Term.Of(5_000_000) };
        Of(clause, Samples.Metered, 1_000).Amount.ShouldBe(Money.FromCents(200));
        Of(clause, Samples.Metered, 30_000).Amount.ShouldBe(Money.FromCents(300));
        Of(clause, Samples.Metered, 90_000).Amount.ShouldBe(Money.FromCents(500));
    }

    [Fact]
    public void A_clause_that_does_not_apply_has_no_floor() =>
        Of(Clause() with { Rate = Term.Of(1), Floor = Term.Of(2_000_000), When = ClauseCondition.TargetReached, Target = Term.Of(500) }, Samples.Metered, 499).Amount.ShouldBe(Money.Zero);

    [Fact]
    public void A_threshold_for_each_hour_follows_the_length_of_the_month()
    {
        // 2 kW agreed: 1,486 kWh in the 743 hours of a March, 1,488 kWh in 744.
        var clause = Clause() with { Threshold = Term.Of(2_000), ThresholdPer = PerTime.Hour, Direction = ClauseDirection.Below, Rate = Term.Of(100_000) };
        Of(clause, Samples.Metered, 1_480_000, 743).Amount.ShouldBe(Money.FromCents(60));
        Of(clause, Samples.Metered, 1_480_000, 744).Amount.ShouldBe(Money.FromCents(80));
    }

    [Fact]
    public void Each_unit_has_its_rate()
    {
        // 12 kW above a limit of 50 kW, 3.50 a kW.
        Of(Clause() with { Threshold = Term.Of(50_000), Rate = Term.Of(3_500_000) }, Samples.Peak, 62_000).Amount.ShouldBe(Money.FromCents(4_200));

        // 7 hours at 1.25.
        Of(Clause() with { Rate = Term.Of(1_250_000) }, Samples.Hours, 7).Amount.ShouldBe(Money.FromCents(875));

        // 1.5 points below 97 %, 20.00 a point.
        Of(Clause() with { Threshold = Term.Of(970_000), Direction = ClauseDirection.Below, Rate = Term.Of(20_000_000) }, Samples.Availability, 955_000).Amount.ShouldBe(Money.FromCents(3_000));

        // 30 % of 1,234.56.
        Of(Clause() with { Rate = Term.Of(300_000) }, Samples.Revenue, 1_234_560_000).Amount.ShouldBe(Money.FromCents(37_037));

        // 49.90 a period.
        Of(Clause() with { Rate = Term.Of(49_900_000) }, Samples.Period, 1).Amount.ShouldBe(Money.FromCents(4_990));
    }

    [Fact]
    public void An_index_scales_the_rate()
    {
        // 100 kWh × 10 ct × 126 ÷ 120 = 10.50.
        var clause = Clause() with { Rate = Term.Of(100_000), Index = new Indexation("import-price", Term.Of(120_000_000)) };
        Evaluation.Of(clause, new TermValues(new Dictionary<string, string>()), Samples.Metered, new Measured(100_000, 720, 126_000_000)).Amount.ShouldBe(Money.FromCents(1_050));
        Should.Throw<ArgumentException>(() => Of(clause, Samples.Metered, 100_000));
    }

    [Fact]
    public void Halves_of_a_cent_go_away_from_zero_and_only_once()
    {
        var clause = Clause() with { Direction = ClauseDirection.BothWays, Rate = Term.Of(5_000) };
        Of(clause, Samples.Metered, 1_000).Amount.ShouldBe(Money.FromCents(1));
        Of(clause with { Threshold = Term.Of(2_000) }, Samples.Metered, 1_000).Amount.ShouldBe(Money.FromCents(-1));

        // 3 × 0.4999 ct: each alone rounds to nothing, the sum does not.
        Of(clause with { Rate = Term.Of(4_999) }, Samples.Metered, 3_000).Amount.ShouldBe(Money.FromCents(1));
    }

    [Fact]
    public void What_money_cannot_hold_is_refused_not_wrapped() =>
        Should.Throw<OverflowException>(() => Of(Clause() with { Rate = Term.Of(long.MaxValue) }, Samples.Period, long.MaxValue));

    private static Clause Clause() => new() { Code = "c", Quantity = "q", Of = "a", Payer = "a", Payee = "b", Rate = Term.Of(1), Vat = ClauseVat.Standard };

    private static ClauseOutcome Of(Clause clause, QuantityForm form, long quantity, long hours = 720) =>
        Evaluation.Of(clause, new TermValues(new Dictionary<string, string>()), form, new Measured(quantity, hours));
}
