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
}
