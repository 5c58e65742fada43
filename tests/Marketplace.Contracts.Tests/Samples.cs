namespace Marketplace.Contracts.Tests;

/// <summary>Templates and quantities that the tests begin with.</summary>
internal static class Samples
{
    public static readonly QuantityForm Metered = new("metered-energy", Unit.WattHours) { AddsUp = true, NeverNegative = true, NeedsCarrier = true };

    public static readonly QuantityForm Saving = new("saving", Unit.WattHours) { AddsUp = true, NeedsCarrier = true, NeedsReference = true };

    public static readonly QuantityForm Peak = new("peak-power", Unit.Watts) { NeverNegative = true, NeedsCarrier = true };

    public static readonly QuantityForm Hours = new("hours-outside", Unit.Hours) { AddsUp = true, NeverNegative = true };

    public static readonly QuantityForm Revenue = new("plant-revenue", Unit.Money) { AddsUp = true, NeedsPlant = true };

    public static readonly QuantityForm Availability = new("availability", Unit.Millionths) { NeverNegative = true, NeedsPlant = true };

    public static readonly QuantityForm Period = new("period", Unit.Periods) { NeverNegative = true };

    public static readonly IReadOnlyList<QuantityForm> All = [Metered, Saving, Peak, Hours, Revenue, Availability, Period];

    public static readonly IReadOnlyDictionary<string, QuantityForm> Quantities = All.ToDictionary(form => form.Name);

    /// <summary>Energy performance: baseline 120,000 kWh a month, 20,000 kWh guaranteed, 5 ct for each kWh saved if reached, 8 ct for each kWh missing if not.</summary>
    public static Template EnergyPerformance() => new()
    {
        Code = "performance", Kind = TemplateKind.EnergyPerformance,
        Parties = [new TemplateParty("contractor", []), new TemplateParty("customer", [])],
        Parameters =
        [
            new Parameter { Code = "carrier", Type = ParameterType.Carrier, Default = "heat" },
            new Parameter { Code = "baseline", Unit = Unit.WattHours, Least = 0, Most = 1_000_000_000_000, Default = "120000000" },
            new Parameter { Code = "guarantee", Unit = Unit.WattHours, Least = 0, Most = 1_000_000_000_000, Default = "20000000" },
            new Parameter { Code = "fee", Unit = Unit.MoneyPerKWh, Least = 0, Most = 10_000_000, Default = "50000" },
            new Parameter { Code = "penalty", Unit = Unit.MoneyPerKWh, Least = 0, Most = 10_000_000, Default = "80000" },
        ],
        Clauses =
        [
            new Clause
            {
                Code = "saving-fee", Quantity = "saving", Of = "customer", Carrier = "@carrier", Reference = Term.From("baseline"), When = ClauseCondition.TargetReached,
                Target = Term.From("guarantee"), Rate = Term.From("fee"), Payer = "customer", Payee = "contractor", Vat = ClauseVat.Standard,
            },
            new Clause
            {
                Code = "shortfall", Quantity = "saving", Of = "customer", Carrier = "@carrier", Reference = Term.From("baseline"), Direction = ClauseDirection.Below,
                Threshold = Term.From("guarantee"), Rate = Term.From("penalty"), Payer = "contractor", Payee = "customer", Vat = ClauseVat.OutsideScope,
            },
        ],
        Texts =
        [
            new TemplateText
            {
                Language = "en", Name = "Energy performance", Summary = "A fee for energy saved.", Body = ["{contractor} saves energy at {customer}, at least {guarantee}."],
                Parties = new Dictionary<string, string> { ["contractor"] = "Contractor", ["customer"] = "Customer" },
                Parameters = new Dictionary<string, string> { ["carrier"] = "Carrier", ["baseline"] = "Baseline", ["guarantee"] = "Guaranteed saving", ["fee"] = "Fee", ["penalty"] = "Penalty" },
                Clauses = new Dictionary<string, string> { ["saving-fee"] = "Fee for energy saved", ["shortfall"] = "Missing saving" },
            },
        ],
    };

    public static IReadOnlyList<Finding> Check(Template template) => TemplateCheck.Of(template, Quantities, ["import-price"], ["en"]);

    /// <summary>The template with its first clause changed.</summary>
    public static Template WithClause(Func<Clause, Clause> change)
    {
        var template = EnergyPerformance();
        return template with { Clauses = [change(template.Clauses[0]), .. template.Clauses.Skip(1)] };
    }
}
