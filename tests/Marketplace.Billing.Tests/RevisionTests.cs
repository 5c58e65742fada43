using FsCheck;
using FsCheck.Fluent;
using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Billing.Tests.Examples;

namespace Marketplace.Billing.Tests;

public sealed class RevisionTests
{
    /// <summary>Billed wrongly, taken back and billed again: the documents and every account are those of a bill that was right at first.</summary>
    [Fact]
    public void ForAnyCorrection_CancelAndRebill_IsTheBillAsIfRightAtFirst()
    {
        var drawn = Gen.Choose(-2_000_000_000, 2_000_000_000).Four().ListOf(9);
        Prop.ForAll(drawn.Two().ToArbitrary(), pair => Holds(pair.Item1, pair.Item2)).QuickCheckThrowOnFailure();

        static bool Holds(IList<(int, int, int, int)> wrong, IList<(int, int, int, int)> right)
        {
            var (wrongInputs, rightInputs) = (InputsOf(wrong), InputsOf(right));
            var (wrongDocuments, rebilled) = (Invoicing.Documents(wrongInputs), Invoicing.Documents(rightInputs));
            var atFirst = Invoicing.Documents(rightInputs);
            var billed = Postings.Of(wrongDocuments, wrongInputs.Shares);

            var corrected = new Dictionary<(PostingAccount, int), long>();
            AddHours(corrected, wrongInputs);
            Add(corrected, billed);
            Add(corrected, Postings.Reversed(billed));

            // The correction itself: what the hours came to moves to what they come to now.
            AddHours(corrected, wrongInputs, sign: -1);
            AddHours(corrected, rightInputs);
            Add(corrected, Postings.Of(rebilled, rightInputs.Shares));

            var simply = new Dictionary<(PostingAccount, int), long>();
            AddHours(simply, rightInputs);
            Add(simply, Postings.Of(atFirst, rightInputs.Shares));
            foreach (var account in corrected.Keys.Union(simply.Keys))
            {
                corrected.GetValueOrDefault(account).ShouldBe(simply.GetValueOrDefault(account), account.ToString());
            }

            rebilled.Count.ShouldBe(atFirst.Count);
            return rebilled.Zip(atFirst).All(pair => Revision.Same(pair.First, pair.Second) && pair.First.TotalCents == pair.Second.TotalCents);
        }
    }

    [Fact]
    public void TheTableOfChanges_ShowsEachLineOnce_AndAddsUp()
    {
        var before = Invoicing.Documents(Inputs([Sum(7, Carrier.Heat, EnergySide.Taken, traded: 10_000, metered: 10_000, tradedMicro: 1_000_000, imbalanceMicro: 50_000, above: 1)], [new SuppliedDays(7, 1, 31)])).Single();
        var inputs = Inputs([Sum(7, Carrier.Heat, EnergySide.Taken, traded: 10_000, metered: 10_000, tradedMicro: 1_200_000), Sum(7, Carrier.Cold, EnergySide.Taken, traded: 1_000, metered: 1_000, tradedMicro: 80_000)], [new SuppliedDays(7, 1, 31)]);
        var after = Invoicing.Documents(inputs).Single();

        var changes = Revision.Compare(before.Lines, after.Lines);

        changes.Select(change => (change.Line.Kind, change.Line.Carrier, Before: change.Before?.Cents, After: change.After?.Cents, change.IsChanged)).ShouldBe(
        [
            (BillLineKind.Energy, Carrier.Heat, 100, 120, true),
            (BillLineKind.Energy, Carrier.Cold, null, 8, true),
            (BillLineKind.StandingCharge, null, 775, 775, false),
            (BillLineKind.Imbalance, Carrier.Heat, 5, null, true),
        ]);
        changes.Sum(change => change.Cents).ShouldBe(after.NetCents - before.NetCents);
        Revision.Same(before, before).ShouldBeTrue();
        Revision.Same(before, after).ShouldBeFalse();
    }

    [Fact]
    public void ACreditNote_SaysWhatItTakesBack()
    {
        var bill = Invoicing.Documents(Inputs([Sum(7, Carrier.Heat, EnergySide.Taken, traded: 1, metered: 1, tradedMicro: 100_000)])).Single();
        var header = new BillHeader("demo", "DEMO-2026-000002", "m-07", new Quantities.Interval(October, November), "EUR", November, new DateOnly(2026, 11, 15))
        {
            Kind = DocumentKind.CreditNote, Corrects = "DEMO-2026-000001", FactsSha256 = "ab",
        };

        var text = BillRecord.Text(header, bill);

        text.ShouldContain("\nrole consumer\nkind credit-note\ncorrects DEMO-2026-000001\nperiod ");
        text.ShouldEndWith("\nfacts ab\ntotal 12\n");
    }

    private static BillingInputs InputsOf(IList<(int, int, int, int)> drawn) => Inputs(
        [.. drawn.Select((draw, i) => Sum(i % 3, Carriers.All[i / 2 % 3], (EnergySide)(1 + (i % 2)), i % 4 == 2 ? "pv" : "",
            traded: draw.Item4, metered: draw.Item4, tradedMicro: draw.Item1, imbalanceMicro: draw.Item2, feeMicro: draw.Item3))],
        [new SuppliedDays(0, 1, 1 + (Math.Abs(drawn[0].Item1 % 30)))],
        [new RevenueShare("pv", Owner: 0, Investor: 8, 100_000, Money.FromCents(1000), Money.FromCents(1 + Math.Abs(drawn[1].Item1 % 5000)))]) with
    {
        Stated =
        [
            new StatedCharge(1, BillLineKind.ContractClause, "Saving", new Money(drawn[2].Item1), "rate × saving"),
            new StatedCharge(2, BillLineKind.ContractClause, "Saving", new Money(-drawn[2].Item1), "rate × saving"),
            new StatedCharge(0, BillLineKind.TemperatureCompensation, "", new Money(-Math.Abs((long)drawn[2].Item2)), "hours × rate"),
        ],
        Tariffs = [Tariff() with { Levies = [new Levy("Electricity tax", Carrier.Electricity, new Price(20_500))] }],
    };

    private static void AddHours(Dictionary<(PostingAccount, int), long> balances, BillingInputs inputs, int sign = 1)
    {
        foreach (var sum in inputs.Positions)
        {
            balances[(PostingAccount.Unbilled, sum.Member)] = balances.GetValueOrDefault((PostingAccount.Unbilled, sum.Member)) + (sign * sum.Total.Micro);
        }
    }

    private static void Add(Dictionary<(PostingAccount, int), long> balances, IReadOnlyList<Posting> postings)
    {
        foreach (var posting in postings)
        {
            balances[(posting.Debit, posting.DebitMember)] = balances.GetValueOrDefault((posting.Debit, posting.DebitMember)) + posting.Amount.Micro;
            balances[(posting.Credit, posting.CreditMember)] = balances.GetValueOrDefault((posting.Credit, posting.CreditMember)) - posting.Amount.Micro;
        }
    }
}
