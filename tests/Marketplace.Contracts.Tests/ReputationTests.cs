using Marketplace.Contracts.Reputations;
using Shouldly;
using Xunit;

namespace Marketplace.Contracts.Tests;

public sealed class ReputationTests
{
    [Fact]
    public void Figures_follow_from_the_record_and_are_never_rounded_up()
    {
        var reputation = Reputation.Of(new DeliveryRecord(30, 29, 30_000, 29_999, 30, 2));

        (reputation.Kept, reputation.Delivered, reputation.Available).ShouldBe((9_666, 9_999, 10_000));
        reputation.Record.ShortWh.ShouldBe(1);
        reputation.Meets(9_999).ShouldBeTrue();
        reputation.Meets(10_000).ShouldBeFalse();
    }

    [Fact]
    public void Who_promised_nothing_or_little_is_not_judged()
    {
        var none = Reputation.Of(new DeliveryRecord(0, 0, 0, 0, 0, 5));
        (none.Kept, none.Delivered, none.Available, none.IsKnown).ShouldBe((null, null, null, false));
        none.Meets(0).ShouldBeFalse();
        Reputation.Of(new DeliveryRecord(23, 23, 100, 100, 23, 0)).Meets(9_000).ShouldBeFalse();
        Should.Throw<ArgumentException>(() => Reputation.Of(new DeliveryRecord(1, 2, 0, 0, 0, 0)));
    }

    [Fact]
    public void Records_add_up()
    {
        var (a, b) = (new DeliveryRecord(10, 9, 1_000, 900, 10, 1), new DeliveryRecord(5, 5, 500, 500, 4, 0));

        (a + b).ShouldBe(new DeliveryRecord(15, 14, 1_500, 1_400, 14, 1));
    }
}
