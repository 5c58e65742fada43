using System.Text;
using System.Text.RegularExpressions;
using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests.Mechanisms;

/// <summary>What holds for any mix of mechanisms in one book.</summary>
public sealed class ClearingTests
{
    private static void ForAll(Action<OrderBook, ClearingResult> holds, int count = 400)
    {
        for (var seed = 0; seed < count; seed++)
        {
            var book = new RandomMechanisms(seed).Next();
            var result = Clearing.Run(book, Solver);
            try
            {
                holds(book, result);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }
    }

    [Fact]
    public void Every_result_passes_its_check() => ForAll((book, result) =>
    {
        Clearing.Check(book, result).Findings.ShouldBeEmpty();
        result.Checks.Hold.ShouldBeTrue();
    });

    [Fact]
    public void Books_and_results_read_back_as_they_were_written() => ForAll((book, result) =>
    {
        var again = OrderBookJson.Read(OrderBookJson.Write(book));
        OrderBookJson.Write(again).ShouldBe(OrderBookJson.Write(book));
        var json = ClearingResultJson.Write(book, result);
        ClearingResultJson.Write(again, Clearing.Run(again, Solver)).ShouldBe(json);
        Clearing.Check(again, ClearingResultJson.Read(json, again)).Findings.ShouldBeEmpty();
    });

    [Fact]
    public void Energy_is_conserved_and_nothing_runs_at_a_node_that_is_cleared_by_itself() => ForAll((book, result) =>
    {
        foreach (var (n, node) in book.Nodes.Index())
        {
            var orders = book.Orders.Index().Where(o => o.Item.Node == node).Sum(o => o.Item.Side == Side.Sell ? result.Accepted[o.Index].WattHours : -result.Accepted[o.Index].WattHours);
            var flows = result.Flows.Where(f => f.Node == node).Sum(f => f.Energy.WattHours);
            (orders + flows).ShouldBe(0);
            (book.MechanismOf(n) == Mechanism.Coupled || flows == 0).ShouldBeTrue();
        }
    });

    [Fact]
    public void A_node_cleared_by_itself_gives_up_no_more_than_all_welfare() => ForAll((_, result) =>
        result.WelfareGivenUp.OfType<Money>().ShouldAllBe(m => m >= Money.Zero));

    [Fact]
    public void Whatever_numbers_a_result_has_the_check_answers_and_does_not_crash() => ForAll((book, result) =>
    {
        var random = new Random(book.Orders.Count);
        var json = Encoding.UTF8.GetString(ClearingResultJson.Write(book, result));
        foreach (var wrong in new[] { "9223372036854775807", "-9223372036854775808", "1000000000000000", "-1000000000000000", "-1", "1" })
        {
            var numbers = Regex.Matches(json, "(?<=[:\\[,])-?[0-9]+(?=[,\\]}])");
            for (var i = 0; i < 12; i++)
            {
                var number = numbers[random.Next(numbers.Count)];
                var tampered = json[..number.Index] + wrong + json[(number.Index + number.Length)..];
                try
                {
                    _ = Clearing.Check(book, ClearingResultJson.Read(Encoding.UTF8.GetBytes(tampered), book));
                }
                catch (OrderBookException)
                {
                    // Refused as no result at all.
                }
            }
        }
    }, count: 60);

    [Fact]
    public void A_coupled_book_keeps_its_bytes()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var book = new RandomMarket(seed).Next();
            var (run, auction) = (Clearing.Run(book, Solver), CoupledAuction.Clear(book, Solver));
            ClearingResultJson.Write(book, run).ShouldBe(ClearingResultJson.Write(book, auction));
            var text = Encoding.UTF8.GetString(OrderBookJson.Write(book)) + Encoding.UTF8.GetString(ClearingResultJson.Write(book, run));
            foreach (var added in new[] { "mechanism", "origin", "standing", "rounds", "trades", "welfareGivenUp" })
            {
                text.ShouldNotContain(added);
            }
        }
    }

    [Fact]
    public void One_price_at_one_node_is_that_of_the_coupled_auction()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var bounded = new RandomMechanisms(seed).Next(Mechanism.Uniform);
            var book = new OrderBook(bounded.Hour, bounded.Nodes, bounded.Orders, [], [], mechanisms: [Mechanism.Uniform]);
            var (run, auction) = (Clearing.Run(book, Solver), CoupledAuction.Clear(book, Solver));
            run.Prices.ShouldBe(auction.Prices);
            run.Accepted.ShouldBe(auction.Accepted);
            run.Welfare.ShouldBe(auction.Welfare);
        }
    }
}
