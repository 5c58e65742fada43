using Marketplace.Data;
using static Marketplace.Data.Role;

namespace Marketplace.Web.Shell;

/// <summary>One task a person comes for.</summary>
/// <param name="Key">Its words are <c>Nav.{Key}</c> in Texts.resx.</param>
/// <param name="Href">Where it leads, below the loop's address.</param>
/// <param name="Icon">A name in Icon.razor.</param>
/// <param name="Roles">Who has it.</param>
public sealed record NavigationEntry(string Key, string Href, string Icon, params IReadOnlyList<Role> Roles)
{
    /// <summary>Pages of the task that do not lie below its own address.</summary>
    public IReadOnlyList<string> AlsoAt { get; init; } = [];
}

/// <summary>The left navigation by task: at most seven entries for each role, in one order for everybody,
/// so that a thing stays where it was when a person gains a role.</summary>
public static class NavigationMenu
{
    /// <summary>How many entries a single role may have.</summary>
    public const int MostEntries = 7;

    /// <summary>Every entry, in the order shown.</summary>
    public static IReadOnlyList<NavigationEntry> All { get; } =
    [
        new("Home", "/home", "home", Consumer, Producer, Prosumer, Storage, Investor, Operator, Technician, Auditor),
        new("Energy", "/consumption", "chart", Consumer, Prosumer),
        new("Orders", "/orders", "tag", Consumer),
        // Who buys and sells has one task: to trade. Each of the two pages leads to the other.
        new("Trade", "/orders", "tag", Prosumer) { AlsoAt = ["/offers"] },
        new("Offers", "/offers", "sun", Producer, Storage),
        new("Bills", "/bills", "bill", Consumer, Prosumer) { AlsoAt = ["/account", "/disputes"] },
        new("Storage", "/storage", "store", Storage),
        new("Investment", "/investment", "coins", Investor),
        new("Statements", "/bills", "bill", Producer, Storage, Investor) { AlsoAt = ["/account", "/disputes"] },
        new("Together", "/together", "layers", Consumer, Producer, Prosumer, Storage, Investor, Operator) { AlsoAt = ["/contracts", "/deals", "/votes", "/campaigns", "/agreements", "/parties", "/operations/templates"] },
        new("Members", "/members", "people", Operator),
        new("Meters", "/meters", "meter", Operator, Technician),
        new("Alarms", "/operations/alarms", "bell", Operator, Technician) { AlsoAt = ["/operations/scheme", "/operations/announcements", "/operations/temperatures"] },
        new("Hours", "/operations", "clock", Operator, Technician, Auditor),
        new("Market", "/market", "market", Consumer, Producer, Prosumer, Storage, Investor, Technician, Auditor),
        new("Transparency", "/ledger", "shield", Consumer, Producer, Prosumer, Storage, Investor, Operator, Auditor),
    ];

    /// <summary>What a visitor sees without signing in.</summary>
    public static IReadOnlyList<NavigationEntry> Public { get; } =
    [
        new("Market", "/market", "market"),
        new("Transparency", "/ledger", "shield"),
    ];

    /// <summary>The entries for the roles a person holds in a loop; the public ones for none. Addresses are complete.</summary>
    /// <param name="roles">The roles held in the loop.</param>
    /// <param name="loopPath">The loop's address; nothing outside any loop, where there is nowhere to go but the start.</param>
    public static IReadOnlyList<NavigationEntry> For(IEnumerable<Role> roles, string? loopPath)
    {
        if (loopPath is null)
        {
            return [];
        }

        var held = roles.ToHashSet();
        var entries = held.Count == 0 ? Public : All.Where(entry => entry.Roles.Any(held.Contains) && !(held.Contains(Prosumer) && (entry.Key is "Orders" or "Offers")));
        return [.. entries.Select(entry => entry with { Href = loopPath + entry.Href, AlsoAt = [.. entry.AlsoAt.Select(place => loopPath + place)] })];
    }
}
