using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Web.Features.Contracts.Templates;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Governance.Changes;

/// <summary>Publishes a draft of a template, or takes a template off offer. What is voted on is named by its hash, the one that the ledger would hold: a draft
/// that has been changed since is another one.</summary>
internal sealed class TemplateChange(Work work, TemplatePress press) : IChangeKind
{
    private const string Field = "Template", Publish = "publish", Retire = "retire";

    public ProposalKind Kind => ProposalKind.Template;

    public GovernedArea Area => GovernedArea.Template;

    public bool IsWrittenAhead => false;

    public async Task<IReadOnlyList<ChangeField>> FieldsAsync(Loop loop, CancellationToken cancellationToken)
    {
        var options = new List<ChangeOption>();
        foreach (var code in await work.Db.ContractTemplateDrafts.Where(draft => draft.LoopId == loop.Id).OrderBy(draft => draft.Code).Select(draft => draft.Code).ToListAsync(cancellationToken))
        {
            if (await press.RipeAsync(loop.Id, code, cancellationToken) is { } ripe)
            {
                options.Add(Option(Publish, ripe.Template, ripe.Hash, $"/contracts/templates/{code}/draft"));
            }
        }

        var offered = await work.Db.ContractTemplates.AsNoTracking()
            .Where(template => template.LoopId == loop.Id
                && !work.Db.ContractTemplates.Any(later => later.LoopId == loop.Id && later.Code == template.Code && later.Version > template.Version)
                && !work.Db.ContractTemplateRetirements.Any(retired => retired.LoopId == loop.Id && retired.Code == template.Code && retired.Version >= template.Version))
            .OrderBy(template => template.Code).ToListAsync(cancellationToken);
        options.AddRange(offered.Select(row => Option(Retire, TemplateJson.Read(row.Body), Convert.ToHexStringLower(row.Hash), $"/contracts/templates/{row.Code}")));
        return [new ChangeField(Field, FieldShape.Choice, "", Options: options)];
    }

    public async Task CheckAsync(Loop loop, Change change, CancellationToken cancellationToken) => await FindAsync(loop, change, cancellationToken);

    public async Task KeepAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        var (retires, template, body, former) = await FindAsync(loop, change, cancellationToken);
        await work.Db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.proposed_templates (loop_id, proposal, code, version, retires, body, former)
            VALUES ({loop.Id}, {change.Proposal}, {template.Code}, {template.Version}, {retires}, {body}, {former})
            """, cancellationToken);
    }

    public async Task<ChangeSubject?> SubjectAsync(Loop loop, int proposal, CancellationToken cancellationToken)
    {
        if (await ProposedTemplate.FindAsync(work, loop.Id, proposal, cancellationToken) is not { } kept)
        {
            return null;
        }

        var reading = FormattableString.Invariant($"/contracts/templates/{kept.Template.Code}/draft?proposal={proposal}");
        return new ChangeSubject(
            Option(kept.Retires ? Retire : Publish, kept.Template, kept.Hash, reading),
            [.. kept.Differences.Select(one => new ChangeDifference(one.Place, one.Before, one.After))]);
    }

    public async Task ApplyAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        var (retires, template, _, _) = await FindAsync(loop, change, cancellationToken);
        if (retires)
        {
            await press.RetireAsync(loop.Id, template.Code, cancellationToken);
        }
        else
        {
            await press.PublishDraftAsync(loop.Id, template.Code, cancellationToken);
        }
    }

    /// <summary>What the change names, as it is now.</summary>
    /// <exception cref="RefusedException">It is not there any more as it was named.</exception>
    private async Task<(bool Retires, Template Template, byte[] Body, byte[]? Former)> FindAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        if (change[Field].Split(' ') is not [Publish or Retire, var code, var hash])
        {
            throw new RefusedException(Field, "Choose a template.");
        }

        // Nobody publishes or retires meanwhile; who saves the draft later has another one.
        await press.LockAsync(loop.Id, cancellationToken);
        if (change[Field].StartsWith(Publish, StringComparison.Ordinal))
        {
            var ripe = await press.RipeAsync(loop.Id, code, cancellationToken);
            return ripe?.Hash == hash
                ? (false, ripe.Template, ripe.Body, ripe.Last?.Body)
                : throw new RefusedException(Field, ripe is null
                    ? $"There is no draft of {code} any more that could be published."
                    : $"The draft of {code} is another one now: it has been changed, or another version was published since. What was proposed is {hash[..16]}…, the draft is {ripe.Hash[..16]}….");
        }

        var last = await press.LastAsync(loop.Id, code, cancellationToken);
        return last is null || Convert.ToHexStringLower(last.Hash) != hash
            ? throw new RefusedException(Field, $"The version of {code} that was to be taken off offer is no longer the last one.")
            : await press.IsRetiredAsync(last, cancellationToken)
                ? throw new RefusedException(Field, $"The template {code} has been taken off offer already.")
                : (true, TemplateJson.Read(last.Body), last.Body, null);
    }

    private static ChangeOption Option(string act, Template template, string hash, string reading) => new(
        $"{act} {template.Code} {hash}",
        FormattableString.Invariant($"{template.TextIn(System.Globalization.CultureInfo.CurrentUICulture.TwoLetterISOLanguageName).Name} ({template.Code} {template.Version})"),
        $"Option.{Field}.{act}", reading);
}
