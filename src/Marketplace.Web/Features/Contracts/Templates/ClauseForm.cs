using Marketplace.Contracts;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>A clause in the form. Numbers are typed in the unit that people see, or <c>@</c> and a parameter.</summary>
public sealed class ClauseForm
{
    public string? Code { get; set; }

    public string? Quantity { get; set; }

    public string? Of { get; set; }

    public string? With { get; set; }

    public string? Carrier { get; set; }

    public string? Plant { get; set; }

    public string? Reference { get; set; }

    public string? Direction { get; set; }

    public string? Threshold { get; set; }

    public bool PerHour { get; set; }

    public string? When { get; set; }

    public string? Target { get; set; }

    public string? Rate { get; set; }

    /// <summary>A step a line: where it begins, a colon, its rate.</summary>
    public string? Steps { get; set; }

    public string? IndexName { get; set; }

    public string? IndexBase { get; set; }

    public string? Floor { get; set; }

    public string? Cap { get; set; }

    public string? Payer { get; set; }

    public string? Payee { get; set; }

    public string? Vat { get; set; }

    public bool IsPromise { get; set; }

    /// <summary>What the quantity is measured of, in money.</summary>
    public string? Basis { get; set; }

    public bool IsYearlyRate { get; set; }

    public static ClauseForm From(Clause clause, IReadOnlyDictionary<string, QuantityForm> quantities)
    {
        ArgumentNullException.ThrowIfNull(clause);
        ArgumentNullException.ThrowIfNull(quantities);
        var unit = quantities.TryGetValue(clause.Quantity, out var form) ? form.Unit : Marketplace.Contracts.Unit.None;
        static string Typed(Term? term, Unit unit) => term is not { } known ? "" : known.Parameter is null ? ContractNumbers.Typed(unit, known.Number) : known.ToString();
        return new ClauseForm
        {
            Code = clause.Code, Quantity = clause.Quantity, Of = clause.Of, With = clause.With, Carrier = clause.Carrier, Plant = clause.Plant, Reference = Typed(clause.Reference, unit),
            Direction = clause.Direction.ToString(), Threshold = Typed(clause.Threshold, unit), PerHour = clause.ThresholdPer == PerTime.Hour, When = clause.When.ToString(),
            Target = Typed(clause.Target, unit), Rate = Typed(clause.Rate, Units.RateOf(unit)),
            Steps = string.Join('\n', clause.Steps.Select(step => $"{Typed(step.From, unit)} : {Typed(step.Rate, Units.RateOf(unit))}")),
            IndexName = clause.Index?.Name, IndexBase = Typed(clause.Index?.Base, Marketplace.Contracts.Unit.Millionths), Floor = Typed(clause.Floor, Marketplace.Contracts.Unit.Money), Cap = Typed(clause.Cap, Marketplace.Contracts.Unit.Money),
            Payer = clause.Payer, Payee = clause.Payee, Vat = clause.Vat?.ToString(), IsPromise = clause.IsPromise,
            Basis = Typed(clause.Basis, Marketplace.Contracts.Unit.Money), IsYearlyRate = clause.IsYearlyRate,
        };
    }

    public Clause Read(List<Finding> wrong, IReadOnlyDictionary<string, QuantityForm> quantities)
    {
        ArgumentNullException.ThrowIfNull(wrong);
        ArgumentNullException.ThrowIfNull(quantities);
        var unit = quantities.TryGetValue(Quantity ?? "", out var form) ? form.Unit : Marketplace.Contracts.Unit.None;
        Term? Number(string? typed, Unit of)
        {
            if (string.IsNullOrWhiteSpace(typed))
            {
                return null;
            }

            if (typed.TrimStart().StartsWith('@') && Term.TryParse(typed, out var parameter))
            {
                return parameter;
            }

            if (ContractNumbers.Read(of, typed) is { } number)
            {
                return Term.Of(number);
            }

            wrong.Add(TemplateForm.NotRead($"clause {Code}", typed));
            return null;
        }

        var steps = new List<RateStep>();
        foreach (var line in (Steps ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.Split(':') is [var from, var rate] && Number(from, unit) is { } begins && Number(rate, Units.RateOf(unit)) is { } price)
            {
                steps.Add(new RateStep(begins, price));
            }
            else
            {
                wrong.Add(TemplateForm.NotRead($"clause {Code}", line));
            }
        }

        if (string.IsNullOrWhiteSpace(Rate))
        {
            wrong.Add(TemplateForm.NotRead($"clause {Code}", Rate));
        }

        return new Clause
        {
            Code = Code!.Trim(), Quantity = Quantity ?? "", Of = Of ?? "", With = With ?? "", Carrier = Carrier?.Trim() ?? "", Plant = Plant?.Trim() ?? "", Reference = Number(Reference, unit),
            Direction = Enum.TryParse<ClauseDirection>(Direction, out var direction) ? direction : default, Threshold = Number(Threshold, unit) ?? default,
            ThresholdPer = PerHour ? PerTime.Hour : PerTime.Period, When = Enum.TryParse<ClauseCondition>(When, out var when) ? when : default, Target = Number(Target, unit),
            Rate = Number(Rate, Units.RateOf(unit)) ?? default, Steps = steps,
            Index = string.IsNullOrWhiteSpace(IndexName) ? null : new Indexation(IndexName.Trim(), Number(IndexBase, Marketplace.Contracts.Unit.Millionths) ?? default),
            Floor = Number(Floor, Marketplace.Contracts.Unit.Money), Cap = Number(Cap, Marketplace.Contracts.Unit.Money), Payer = Payer ?? "", Payee = Payee ?? "", Vat = Enum.TryParse<ClauseVat>(Vat, out var vat) ? vat : null, IsPromise = IsPromise,
            Basis = Number(Basis, Marketplace.Contracts.Unit.Money), IsYearlyRate = IsYearlyRate,
        };
    }
}
