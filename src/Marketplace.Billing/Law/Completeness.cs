using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>What a consumer's bill for heat, cold or hot water must say (Directive (EU) 2023/1791, Annex IX). The numeric values are stored and must never change.</summary>
public enum LawItem
{
    /// <summary>The actual prices.</summary>
    Prices = 1,

    /// <summary>The actual consumption.</summary>
    Consumption = 2,

    /// <summary>The fuels and sources of the energy.</summary>
    FuelMix = 3,

    /// <summary>The greenhouse gases of it.</summary>
    Emissions = 4,

    /// <summary>Taxes, levies and tariffs.</summary>
    TaxesAndTariffs = 5,

    /// <summary>A comparison with the same period of the year before, corrected for the weather.</summary>
    LastYear = 6,

    /// <summary>Contacts of consumers' organisations.</summary>
    ConsumerBodies = 7,

    /// <summary>Contacts of energy agencies.</summary>
    EnergyAgencies = 8,

    /// <summary>How to complain.</summary>
    Complaints = 9,

    /// <summary>Who settles disputes.</summary>
    Disputes = 10,

    /// <summary>A comparison with a normal user.</summary>
    NormalUser = 11,

    /// <summary>How estimated parts were computed.</summary>
    Estimates = 12,
}

/// <summary>The check that a bill says all that it must. What is missing keeps it from being released.</summary>
public static class Completeness
{
    /// <summary>The items of the law, in order.</summary>
    public static IReadOnlyList<LawItem> All { get; } = [.. Enum.GetValues<LawItem>().Order()];

    /// <summary>Whether the law's list applies: a consumer's bill with heat or cold on it.</summary>
    public static bool Applies(BillDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return document.Role == DocumentRole.Consumer && document.Lines.Any(line => line.Kind.HasHours() && IsThermal(line.Carrier));
    }

    /// <summary>What is missing, in order; nothing where the list does not apply.</summary>
    public static IReadOnlyList<LawItem> Missing(BillDocument document, LawFacts? facts) =>
        !Applies(document) ? [] : facts is null ? All : [.. All.Where(item => !Has(item, document, facts))];

    private static bool Has(LawItem item, BillDocument document, LawFacts facts)
    {
        var billed = document.Lines.Where(line => line.Kind.HasHours() && IsThermal(line.Carrier)).Select(line => line.Carrier!.Value).Distinct().ToList();
        var known = facts.Carriers.Where(carrier => IsThermal(carrier.Carrier)).ToDictionary(carrier => carrier.Carrier);
        return item switch
        {
            LawItem.Prices => billed.TrueForAll(carrier => document.Lines.Any(line => line.Carrier == carrier && line.Kind is BillLineKind.Energy or BillLineKind.Imbalance)),
            LawItem.Consumption => billed.TrueForAll(known.ContainsKey),
            LawItem.FuelMix => billed.TrueForAll(carrier => known.TryGetValue(carrier, out var own) && own.Sources.Sum(source => source.Millionths) == 1_000_000),
            LawItem.Emissions => billed.TrueForAll(carrier => known.TryGetValue(carrier, out var own) && own.MilligramsPerKWh is not null),
            LawItem.TaxesAndTariffs => document.Vat.Count > 0 && document.Lines.All(line => line.Trace.TariffVersion > 0),
            LawItem.LastYear => billed.TrueForAll(carrier => known.TryGetValue(carrier, out var own)
                && (own.NoLastYear != NoLastYear.None || (own.LastYearWh is not null && own.DegreeDays is not null && own.LastYearDegreeDays is not null))),
            LawItem.ConsumerBodies => facts.ConsumerBodies.Trim().Length > 0,
            LawItem.EnergyAgencies => facts.EnergyAgencies.Trim().Length > 0,
            LawItem.Complaints => facts.Complaints.Trim().Length > 0,
            LawItem.Disputes => facts.Disputes.Trim().Length > 0,
            LawItem.NormalUser => billed.TrueForAll(carrier => known.TryGetValue(carrier, out var own) && own.NormalWh is not null),
            LawItem.Estimates => billed.TrueForAll(carrier => known.TryGetValue(carrier, out var own)
                && (own.Estimates.Count > 0 || !document.Lines.Any(line => line.Carrier == carrier && line.Trace["estimatedHours"] > 0))),
            _ => throw new ArgumentOutOfRangeException(nameof(item), item, "Not an item of the law"),
        };
    }

    private static bool IsThermal(Carrier? carrier) => carrier is Carrier.Heat or Carrier.Cold;
}
