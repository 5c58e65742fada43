using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Contracts.Tests;

/// <summary>Repayments add up to what was lent, to the cent, whatever becomes of the contract.</summary>
public sealed class LoanScheduleTests
{
    private static readonly QuantityForm Outstanding = new("loan-outstanding", Unit.Money) { NeverNegative = true, NeedsBasis = true };

    [Fact]
    public void Repayments_add_up_to_the_principal_and_differ_by_at_most_a_cent()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var (principal, periods) = (Money.FromCents(random.NextInt64(1, 100_000_000)), random.Next(1, 361));
            LoanTerms[] terms = [new(principal, 0, periods, periods)];
            var parts = Enumerable.Range(0, periods).Select(period => LoanSchedule.At(terms, period)).ToList();
            parts.Aggregate(Money.Zero, (sum, part) => sum + part.Due).ShouldBe(principal, $"seed {seed}");
            (parts.Max(part => part.Due.Cents) - parts.Min(part => part.Due.Cents)).ShouldBeLessThanOrEqualTo(1, $"seed {seed}");
            RequireChain(parts, principal, seed);
            LoanSchedule.At(terms, periods).ShouldBe(LoanPart.None);
        }
    }

    [Fact]
    public void New_terms_and_an_early_end_change_no_period_before_them_and_leave_nothing_owed()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var (principal, agreed) = (Money.FromCents(random.NextInt64(1, 100_000_000)), random.Next(2, 120));
            var change = random.Next(1, agreed);
            var newAgreed = change + random.Next(1, 120);
            var end = change + random.Next(1, newAgreed - change + 1);
            LoanTerms[] former = [new(principal, 0, agreed, agreed)];
            LoanTerms[] terms = [new(principal, 0, agreed, change), new(principal, change, newAgreed, end)];
            var parts = Enumerable.Range(0, end).Select(period => LoanSchedule.At(terms, period)).ToList();
            parts.Take(change).ShouldBe(Enumerable.Range(0, change).Select(period => LoanSchedule.At(former, period)), $"seed {seed}");
            parts.Aggregate(Money.Zero, (sum, part) => sum + part.Due).ShouldBe(principal, $"seed {seed}");
            RequireChain(parts, principal, seed);
        }
    }

    [Fact]
    public void Interest_is_for_what_is_owed_and_for_a_part_of_the_year()
    {
        // 1,000.00 at 3 % over four months: 250.00 each; a twelfth of 30.00, 22.50, 15.00 and 7.50.
        var clause = new Clause
        {
            Code = "interest", Quantity = Outstanding.Name, Of = "a", Basis = Term.Of(1_000_000_000), Rate = Term.Of(30_000), IsYearlyRate = true, Payer = "a", Payee = "b", Vat = ClauseVat.Exempt,
        };
        LoanTerms[] terms = [new(Money.FromCents(100_000), 0, 4, 4)];
        var interest = Enumerable.Range(0, 4).Select(period => Evaluation.Of(
            clause, new TermValues(new Dictionary<string, string>()), Outstanding, new Measured(LoanSchedule.At(terms, period).Outstanding.Micro, 720) { PeriodsAYear = 12 })).ToList();
        interest.Select(outcome => outcome.Amount.Cents).ShouldBe([250L, 188, 125, 63]);
        interest[1].Explanation.Inputs.ShouldContain(new KeyValuePair<string, long>("periodsAYear", 12));
        interest[1].Explanation.Inputs.ShouldContain(new KeyValuePair<string, long>("basisMicro", 1_000_000_000));
        Should.Throw<ArgumentException>(() => Evaluation.Of(clause, new TermValues(new Dictionary<string, string>()), Outstanding, new Measured(1, 720)));
    }

    [Fact]
    public void A_clause_about_a_loan_names_what_was_lent_and_a_yearly_rate_goes_with_months_and_years()
    {
        var forms = Samples.Quantities.Append(new(Outstanding.Name, Outstanding)).ToDictionary();
        var template = Samples.WithClause(clause => clause with { Quantity = Outstanding.Name, Reference = null, When = default, Target = null, Rate = Term.Of(1), IsYearlyRate = true });
        TemplateCheck.Of(template, forms, [], ["en"]).Select(finding => finding.Rule).ShouldBe(["clause-basis"]);
        var whole = template with { Clauses = [template.Clauses[0] with { Basis = Term.Of(1) }, .. template.Clauses.Skip(1)] };
        TemplateCheck.Of(whole, forms, [], ["en"]).ShouldBeEmpty();
        TemplateCheck.Of(whole with { Period = ContractPeriod.Week }, forms, [], ["en"]).Select(finding => finding.Rule).ShouldBe(["rate-year"]);
    }

    private static void RequireChain(List<LoanPart> parts, Money principal, int seed)
    {
        var owed = principal;
        foreach (var part in parts)
        {
            part.Outstanding.ShouldBe(owed, $"seed {seed}");
            part.Due.ShouldBeGreaterThanOrEqualTo(Money.Zero, $"seed {seed}");
            owed -= part.Due;
        }

        owed.ShouldBe(Money.Zero, $"seed {seed}");
    }
}
