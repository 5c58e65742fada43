using Marketplace.Quantities;

namespace Marketplace.Contracts;

/// <summary>The terms of a loan while one version of a contract holds. Periods are counted from the contract's first, which is 0.</summary>
/// <param name="Principal">What was lent in all, in whole cents.</param>
/// <param name="Begins">The first period in which the terms hold.</param>
/// <param name="AgreedEnd">The first period after the end that was agreed on: by then it is repaid.</param>
/// <param name="Ends">The first period in which they hold no more: where other terms came, or notice was given, before the agreed end.</param>
public sealed record LoanTerms(Money Principal, int Begins, int AgreedEnd, int Ends);

/// <summary>What is owed at the start of a period, and what of it is due with the period.</summary>
public sealed record LoanPart(Money Outstanding, Money Due)
{
    /// <summary>Nothing is owed.</summary>
    public static LoanPart None { get; } = new(Money.Zero, Money.Zero);
}

/// <summary>Equal repayments of a loan, exact to the cent: what is repaid by the end of a period is principal × periods ÷ all periods, rounded to cents, and a repayment is the difference of
/// two of these. So the repayments differ by at most a cent and add up to the principal. Where the contract ends early, what is still owed is due with its last period.</summary>
public static class LoanSchedule
{
    /// <summary>What is lent in whole cents: as the clause that pays it out rounds it.</summary>
    public static Money PrincipalOf(long micro) => new ExactAmount(micro, 1).ToCents();

    /// <summary>What is repaid of a principal by the end of a number of its periods.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no period.</exception>
    public static Money RepaidBy(Money principal, int periods, int done)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(periods, 1);
        return done <= 0 ? Money.Zero : done >= periods ? principal : Money.FromCents(Rounding.DivideAwayFromZero((Int128)principal.Cents * done, periods));
    }

    /// <summary>The part of a loan that belongs to a period. Periods before it are as their terms said: new terms and notices change none of them.</summary>
    /// <param name="versions">The terms in the order in which they hold, none beside another.</param>
    /// <param name="period">The period, counted from the contract's first.</param>
    public static LoanPart At(IReadOnlyList<LoanTerms> versions, int period)
    {
        ArgumentNullException.ThrowIfNull(versions);
        var held = versions.Where(terms => terms.Ends > terms.Begins).ToList();
        var repaid = Money.Zero;
        foreach (var terms in held.Where(terms => terms.Begins <= period))
        {
            var owed = terms.Principal > repaid ? terms.Principal - repaid : Money.Zero;
            var periods = Math.Max(1, terms.AgreedEnd - terms.Begins);
            var before = RepaidBy(owed, periods, Math.Min(terms.Ends, period) - terms.Begins);
            if (period < terms.Ends)
            {
                var outstanding = owed - before;
                return new LoanPart(outstanding, period + 1 == held[^1].Ends ? outstanding : RepaidBy(owed, periods, period + 1 - terms.Begins) - before);
            }

            repaid += before;
        }

        return LoanPart.None;
    }
}
