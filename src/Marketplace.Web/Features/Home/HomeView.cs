using Marketplace.Data;
using Marketplace.Web.Features.Loops;

namespace Marketplace.Web.Features.Home;

/// <summary>As whom a person looks at the home page.</summary>
public enum HomeKind
{
    Operator = 1,
    Technician = 2,
    Auditor = 3,
    Prosumer = 4,
    Resident = 5,
    Producer = 6,
    Storage = 7,
    Investor = 8,
}

/// <summary>One home of a person: a role, and the member it is held for.</summary>
public sealed record HomeView(HomeKind Kind, MemberHere Member)
{
    /// <summary>As it stands in the address: <c>?as=producer&amp;member=3</c>.</summary>
    public string Query => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"?as={Kind.ToString().ToLowerInvariant()}&member={Member.Id}");

    /// <summary>Every home of the person in a loop, what is theirs to act on first.</summary>
    public static IReadOnlyList<HomeView> Of(LoopView loop) =>
        [.. loop.Members.SelectMany(member => member.Roles.SelectMany(Kinds).Distinct().Select(kind => new HomeView(kind, member)))
            .OrderBy(view => view.Kind).ThenBy(view => view.Member.Id)];

    /// <summary>The wished one, else the first; none for a person without any role.</summary>
    public static HomeView? Choose(IReadOnlyList<HomeView> views, string? wished, int? member) =>
        views.FirstOrDefault(view => Is(view.Kind, wished) && view.Member.Id == member)
        ?? views.FirstOrDefault(view => Is(view.Kind, wished))
        ?? views.FirstOrDefault(view => view.Member.Id == member)
        ?? (views.Count > 0 ? views[0] : null);

    private static bool Is(HomeKind kind, string? wished) => string.Equals(kind.ToString(), wished, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<HomeKind> Kinds(Role role) => role switch
    {
        Role.Operator => [HomeKind.Operator],
        Role.Consumer => [HomeKind.Resident],
        Role.Producer => [HomeKind.Producer],
        Role.Prosumer => [HomeKind.Prosumer, HomeKind.Resident],
        Role.Storage => [HomeKind.Storage],
        Role.Investor => [HomeKind.Investor],
        Role.Technician => [HomeKind.Technician],
        Role.Auditor => [HomeKind.Auditor],
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Not a role"),
    };
}
