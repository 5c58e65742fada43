using Marketplace.Billing;
using Marketplace.Contracts;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>What clauses are called on documents, in each language of their template. A document keeps the English name and the contract's number.</summary>
internal sealed class ClauseNames(Work work, TemplateShelf shelf) : ILineNames
{
    public async Task<IReadOnlyList<BillLineView>> NamedAsync(int loopId, IReadOnlyList<BillLineView> lines, CancellationToken cancellationToken)
    {
        long[] contracts = [.. lines.Where(line => line.Kind == BillLineKind.ContractClause).Select(line => line.Trace["contract"]).OfType<long>().Distinct()];
        if (contracts.Length == 0)
        {
            return lines;
        }

        var runs = await work.Db.ContractRuns.AsNoTracking().Where(run => run.LoopId == loopId && contracts.Contains(run.ContractId))
            .Select(run => new { run.ContractId, run.Version, run.TemplateCode, run.TemplateVersion }).ToListAsync(cancellationToken);
        var named = new List<BillLineView>(lines.Count);
        foreach (var line in lines)
        {
            var run = line.Kind == BillLineKind.ContractClause ? runs.Find(run => run.ContractId == line.Trace["contract"] && run.Version == line.Trace["terms"]) : null;
            named.Add(run is null ? line : line with
            {
                Names = NamesOf((await shelf.RequireAsync(loopId, run.TemplateCode, run.TemplateVersion, cancellationToken)).Template, run.ContractId, line.Name),
            });
        }

        return named;
    }

    private static Dictionary<string, string> NamesOf(Template template, long contract, string stored)
    {
        var codes = template.Clauses.Where(clause => ContractLines.NameOf(template, clause.Code, contract) == stored).Select(clause => clause.Code).ToList();

        // Two clauses of one English name cannot be told apart: the stored one stays.
        return codes is not [var code] ? [] : template.Texts.ToDictionary(text => text.Language, text => ContractLines.NameOf(template, code, contract, text.Language));
    }
}
