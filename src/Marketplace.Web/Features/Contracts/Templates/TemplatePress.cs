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

    /// <summary>Publishes the next version. Published again without a change, it stays the version it is.</summary>
    /// <exception cref="RefusedException">The template has findings.</exception>
    public async Task<ContractTemplate> PublishAsync(int loopId, Template template, CancellationToken cancellationToken)
    {
        var findings = await CheckAsync(loopId, template, cancellationToken);
        if (findings.Count > 0)
        {
            throw new RefusedException([.. findings.Select(finding => new Problem(finding.Where, finding.ToString(), finding.Rule))]);
        }

        var last = await work.Db.ContractTemplates.AsNoTracking().Where(known => known.LoopId == loopId && known.Code == template.Code)
            .OrderByDescending(known => known.Version).FirstOrDefaultAsync(cancellationToken);
        if (last is not null && TemplateJson.Write(template with { Version = last.Version }).AsSpan().SequenceEqual(last.Body)
            && !await work.Db.ContractTemplateRetirements.AnyAsync(retired => retired.LoopId == loopId && retired.Code == last.Code && retired.Version == last.Version, cancellationToken))
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
}
