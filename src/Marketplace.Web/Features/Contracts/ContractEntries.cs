using System.Globalization;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Transparency.Records;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Published templates: for everybody who belongs to the loop.</summary>
internal sealed class TemplateEntries(MarketplaceDb db) : IRecordSource
{
    public RecordKind Kind => RecordKind.Template;

    public async Task<KeptRecord?> FindAsync(EntryPlace place, Actor actor, CancellationToken cancellationToken) =>
        actor.BelongsTo(place.LoopId) && place.BatchKey.Split('/') is ["template", var code, var number]
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
        && await db.ContractTemplates.AsNoTracking().SingleOrDefaultAsync(
            template => template.LoopId == place.LoopId && template.Code == code && template.Version == version, cancellationToken) is { } template
            ? new KeptRecord(ContractRecord.Of(template), $"/loops/{place.Slug}/contracts/templates/{code}")
            : null;
}

/// <summary>Acts on contracts: for the parties, the loop's operators and auditors.</summary>
internal sealed class ContractEntries(MarketplaceDb db) : IRecordSource
{
    public RecordKind Kind => RecordKind.Contract;

    public async Task<KeptRecord?> FindAsync(EntryPlace place, Actor actor, CancellationToken cancellationToken) =>
        place.BatchKey.Split('/') is ["contract", var id, var number]
        && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var contractId)
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var counted)
        && await ContractAccess.MayReadAsync(db, actor, place.LoopId, contractId, cancellationToken)
        && await db.ContractActs.AsNoTracking().SingleOrDefaultAsync(
            act => act.LoopId == place.LoopId && act.ContractId == contractId && act.Number == counted, cancellationToken) is { } act
            ? new KeptRecord(ContractRecord.Of(act), string.Create(CultureInfo.InvariantCulture, $"/loops/{place.Slug}/contracts/{contractId}"))
            : null;
}

/// <summary>What clauses came to: for the same people.</summary>
internal sealed class ContractResultEntries(MarketplaceDb db) : IRecordSource
{
    public RecordKind Kind => RecordKind.ContractResult;

    public async Task<KeptRecord?> FindAsync(EntryPlace place, Actor actor, CancellationToken cancellationToken) =>
        await db.ContractResults.AsNoTracking().SingleOrDefaultAsync(
            result => result.LoopId == place.LoopId && result.BatchId == place.BatchId && result.BatchPosition == place.Position, cancellationToken) is { } result
        && await ContractAccess.MayReadAsync(db, actor, place.LoopId, result.ContractId, cancellationToken)
            ? new KeptRecord(ContractRecord.Of(result), string.Create(CultureInfo.InvariantCulture, $"/loops/{place.Slug}/contracts/{result.ContractId}"))
            : null;
}

/// <summary>Who may read a contract: its parties, the loop's operators and auditors; a draft only its author.</summary>
internal static class ContractAccess
{
    public static async Task<bool> MayReadAsync(MarketplaceDb db, Actor actor, int loopId, long contractId, CancellationToken cancellationToken)
    {
        var members = await db.ContractParties.Where(party => party.LoopId == loopId && party.ContractId == contractId).Select(party => party.MemberId).ToListAsync(cancellationToken);
        if (members.Count == 0)
        {
            return false;
        }

        if (!await db.ContractActs.AnyAsync(act => act.LoopId == loopId && act.ContractId == contractId && act.Kind != ContractActKind.Drafted, cancellationToken))
        {
            var author = await db.Contracts.Where(contract => contract.LoopId == loopId && contract.Id == contractId).Select(contract => contract.MemberId).SingleAsync(cancellationToken);
            return actor.ActsFor(loopId, author);
        }

        return members.Exists(member => actor.ActsFor(loopId, member)) || actor.Operates(loopId) || actor.Audits(loopId);
    }
}
