using FsCheck;
using FsCheck.Fluent;
using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Billing.Tests.Examples;

namespace Marketplace.Billing.Tests;

public sealed class PostingTests
{
    [Fact]
    public void ABill_EmptiesTheUnbilledAccount_AndRaisesTheReceivableByItsTotal()
    {
        var inputs = Inputs([Sum(7, Carrier.Heat, EnergySide.Taken, traded: 1, metered: 1, tradedMicro: 37_123_456)], [new SuppliedDays(7, 1, 31)]);
        var documents = Invoicing.Documents(inputs);

        Postings.Of(documents, []).Select(posting => (posting.Kind, posting.Debit, posting.Credit, posting.Amount.Micro)).ShouldBe(
        [
            (PostingKind.StandingCharge, PostingAccount.Unbilled, PostingAccount.StandingCharges, 7_750_000),
            (PostingKind.Bill, PostingAccount.Receivable, PostingAccount.Unbilled, 44_873_456),
            (PostingKind.Vat, PostingAccount.Receivable, PostingAccount.Vat, 8_530_000), // 44.87 × 0.19 = 8.5253
            (PostingKind.Rounding, PostingAccount.Rounding, PostingAccount.Receivable, 3_456),
        ]);
    }

    [Fact]
    public void ForAnySums_NothingStaysUnbilled_AndReceivablesAreTheTotals()
    {
        var sums = Gen.Choose(-2_000_000_000, 2_000_000_000).Four().ListOf(12);
        Prop.ForAll(sums.ToArbitrary(), Holds).QuickCheckThrowOnFailure();

        static bool Holds(IList<(int, int, int, int)> drawn)
        {
            var positions = drawn.Select((draw, i) => Sum(i % 3, Carriers.All[i / 2 % 3], (EnergySide)(1 + (i % 2)), i % 4 == 3 ? "tank" : i % 4 == 2 ? "pv" : "",
                traded: draw.Item4, metered: draw.Item4, tradedMicro: draw.Item1, imbalanceMicro: draw.Item2, feeMicro: draw.Item3)).ToList();
            var days = positions.Where(sum => sum.Plant.Length == 0 && sum.Side == EnergySide.Taken).DistinctBy(sum => sum.Member).Select(sum => new SuppliedDays(sum.Member, 1, 30)).ToList();
            RevenueShare[] shares =
            [
                new("pv", Owner: 0, Investor: 8, 100_000, Money.FromCents(1000), Money.FromCents(100)),
                new("tank", Owner: 0, Investor: 8, 100_000, Money.FromCents(1000), Money.FromCents(100)),
                new("pv", Owner: 0, Investor: 2, 333_333, Money.FromCents(1000), Money.FromCents(333)),
            ];
            var documents = Invoicing.Documents(Inputs(positions, days, shares, stores: "tank"));
            var postings = Postings.Of(documents, shares);

            var balances = new Dictionary<(PostingAccount, int), long>();
            foreach (var sum in positions)
            {
                Add(PostingAccount.Unbilled, sum.Member, sum.Total.Micro);
            }

            foreach (var posting in postings)
            {
                posting.Amount.ShouldBeGreaterThan(Money.Zero);
                Add(posting.Debit, posting.DebitMember, posting.Amount.Micro);
                Add(posting.Credit, posting.CreditMember, -posting.Amount.Micro);
            }

            foreach (var ((account, member), balance) in balances)
            {
                var expected = account switch
                {
                    PostingAccount.Unbilled => 0,
                    PostingAccount.Receivable => documents.Where(document => document.Member == member).Sum(document => document.TotalCents) * Money.MicroPerCent,
                    _ => balance,
                };
                balance.ShouldBe(expected, $"{account} of {member}");
            }

            return true;

            void Add(PostingAccount account, int member, long micro) =>
                balances[(account, member)] = balances.GetValueOrDefault((account, member)) + micro;
        }
    }
}
