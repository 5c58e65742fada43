using System.Globalization;
using System.Security.Claims;
using Marketplace.Data;

namespace Marketplace.Web.Pipeline;

/// <summary>A role that somebody holds for a member of a loop.</summary>
public sealed record RoleHeld(int LoopId, int MemberId, Role Role)
{
    /// <summary>The claim that carries it: <c>loop:member:role</c>.</summary>
    public const string ClaimType = "membership";

    public Claim ToClaim() => new(ClaimType, string.Create(CultureInfo.InvariantCulture, $"{LoopId}:{MemberId}:{Role}"));

    public static RoleHeld? FromClaim(Claim claim)
    {
        var parts = claim.Value.Split(':');
        return parts.Length == 3
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var loop)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var member)
            && Enum.TryParse<Role>(parts[2], out var role)
            ? new RoleHeld(loop, member, role)
            : null;
    }
}

/// <summary>On whose behalf a request is made: a visitor, a person with roles, or the system itself.</summary>
public sealed class Actor
{
    private Actor(Guid? accountId, IReadOnlyList<RoleHeld> roles, bool isSystem)
    {
        AccountId = accountId;
        Roles = roles;
        IsSystem = isSystem;
    }

    /// <summary>Nobody has signed in.</summary>
    public static Actor Visitor { get; } = new(null, [], false);

    /// <summary>The jobs and commands of the host itself.</summary>
    public static Actor System { get; } = new(null, [], true);

    public Guid? AccountId { get; }

    public IReadOnlyList<RoleHeld> Roles { get; }

    public bool IsSystem { get; }

    public static Actor From(ClaimsPrincipal? principal) =>
        principal?.Identity?.IsAuthenticated == true
            && Guid.TryParse(principal.FindFirstValue(ClaimTypes.NameIdentifier), out var account)
            ? new Actor(account, [.. principal.FindAll(RoleHeld.ClaimType).Select(RoleHeld.FromClaim).OfType<RoleHeld>()], false)
            : Visitor;

    public bool Operates(int loopId) => IsSystem || Roles.Any(held => held.LoopId == loopId && held.Role == Role.Operator);

    /// <summary>Whether the actor acts for this member, in any role.</summary>
    public bool ActsFor(int loopId, int memberId) => IsSystem || Roles.Any(held => held.LoopId == loopId && held.MemberId == memberId);

    /// <summary>Whether the actor belongs to the loop at all.</summary>
    public bool BelongsTo(int loopId) => IsSystem || Roles.Any(held => held.LoopId == loopId);
}

/// <summary>What every request says: who may make it. A request that does not say so is refused.</summary>
public interface IGuarded
{
    bool Permits(Actor actor);
}

/// <summary>A request that changes something: it runs in one transaction.</summary>
public interface IChange;

/// <summary>A step of the market that the next tick does again if it is lost. Its commit does not wait for the disk: the ledger's
/// signature, which does, comes after it in the same write-ahead log, so nothing is ever signed that could still be lost.</summary>
public interface IRepeatableStep : IChange;
