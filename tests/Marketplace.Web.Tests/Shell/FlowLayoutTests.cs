using Marketplace.Quantities;
using Marketplace.Web.Shell.Components.Charts;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Shell;

public sealed class FlowLayoutTests
{
    [Fact]
    public void All_widths_are_on_one_scale_and_inside_the_picture()
    {
        FlowNode[] nodes = [new("sun", "Sun", 0), new("pump", "Heat pump", 1), new("home", "Homes", 2), new("loss", "Losses", 3)];
        FlowLink[] links = [new("sun", "pump", Energy.FromWh(40)), new("sun", "home", Energy.FromWh(60)), new("pump", "home", Energy.FromWh(120)), new("home", "loss", Energy.FromWh(9))];
        var picture = FlowLayout.Of(nodes, links, 960, 400);
        var perWh = picture.Nodes[0].Height / picture.Nodes[0].Energy.WattHours;
        foreach (var node in picture.Nodes)
        {
            (node.Height / node.Energy.WattHours).ShouldBe(perWh, 1e-9);
            node.Y.ShouldBeGreaterThanOrEqualTo(0);
            (node.Y + node.Height).ShouldBeLessThanOrEqualTo(400);
        }

        picture.Nodes.Single(node => node.Node.Id == "home").Energy.ShouldBe(Energy.FromWh(180));
    }

    [Fact]
    public void A_flow_that_leads_back_is_refused() =>
        Should.Throw<ArgumentException>(() => FlowLayout.Of([new("a", "A", 1), new("b", "B", 0)], [new("a", "b", Energy.FromWh(1))], 960, 400));

    [Fact]
    public void Ticks_are_round_and_hold_zero_and_both_bounds()
    {
        var axis = new Axis(-0.7, 3.2, 20, 200);
        axis.Ticks.ShouldContain(tick => Math.Abs(tick) < 1e-12);
        axis.Low.ShouldBe(-1);
        axis.High.ShouldBe(4);
        axis.Y(0).ShouldBe(180, 1e-9);
    }

    [Fact]
    public void A_picture_of_nothing_is_empty() => FlowLayout.Of([new("a", "A", 0)], [], 960, 400).Nodes.ShouldBeEmpty();
}
