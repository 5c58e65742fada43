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
}
