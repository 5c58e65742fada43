using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Unit = Marketplace.Contracts.Unit;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>All templates of a loop as its operator sees them: published, retired and in the works.</summary>
public sealed record ShowTemplates(int LoopId) : IRequest<TemplateList>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Missing">How many shipped templates the loop has none of.</param>
public sealed record TemplateList(IReadOnlyList<TemplateRow> Templates, int Missing, IReadOnlyList<ContractIndexValue> Indices);

/// <param name="Published">The last version; none where it was never published.</param>
/// <param name="Draft">What is in the works.</param>
/// <param name="Contracts">How many contracts were begun from it.</param>
public sealed record TemplateRow(string Code, ShelvedTemplate? Published, Template? Draft, bool Retired, int Contracts)
{
    public Template Shown => Published?.Template ?? Draft!;
}

/// <summary>A published template with its versions, for everybody who belongs to the loop.</summary>
/// <param name="Version">Null for the last.</param>
public sealed record ShowTemplate(int LoopId, string Code, int? Version = null) : IRequest<TemplateDetail>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="Versions">The newest first.</param>
public sealed record TemplateDetail(ShelvedTemplate Template, IReadOnlyList<ContractTemplate> Versions, bool Retired);

/// <summary>A template to work on: the draft, else the last version; for the operator.</summary>
/// <param name="Code">Null for a new one.</param>
public sealed record EditTemplate(int LoopId, string? Code) : IRequest<TemplateOnBench>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="IsDraft">Whether it is one; else the published version is shown.</param>
public sealed record TemplateOnBench(Template Template, bool IsDraft, int? Published, bool Retired, IReadOnlyList<QuantityForm> Quantities, IReadOnlyCollection<string> Indices);

/// <summary>What is wrong with a template, and what it would come to: the studio's preview. It keeps nothing.</summary>
public sealed record PreviewTemplate(int LoopId, Template Template) : IRequest<TemplatePreview>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Example">What each clause comes to for made-up measured values with the defaults; nothing while there are findings.</param>
public sealed record TemplatePreview(IReadOnlyList<Finding> Findings, IReadOnlyList<(Clause Clause, long Measured, Unit Unit, ClauseOutcome Outcome)> Example);

