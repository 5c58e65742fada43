using Marketplace.Data;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Alarms;

/// <summary>Who acts on a loop's alarms.</summary>
public static class AlarmAccess
{
    /// <summary>The roles of those who act on alarms.</summary>
    public static IReadOnlyCollection<Role> Roles { get; } = [Role.Operator, Role.Technician];

    public static bool Tends(this Actor actor, int loopId) =>
        actor.IsSystem || actor.Roles.Any(held => held.LoopId == loopId && Roles.Contains(held.Role));

    /// <summary>Whether a member is told of alarms of this kind: those about what the member's own meter does.</summary>
    public static bool ConcernsMember(this AlarmKind kind) =>
        kind is AlarmKind.SilentMeter or AlarmKind.AbnormalReading or AlarmKind.DoubtfulReading or AlarmKind.SupplyPromise or AlarmKind.ReturnPromise;
}
