using System.Globalization;
using Marketplace.Billing;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Brings what contracts came to onto the documents of payer and payee: the same numbers on both. Each result stands on the documents of the period in which its own
/// period ends. What the job has not kept yet is worked out here by the same code, so that no bill goes without it.</summary>
internal sealed class ContractLines(Work work, ContractEvaluation evaluation, TemplateShelf shelf, ContractCatalogue catalogue) : IStatedCharges
{
    public async Task<IReadOnlyList<StatedCharge>> OfAsync(StatedScope scope, CancellationToken cancellationToken)
    {
        var (loopId, start, end) = (scope.Loop.Id, scope.Period.Start, scope.Period.End);
        var kept = await (
            from result in work.Db.ContractResults.AsNoTracking()
            join run in work.Db.ContractRuns.AsNoTracking()
                on new { result.LoopId, result.ContractId, result.Version } equals new { run.LoopId, run.ContractId, run.Version }
            where result.LoopId == loopId && result.PeriodEnd > start && result.PeriodEnd <= end
            select new { result, run.TemplateCode, run.TemplateVersion, run.Values }).ToListAsync(cancellationToken);
        var lines = new List<(ContractResult Result, Template Template, string? Values)>();
        foreach (var one in kept)
        {
            lines.Add((one.result, (await shelf.RequireAsync(loopId, one.TemplateCode, one.TemplateVersion, cancellationToken)).Template, one.Values));
        }

        lines.AddRange((await evaluation.OpenAsync(scope.Loop, end, cancellationToken))
            .SelectMany(period => period.Clauses).Where(clause => clause.Result.PeriodEnd > start).Select(clause => (clause.Result, clause.Template, (string?)null)));
        return
        [
            .. lines.Where(line => line.Result.Amount.Micro != 0)
                .OrderBy(line => line.Result.ContractId).ThenBy(line => line.Result.PeriodStart).ThenBy(line => line.Result.Version).ThenBy(line => line.Result.Clause, StringComparer.Ordinal)
                .SelectMany(line => Of(line.Result, line.Template)).Where(charge => scope.Asks(charge.Member)),
        ];
    }

    public async Task<IReadOnlyList<WaitingCharge>> WaitingAsync(Loop loop, Interval period, CancellationToken cancellationToken) =>
    [
        .. from waiting in await evaluation.WaitingAsync(loop, period.End, cancellationToken)
           from member in waiting.Members
           select new WaitingCharge(member, string.Create(
               CultureInfo.InvariantCulture, $"Contract {waiting.ContractId} needs the value of the index '{waiting.Index}' at {Instants.Iso(waiting.From)}. Enter it on the page of templates.")),
    ];

    /// <summary>What a clause is called on documents. They keep the English name; the others are found by it.</summary>
    internal static string NameOf(Template template, string clause, long contract, string language = "en") => string.Create(
        CultureInfo.InvariantCulture,
        $"{template.TextIn(language).Clauses.GetValueOrDefault(clause, clause)} ({language switch { "de" => "Vertrag", "fr" => "contrat", _ => "contract" }} {contract})");

    private IEnumerable<StatedCharge> Of(ContractResult result, Template template)
    {
        var clause = template.Clauses.First(clause => clause.Code == result.Clause);
        var explanation = ExplanationJson.Read(result.Explanation);
        var form = catalogue.Forms[clause.Quantity];
        var name = NameOf(template, clause.Code, result.ContractId);
        StatedCharge Charge(int member, Money amount) => new(member, BillLineKind.ContractClause, name, amount, PlainWords.Of(explanation))
        {
            Quantity = result.Quantity, Unit = UnitOf(form.Unit), Category = CategoryOf(clause.Vat!.Value),
            Inputs = [new("contract", result.ContractId), new("terms", result.Version), .. explanation.Inputs],
        };
        yield return Charge(result.PayerId, result.Amount);
        yield return Charge(result.PayeeId, -result.Amount);
    }

    private static string UnitOf(Unit unit) => unit switch
    {
        Unit.WattHours => "Wh",
        Unit.Watts => "W",
        Unit.Hours => "hours",
        Unit.Millionths => "millionths",
        Unit.Money => "micro",
        Unit.Periods => "periods",
        _ => throw new ArgumentOutOfRangeException(nameof(unit), unit, "Nothing is measured in this unit"),
    };

    // At the standard rate: as the document on which the line stands.
    private static VatCategory? CategoryOf(ClauseVat vat) => vat switch
    {
        ClauseVat.Standard => null,
        ClauseVat.Exempt => VatCategory.Exempt,
        ClauseVat.Zero => VatCategory.Zero,
        ClauseVat.ReverseCharge => VatCategory.ReverseCharge,
        ClauseVat.OutsideScope => VatCategory.OutsideScope,
        _ => throw new ArgumentOutOfRangeException(nameof(vat), vat, "Not a category"),
    };
}
