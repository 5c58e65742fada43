using Marketplace.Data;
using Marketplace.Web.Features.Operations;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Operations;

public sealed class DueStepTests
{
    private static readonly DateTimeOffset First = new(2026, 3, 5, 0, 0, 0, TimeSpan.Zero);

    private readonly Loop _loop = new()
    {
        Slug = "loop", Name = "Loop", Kind = LoopKind.Live, Currency = "EUR", TimeZone = "UTC", FirstHour = First,
    };

    [Fact]
    public void A_market_begins_with_the_gate_of_its_first_hour() =>
        DueStep.Next(_loop, new MarketProgress(null, null, null)).ShouldBe(new DueStep(HourStepKind.Closed, First, First.AddHours(-1)));

    [Fact]
    public void A_closed_hour_is_cleared_before_anything_else() =>
        DueStep.Next(_loop, new MarketProgress(First.AddHours(1), First, null))!.ShouldBe(new DueStep(HourStepKind.Cleared, First.AddHours(1), First));

    [Fact]
    public void An_hour_that_is_over_is_settled_before_a_gate_that_closes_at_the_same_time() =>
        DueStep.Next(_loop, new MarketProgress(First.AddHours(1), First.AddHours(1), null))!.ShouldBe(new DueStep(HourStepKind.Settled, First, First.AddHours(1)));

    [Fact]
    public void What_was_missed_is_caught_up_in_the_order_in_which_it_fell_due()
    {
        var progress = new MarketProgress(null, null, null);
        var steps = new List<DueStep>();
        while (steps.Count < 12)
        {
            var step = DueStep.Next(_loop, progress)!;
            steps.Add(step);
            progress = step.Step switch
            {
                HourStepKind.Closed => progress with { Closed = step.Hour },
                HourStepKind.Cleared => progress with { Cleared = step.Hour },
                _ => progress with { Settled = step.Hour },
            };
        }

        steps.Select(step => step.DueAt).ShouldBe(steps.Select(step => step.DueAt).Order());
        steps.GroupBy(step => (step.Step, step.Hour)).ShouldAllBe(group => group.Count() == 1);
    }

    [Fact]
    public void A_market_that_has_ended_has_no_further_step()
    {
        _loop.EndsAt = First.AddHours(1);
        DueStep.Next(_loop, new MarketProgress(First, First, First)).ShouldBeNull();
        DueStep.Next(_loop, new MarketProgress(First, First, null))!.Step.ShouldBe(HourStepKind.Settled);
    }
}
