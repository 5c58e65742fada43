using Marketplace.Data;

namespace Marketplace.Web.Features.Loops;

/// <summary>For which of their members a person looks at a page.</summary>
public static class MemberChoice
{
    /// <summary>The wished one if the person acts for it; else the first that holds one of the roles; else none.</summary>
    public static MemberHere? MemberFor(this LoopView loop, int? wished, params IReadOnlyCollection<Role> roles) =>
        loop.Members.FirstOrDefault(member => member.Id == wished && member.Roles.Any(roles.Contains))
        ?? loop.MembersAs(roles).FirstOrDefault();
}
