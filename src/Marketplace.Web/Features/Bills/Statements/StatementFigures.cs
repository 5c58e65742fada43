using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Shell;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Bills.Statements;

/// <summary>A figure of a statement in the reader's words.</summary>
/// <param name="How">How it comes about.</param>
public sealed record Figure(string Name, string Value, string How);

/// <summary>A step from what was sold to what is left.</summary>
public sealed record MoneyStep(string Name, Money Amount, bool IsSum = false);

/// <summary>Tells what plants did in the period of a statement: each figure with its unit and its formula.</summary>
internal sealed class StatementFigures(BillView bill, Format format, IStringLocalizer<Texts> t, IStringLocalizer<Bills.Texts> words)
{
    private const decimal Million = 1_000_000m;

    public IReadOnlyList<Figure> Of(PlantAccount plant) =>
        [.. bill.Role == Role.Storage ? Stored(plant) : bill.Role == Role.Investor ? Invested(plant) : Produced(plant)];

    /// <summary>Where money came in and where it was lost, down to the reader's part: each row is added.</summary>
    public IReadOnlyList<MoneyStep> MoneyOf(PlantAccount plant)
    {
        var line = Share(plant);
        var revenue = new Money(line.Trace["revenueMicro"] ?? 0);
        var steps = new List<MoneyStep> { new(t["Money.Sales"], plant.Sales - plant.BelowZero) };
        Add("Money.BelowZero", plant.BelowZero);
        Add("Money.Purchases", -plant.Purchases);
        Add("Money.Imbalance", -plant.Imbalance);
        Add("Money.NetworkFees", -plant.NetworkFees);
        Add("Money.Premiums", plant.Premiums);
        Add("Money.StoreShare", -plant.StoreShare);
        Add("Money.Other", revenue - plant.Revenue);
        steps.Add(new MoneyStep(t["Money.Revenue"], revenue, IsSum: true));
        steps.Add(new MoneyStep(t["Money.NotYours"], -line.Amount - revenue));
        steps.Add(new MoneyStep(t["Money.Yours"], -line.Amount, IsSum: true));
        return steps;

        void Add(string name, Money amount)
        {
            if (amount != Money.Zero)
            {
                steps.Add(new MoneyStep(t[name], amount));
            }
        }
    }

    public IReadOnlyList<Figure> Curtailed() => bill.Role != Role.Producer ? [] : bill.Curtailed.Count == 0
        ? [new Figure(t["Curtailed.Nothing"], format.Energy(Energy.Zero), t["Curtailed.None"])]
        : [.. bill.Curtailed.SelectMany(row => new[]
        {
            new Figure(t["Curtailed.Energy", Small(row.Carrier)], format.Energy(row.Energy), t["Curtailed.Energy.How", format.Count(row.Hours)]),
            new Figure(t["Curtailed.Compensation", Small(row.Carrier)], format.Money(row.Compensation), t["Curtailed.Compensation.How"]),
        })];

    private IEnumerable<Figure> Produced(PlantAccount plant)
    {
        foreach (var side in plant.Given)
        {
            yield return new Figure(t["Sold", Small(side.Carrier)], format.Energy(side.Traded.Abs()), t["Sold.How"]);
            if (side.AveragePrice is { } average)
            {
                yield return new Figure(t["PriceReceived", Small(side.Carrier)], format.Price(average), Range("PriceReceived.How", side));
            }

            yield return new Figure(t["Delivered", Small(side.Carrier)], format.Energy(side.Metered.Abs()), t["Delivered.How", format.Energy(side.Below.Abs()), format.Energy(side.Above)]);
            yield return new Figure(t["Differences", Small(side.Carrier)], format.Money(-side.Imbalance), t["Differences.How"]);
            yield return new Figure(t["Certificates", Small(side.Carrier)], format.Energy(side.Certified.Abs()), side.Certified == Energy.Zero ? t["Certificates.None"] : t["Certificates.How", format.Money(-side.Premium)]);
        }

        foreach (var side in plant.Taken.Where(side => side.Traded != Energy.Zero))
        {
            yield return new Figure(
                t["Bought", Small(side.Carrier)], format.Energy(side.Traded), t["Bought.How", side.AveragePrice is { } paid ? format.Price(paid) : "–", format.Money(side.Amount), format.Money(side.NetworkFee)]);
        }

        foreach (var figure in Running(plant))
        {
            yield return figure;
        }
    }

