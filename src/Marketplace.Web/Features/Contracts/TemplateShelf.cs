using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>A published version, as it is kept and as it is understood.</summary>
public sealed record ShelvedTemplate(ContractTemplate Row, Template Template)
{
    public static ShelvedTemplate Of(ContractTemplate row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new ShelvedTemplate(row, TemplateJson.Read(row.Body));
    }
}

/// <summary>The published templates of loops.</summary>
internal sealed class TemplateShelf(Work work)
{
    private readonly Dictionary<(int Loop, string Code, int Version), ShelvedTemplate> _read = [];

    /// <summary>A version, from the database once for each unit of work.</summary>
    public async Task<ShelvedTemplate> RequireAsync(int loopId, string code, int version, CancellationToken cancellationToken)
    {
        if (!_read.TryGetValue((loopId, code, version), out var found))
        {
            var row = await work.Db.ContractTemplates.AsNoTracking().SingleOrDefaultAsync(template => template.LoopId == loopId && template.Code == code && template.Version == version, cancellationToken)
                ?? throw new NotPermittedException(nameof(TemplateShelf));
            _read.Add((loopId, code, version), found = ShelvedTemplate.Of(row));
        }

        return found;
    }

    /// <summary>The last version of each template that new contracts may begin from, by name of its code.</summary>
    public async Task<IReadOnlyList<ShelvedTemplate>> OnOfferAsync(int loopId, CancellationToken cancellationToken)
    {
        var rows = await work.Db.ContractTemplates.AsNoTracking()
            .Where(template => template.LoopId == loopId
                && !work.Db.ContractTemplates.Any(later => later.LoopId == loopId && later.Code == template.Code && later.Version > template.Version)
                && !work.Db.ContractTemplateRetirements.Any(retired => retired.LoopId == loopId && retired.Code == template.Code && retired.Version >= template.Version))
            .OrderBy(template => template.Kind).ThenBy(template => template.Code).ToListAsync(cancellationToken);
        return [.. rows.Select(ShelvedTemplate.Of)];
    }

    /// <summary>The last version of a template that new terms may use.</summary>
    /// <exception cref="RefusedException">There is none, or it is retired.</exception>
    public async Task<ShelvedTemplate> LatestAsync(int loopId, string code, CancellationToken cancellationToken)
    {
        var row = await work.Db.ContractTemplates.AsNoTracking().Where(template => template.LoopId == loopId && template.Code == code)
            .OrderByDescending(template => template.Version).FirstOrDefaultAsync(cancellationToken);
        return row is null || await work.Db.ContractTemplateRetirements.AnyAsync(retired => retired.LoopId == loopId && retired.Code == code && retired.Version >= row.Version, cancellationToken)
            ? throw new RefusedException("Template", "This template is not on offer. Choose another one.")
            : ShelvedTemplate.Of(row);
    }
}
