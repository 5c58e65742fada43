using Marketplace.Data;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Shell;

public sealed class NavigationMenuTests
{
    [Fact]
    public void Every_role_has_a_home_and_at_most_seven_entries()
    {
        foreach (var role in Enum.GetValues<Role>())
        {
            var entries = NavigationMenu.For([role], "/loops/quay");
            entries.Count.ShouldBeInRange(1, NavigationMenu.MostEntries, role.ToString());
            entries[0].Href.ShouldBe("/loops/quay/home");
        }
    }

    [Fact]
    public void Every_entry_and_role_has_words_and_an_icon()
    {
        foreach (var entry in NavigationMenu.All.Concat(NavigationMenu.Public))
        {
            Texts.Get("Nav." + entry.Key, Texts.Languages[0]).ShouldNotBeEmpty();
            Icon.Paths.Keys.ShouldContain(entry.Icon);
        }

        foreach (var role in Enum.GetValues<Role>())
        {
            Texts.Get("Role." + role, Texts.Languages[0]).ShouldNotBeEmpty();
        }
    }

    [Fact]
    public void A_visitor_sees_the_public_pages_of_a_loop_and_nothing_outside_one()
    {
        NavigationMenu.For([], "/loops/quay").Select(entry => entry.Key).ShouldBe(NavigationMenu.Public.Select(entry => entry.Key));
        NavigationMenu.For([], null).ShouldBeEmpty();
    }

    [Fact]
    public void Votes_and_contracts_are_one_task_of_everybody_who_may_agree_or_decide()
    {
        foreach (var role in new[] { Role.Consumer, Role.Producer, Role.Prosumer, Role.Storage, Role.Investor, Role.Operator })
        {
            var together = NavigationMenu.For([role], "/loops/quay").Single(entry => entry.Key == "Together");
            together.AlsoAt.ShouldContain("/loops/quay/votes");
            together.AlsoAt.ShouldContain("/loops/quay/contracts");
        }
    }

    [Fact]
    public void Who_buys_and_sells_has_one_entry_for_both()
    {
        var entries = NavigationMenu.For([Role.Prosumer, Role.Producer, Role.Consumer], "/loops/quay");

        entries.Select(entry => entry.Key).ShouldContain("Trade");
        entries.Count(entry => entry.Href == "/loops/quay/orders" || entry.Href == "/loops/quay/offers").ShouldBe(1);
    }
}