internal sealed class TemplateViews(Work work, TemplatePress press, ContractCatalogue catalogue, ContractIndices indices)
    : IRequestHandler<ShowTemplates, TemplateList>, IRequestHandler<ShowTemplate, TemplateDetail>, IRequestHandler<EditTemplate, TemplateOnBench>, IRequestHandler<PreviewTemplate, TemplatePreview>
{
    private const long HoursOfMonth = 720;

    public async Task<TemplateList> Handle(ShowTemplates request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var last = (await db.ContractTemplates.AsNoTracking()
            .Where(template => template.LoopId == loopId && !db.ContractTemplates.Any(later => later.LoopId == loopId && later.Code == template.Code && later.Version > template.Version))
            .ToListAsync(cancellationToken)).ToDictionary(template => template.Code);
        var drafts = (await db.ContractTemplateDrafts.AsNoTracking().Where(draft => draft.LoopId == loopId).ToListAsync(cancellationToken)).ToDictionary(draft => draft.Code);
        var retired = (await db.ContractTemplateRetirements.AsNoTracking().Where(gone => gone.LoopId == loopId).ToListAsync(cancellationToken)).ToLookup(gone => gone.Code);
        var counts = await db.Contracts.Where(contract => contract.LoopId == loopId).GroupBy(contract => contract.TemplateCode)
            .Select(own => new { own.Key, Count = own.Count() }).ToDictionaryAsync(own => own.Key, own => own.Count, cancellationToken);
        var rows = last.Keys.Union(drafts.Keys).Order(StringComparer.Ordinal).Select(code => new TemplateRow(
            code,
            last.TryGetValue(code, out var row) ? ShelvedTemplate.Of(row) : null,
            drafts.TryGetValue(code, out var draft) ? TemplateJson.Read(draft.Body) : null,
            row is not null && retired[code].Any(gone => gone.Version >= row.Version), counts.GetValueOrDefault(code))).ToList();
        var values = await db.ContractIndexValues.AsNoTracking().Where(value => value.LoopId == loopId).OrderBy(value => value.Name).ThenByDescending(value => value.ValidFrom).Take(100).ToListAsync(cancellationToken);
        return new TemplateList([.. rows.OrderBy(row => row.Shown.Kind).ThenBy(row => row.Code, StringComparer.Ordinal)], ShippedTemplates.All.Count(template => !last.ContainsKey(template.Code)), values);
    }

    public async Task<TemplateDetail> Handle(ShowTemplate request, CancellationToken cancellationToken)
    {
        var (db, loopId, code) = (work.Db, request.LoopId, request.Code);
        var versions = await db.ContractTemplates.AsNoTracking().Where(template => template.LoopId == loopId && template.Code == code)
            .OrderByDescending(template => template.Version).ToListAsync(cancellationToken);
        var shown = request.Version is { } version ? versions.Find(template => template.Version == version) : versions.FirstOrDefault();
        return shown is null ? throw new NotPermittedException(nameof(ShowTemplate)) : new TemplateDetail(
            ShelvedTemplate.Of(shown), versions,
            await db.ContractTemplateRetirements.AnyAsync(gone => gone.LoopId == loopId && gone.Code == code && gone.Version >= versions[0].Version, cancellationToken));
    }

    public async Task<TemplateOnBench> Handle(EditTemplate request, CancellationToken cancellationToken)
    {
        var (db, loopId, code) = (work.Db, request.LoopId, request.Code);
        var names = await indices.NamesAsync(loopId, cancellationToken);
        var forms = catalogue.Forms.Values.OrderBy(form => form.Name, StringComparer.Ordinal).ToList();
        if (code is null)
        {
            return new TemplateOnBench(
                new Template { Code = "", Kind = TemplateKind.EnergySupply, Texts = [.. ContractCatalogue.Languages.Select(language => new TemplateText { Language = language })] },
                false, null, false, forms, names);
        }

        var draft = await db.ContractTemplateDrafts.AsNoTracking().SingleOrDefaultAsync(draft => draft.LoopId == loopId && draft.Code == code, cancellationToken);
        var last = await db.ContractTemplates.AsNoTracking().Where(template => template.LoopId == loopId && template.Code == code)
            .OrderByDescending(template => template.Version).FirstOrDefaultAsync(cancellationToken);
        if (draft is null && last is null)
        {
            throw new NotPermittedException(nameof(EditTemplate));
        }

        var retired = last is not null && await db.ContractTemplateRetirements.AnyAsync(gone => gone.LoopId == loopId && gone.Code == code && gone.Version >= last.Version, cancellationToken);
        return new TemplateOnBench(TemplateJson.Read(draft?.Body ?? last!.Body), draft is not null, last?.Version, retired, forms, names);
    }

    public async Task<TemplatePreview> Handle(PreviewTemplate request, CancellationToken cancellationToken)
    {
        var findings = await press.CheckAsync(request.LoopId, request.Template, cancellationToken);
        if (findings.Count > 0)
        {
            return new TemplatePreview(findings, []);
        }

        var values = TermValues.DefaultsOf(request.Template);
        return new TemplatePreview([], [.. request.Template.Clauses.Select(clause =>
        {
            var form = catalogue.Forms[clause.Quantity];
            var measured = Example(form.Unit);
            return (clause, measured, form.Unit, Evaluation.Of(clause, values, form, new Measured(measured, HoursOfMonth, clause.Index is { } index ? values.Number(index.Base) : null) { PeriodsAYear = request.Template.Period.PeriodsAYear() }));
        })]);
    }

    /// <summary>Round numbers of the size that a household has in a month.</summary>
    private static long Example(Unit unit) => unit switch
    {
        Unit.WattHours => 1_000_000,
        Unit.Watts => 60_000,
        Unit.Hours => 10,
        Unit.Millionths => 900_000,
        Unit.Money => 100_000_000,
        _ => 1,
    };
}
