using System.Globalization;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>Publishes versions of templates: checked, hashed, on the ledger.</summary>
internal sealed class TemplatePress(Work work, ContractCatalogue catalogue, ContractIndices indices, CurrentActor current, TimeProvider time)
{
    /// <summary>One publisher a loop at a time, so that versions have no gaps.</summary>
    public Task LockAsync(int loopId, CancellationToken cancellationToken) =>
        work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"templates/{loopId}"}, 0))", cancellationToken);

    public async Task<IReadOnlyList<Finding>> CheckAsync(int loopId, Template template, CancellationToken cancellationToken) =>
    [
        .. TemplateCheck.Of(template, catalogue.Forms, await indices.NamesAsync(loopId, cancellationToken), ContractCatalogue.Languages),
        .. template.Parties.SelectMany(party => party.Holders.Where(role => !Enum.TryParse<Role>(role, out var known) || !ContractParties.Roles.Contains(known))
            .Select(role => new Finding($"party {party.Role}", "party-holder", "There is no role '{0}' that makes contracts.", role))),
    ];

    /// <summary>The last published version; none where there is none.</summary>
    public Task<ContractTemplate?> LastAsync(int loopId, string code, CancellationToken cancellationToken) =>
        work.Db.ContractTemplates.AsNoTracking().Where(known => known.LoopId == loopId && known.Code == code).OrderByDescending(known => known.Version).FirstOrDefaultAsync(cancellationToken);

    /// <summary>Whether a version is taken off offer.</summary>
    public Task<bool> IsRetiredAsync(ContractTemplate version, CancellationToken cancellationToken) => work.Db.ContractTemplateRetirements.AnyAsync(
        retired => retired.LoopId == version.LoopId && retired.Code == version.Code && retired.Version >= version.Version, cancellationToken);

    /// <summary>The draft as the next version, where it is without findings and would say something else than what is on offer. Its hash is the one that the ledger would hold.</summary>
    public async Task<RipeTemplate?> RipeAsync(int loopId, string code, CancellationToken cancellationToken)
    {
        var draft = await work.Db.ContractTemplateDrafts.AsNoTracking().SingleOrDefaultAsync(draft => draft.LoopId == loopId && draft.Code == code, cancellationToken);
        if (draft is null)
        {
            return null;
        }

        var template = TemplateJson.Read(draft.Body);
        var last = await LastAsync(loopId, code, cancellationToken);
        if ((await CheckAsync(loopId, template, cancellationToken)).Count > 0 || (last is not null && IsSame(template, last) && !await IsRetiredAsync(last, cancellationToken)))
        {
            return null;
        }

        var next = template with { Version = (last?.Version ?? 0) + 1 };
        return new RipeTemplate(next, TemplateJson.Write(next), last);
    }

    /// <summary>Publishes the draft and clears it away. Asked again, when the draft is the last version already, it stays that.</summary>
    /// <exception cref="RefusedException">There is no draft, or it has findings.</exception>
    public async Task<ContractTemplate> PublishDraftAsync(int loopId, string code, CancellationToken cancellationToken)
    {
        await LockAsync(loopId, cancellationToken);
        if (await work.Db.ContractTemplateDrafts.SingleOrDefaultAsync(draft => draft.LoopId == loopId && draft.Code == code, cancellationToken) is not { } draft)
        {
            return await LastAsync(loopId, code, cancellationToken) ?? throw new RefusedException("There is no draft of this template.");
        }

        var published = await PublishAsync(loopId, TemplateJson.Read(draft.Body), cancellationToken);
        work.Db.ContractTemplateDrafts.Remove(draft);
        await work.Db.SaveChangesAsync(cancellationToken);
        return published;
    }

    /// <summary>Takes the last version off offer; done again it changes nothing.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    public async Task RetireAsync(int loopId, string code, CancellationToken cancellationToken)
    {
        await LockAsync(loopId, cancellationToken);
        var last = await LastAsync(loopId, code, cancellationToken) ?? throw new RefusedException("There is no published template of this code.");
        if (!await IsRetiredAsync(last, cancellationToken))
        {
            work.Db.ContractTemplateRetirements.Add(new ContractTemplateRetirement { LoopId = loopId, Code = code, Version = last.Version, At = time.GetUtcNow(), By = current.Actor.AccountId });
            await work.Db.SaveChangesAsync(cancellationToken);
        }
    }

    /// <summary>Publishes the next version. Published again without a change, it stays the version it is.</summary>
    /// <exception cref="RefusedException">The template has findings.</exception>
    public async Task<ContractTemplate> PublishAsync(int loopId, Template template, CancellationToken cancellationToken)
    {
        var findings = await CheckAsync(loopId, template, cancellationToken);
        if (findings.Count > 0)
        {
            throw new RefusedException([.. findings.Select(finding => new Problem(finding.Where, finding.ToString(), finding.Rule))]);
        }

        var last = await LastAsync(loopId, template.Code, cancellationToken);
        if (last is not null && IsSame(template, last) && !await IsRetiredAsync(last, cancellationToken))
        {
            return last;
        }

        var next = template with { Version = (last?.Version ?? 0) + 1 };
        var row = new ContractTemplate
        {
            LoopId = loopId, Code = next.Code, Version = next.Version, Kind = (short)next.Kind, Body = TemplateJson.Write(next), Hash = TemplateJson.Hash(next),
            PublishedAt = time.GetUtcNow(), PublishedBy = current.Actor.AccountId, Canonical = [],
        };
        row.Canonical = ContractRecord.Canonical(await work.Db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.Slug).SingleAsync(cancellationToken), row);
        var record = ContractRecord.Of(row);
        var appended = await LedgerDoor.AppendAsync(await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, record.RecordKey, [record], cancellationToken);
        (row.BatchId, row.BatchPosition) = (appended.BatchId, appended.Positions[0]);
        work.Db.ContractTemplates.Add(row);
        await work.Db.SaveChangesAsync(cancellationToken);
        return row;
    }

    private static bool IsSame(Template template, ContractTemplate version) => TemplateJson.Write(template with { Version = version.Version }).AsSpan().SequenceEqual(version.Body);
}

/// <summary>A draft that could be published as it is.</summary>
/// <param name="Template">With the number that it would have.</param>
/// <param name="Body">Its canonical bytes.</param>
/// <param name="Last">The version before.</param>
internal sealed record RipeTemplate(Template Template, byte[] Body, ContractTemplate? Last)
{
    public string Hash => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Body));
}
