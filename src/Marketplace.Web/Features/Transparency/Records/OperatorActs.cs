using System.Globalization;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Transparency.Records;

/// <summary>Operators' acts: for the loop's operators and auditors.</summary>
internal sealed class OperatorActs(MarketplaceDb db) : IRecordSource
{
    private const string Prefix = "act/";

    public RecordKind Kind => RecordKind.OperatorAction;

    public async Task<KeptRecord?> FindAsync(EntryPlace place, Actor actor, CancellationToken cancellationToken)
    {
        if (!(actor.Operates(place.LoopId) || actor.Audits(place.LoopId))
            || !place.BatchKey.StartsWith(Prefix, StringComparison.Ordinal)
            || !long.TryParse(place.BatchKey[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            || await db.OperatorActions.AsNoTracking().SingleOrDefaultAsync(action => action.LoopId == place.LoopId && action.Id == id, cancellationToken) is not { } action)
        {
            return null;
        }

        return new KeptRecord(OperatorActionRecord.Of(action), $"/loops/{place.Slug}/operations");
    }
}
