using Marketplace.Data;

namespace Marketplace.Web.Features.Members;

/// <summary>Words for roles.</summary>
public static class RoleWords
{
    public static IReadOnlyList<Role> All { get; } = Enum.GetValues<Role>();

    public static string Name(Role role) => role switch
    {
        Role.Operator => "Operator",
        Role.Consumer => "Consumer",
        Role.Producer => "Producer",
        Role.Prosumer => "Prosumer",
        Role.Storage => "Storage provider",
        Role.Investor => "Investor",
        Role.Technician => "Technician",
        Role.Auditor => "Auditor",
    };

    /// <summary>What a member of this role does, to stand after the name.</summary>
    public static string Deed(Role role) => role switch
    {
        Role.Operator => "runs the loop",
        Role.Consumer => "buys heat, cold or electricity",
        Role.Producer => "sells it",
        Role.Prosumer => "does both",
        Role.Storage => "owns a store",
        Role.Investor => "has a share in plants",
        Role.Technician => "acts on alarms",
        Role.Auditor => "checks, and changes nothing",
    };
}