    private IEnumerable<Figure> Stored(PlantAccount plant)
    {
        if (plant.Store is { } store)
        {
            yield return new Figure(t["Level.Start"], Level(store.AtStart, store), t["Level.Start.How"]);
            yield return new Figure(t["Level.End"], Level(store.AtEnd, store), t["Level.End.How"]);
            yield return new Figure(t["Level.Range"], t["Range", Level(store.Lowest, store), Level(store.Highest, store)], t["Level.Range.How", Level(store.Mean, store)]);
            yield return new Figure(t["Charged"], format.Energy(store.Charged), t["Charged.How"]);
            yield return new Figure(t["Discharged"], format.Energy(store.Discharged), t["Discharged.How"]);
            yield return new Figure(t["Lost"], format.Energy(store.Lost), t["Lost.How"]);
            if (store.CyclesThousandths is { } cycles)
            {
                yield return new Figure(t["Cycles"], format.Number(cycles / 1000m, 2), t["Cycles.How", format.Energy(store.Capacity)]);
            }
        }

        foreach (var side in plant.Taken)
        {
            yield return new Figure(t["PricePaid"], side.AveragePrice is { } paid ? format.Price(paid) : "–", Range("PricePaid.How", side));
        }

        foreach (var side in plant.Given)
        {
            yield return new Figure(t["PriceReceived", Small(side.Carrier)], side.AveragePrice is { } received ? format.Price(received) : "–", Range("PriceReceived.How", side));
        }

        if (plant is { Taken: [{ AveragePrice: { } bought }, ..], Given: [{ AveragePrice: { } sold }, ..] })
        {
            yield return new Figure(t["Spread"], format.Price(new Price(sold.MicroPerKWh - bought.MicroPerKWh)), t["Spread.How"]);
        }

        yield return new Figure(t["Differences.Store"], format.Money(-plant.Imbalance), t["Differences.How"]);
        yield return new Figure(t["Fees"], format.Money(-plant.NetworkFees), t["Fees.How"]);
    }

    private IEnumerable<Figure> Invested(PlantAccount plant)
    {
        var line = Share(plant);
        yield return new Figure(t["Revenue"], format.Money(new Money(line.Trace["revenueMicro"] ?? 0)), t["Revenue.How"]);
        yield return new Figure(t["YourShare"], format.Percent(line.Quantity / Million, line.Quantity % 10_000 == 0 ? 0 : 2), t["YourShare.How", format.Money(-line.Amount)]);
        if (plant.Invested is { } invested && invested > Money.Zero)
        {
            var part = (decimal)-line.Amount.Micro / invested.Micro;
            yield return new Figure(t["Yield"], format.Percent(part, 2), t["Yield.How", format.Money(-line.Amount), format.Money(invested)]);
            yield return new Figure(t["YieldYear"], format.Percent(part * 365 * 24 / Math.Max(1, plant.Hours), 1), t["YieldYear.How"]);
        }

        foreach (var side in plant.Given)
        {
            yield return new Figure(t["Delivered", Small(side.Carrier)], format.Energy(side.Metered.Abs()), t["Delivered.How", format.Energy(side.Below.Abs()), format.Energy(side.Above)]);
            if (side.AveragePrice is { } average)
            {
                yield return new Figure(t["PriceReceived", Small(side.Carrier)], format.Price(average), Range("PriceReceived.How", side));
            }
        }

        foreach (var figure in Running(plant))
        {
            yield return figure;
        }
    }

    /// <summary>How much of the time a plant stood ready, and what of its power was used.</summary>
    private IEnumerable<Figure> Running(PlantAccount plant)
    {
        if (plant.Kind is null || plant.Hours == 0)
        {
            yield break;
        }

        yield return new Figure(t["Availability"], format.Percent((decimal)plant.HoursInAuction / plant.Hours, 1), t["Availability.How", format.Count(plant.HoursInAuction), format.Count(plant.Hours)]);
        yield return new Figure(t["Running"], format.Percent((decimal)plant.HoursGiving / plant.Hours, 1), t["Running.How", format.Count(plant.HoursGiving), format.Count(plant.Hours)]);
        if (plant.UseMillionths is { } use)
        {
            yield return new Figure(t["Use"], format.Percent(use / Million, 1), t["Use.How", format.Power(plant.CapacityWatts), format.Count(plant.Hours)]);
        }

        if (plant.Offered > Energy.Zero)
        {
            yield return new Figure(t["NotAccepted"], format.Energy(Energy.Max(Energy.Zero, plant.Offered - plant.Accepted)), t["NotAccepted.How", format.Energy(plant.Offered), format.Energy(plant.Accepted)]);
        }
    }

    private BillLineView Share(PlantAccount plant) => bill.Lines.First(line => line.Kind == BillLineKind.ShareReceived && line.Plant == plant.Plant);

    private string Range(string key, SideOfPlant side) => side is { Lowest: { } lowest, Highest: { } highest } ? t[key, format.Price(lowest), format.Price(highest)] : t[key + ".None"];

    private string Level(Energy level, StoreOfPeriod store) =>
        format.Energy(level) + (store.Capacity > Energy.Zero ? " (" + format.Percent((decimal)level.WattHours / store.Capacity.WattHours) + ")" : "");

    private string Small(Carrier carrier) => words["Small." + carrier];
}
