using Marketplace.Quantities;
using Marketplace.Web.Features.Prices;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Prices;

public sealed class PublicCurveTests
{
    [Fact]
    public void Each_step_holds_at_least_five_members_and_no_energy_is_lost()
    {
        var entries = Enumerable.Range(1, 12).Select(n => Entry(member: n, wattHours: 100 * n, micro: 10_000 * n)).ToList();

        var steps = PublicCurve.Merge(entries, 5);

        steps.Count.ShouldBe(2);
        steps[0].Quantity.ShouldBe(Energy.FromWh(100 + 200 + 300 + 400 + 500));
        steps.Sum(step => step.Quantity.WattHours).ShouldBe(entries.Sum(entry => entry.Quantity.WattHours));
    }

    [Fact]
    public void Many_orders_of_one_member_count_once()
    {
        var entries = Enumerable.Range(0, 20).Select(n => Entry(member: n % 4, wattHours: 100, micro: n));

        PublicCurve.Merge(entries, 5).ShouldBeEmpty();
    }

    [Fact]
    public void A_step_shows_the_average_limit_weighted_by_energy()
    {
        CurveEntry[] entries = [Entry(1, 1_000, 10), Entry(2, 1_000, 20), Entry(3, 1_000, 30), Entry(4, 1_000, 40), Entry(5, 6_000, 50)];

        PublicCurve.Merge(entries, 5).ShouldHaveSingleItem().Limit.ShouldBe(Price.FromMicroPerKWh(40));
    }

    [Fact]
    public void The_whole_book_keeps_every_limit()
    {
        CurveEntry[] entries = [Entry(1, 1_000, 10), Entry(2, 500, 10), Entry(3, 1_000, 30)];

        var steps = PublicCurve.Full(entries);

        steps.Select(step => (step.Quantity.WattHours, step.Limit.MicroPerKWh)).ShouldBe([(1_500, 10), (1_000, 30)]);
    }

    private static CurveEntry Entry(int member, long wattHours, long micro) => new(member, Energy.FromWh(wattHours), Price.FromMicroPerKWh(micro));
}
