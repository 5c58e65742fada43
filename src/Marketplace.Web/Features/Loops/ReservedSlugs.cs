using System.Collections.Frozen;

namespace Marketplace.Web.Features.Loops;

/// <summary>Words that stand where a loop's slug may stand in an address: <c>/loops/new</c>, and below <c>/ledger/</c> the parts of
/// the first loop's log. A loop of that name would hide them, or be hidden.</summary>
public static class ReservedSlugs
{
    private static readonly FrozenSet<string> Words = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "new", "checkpoint", "tile", "policy", "key", "entries", "proof", "witness", "add-checkpoint", "verify");

    public static bool Contain(string slug) => Words.Contains(slug);
}
