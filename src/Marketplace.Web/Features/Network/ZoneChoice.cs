using Marketplace.Data;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Network;

/// <summary>Whose prices somebody is shown where a loop has several zones.</summary>
public sealed class ZoneChoice(MarketplaceDb db, CurrentActor current)
{
    /// <summary>Stands for all zones, each with prices of its own.</summary>
    public const string Every = "*";

    /// <summary>The zone asked for; else that of the reader's own meters; else the first. Empty in a loop with one zone.</summary>
    public async Task<string> OfAsync(int loopId, DateTimeOffset at, string? asked, CancellationToken cancellationToken)
    {
        if (asked == Every)
        {
            return asked;
        }

        var zones = await HourZones.AtAsync(db, loopId, at, cancellationToken);
        if (!zones.AreSeveral)
        {
            return "";
        }

        return asked is not null && zones.Codes.Contains(asked) ? asked
            : current.Actor.Roles.Where(held => held.LoopId == loopId).Select(held => (int?)held.MemberId).FirstOrDefault() is { } member ? zones.Of(member, null)
            : zones.Codes[0];
    }
}
