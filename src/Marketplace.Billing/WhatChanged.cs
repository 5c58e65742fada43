using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>Why a bill differs from the one before, in the order in which it is told.</summary>
public enum ChangeCause
{
    /// <summary>The period has more or fewer days.</summary>
    Days = 1,

    /// <summary>It was colder or warmer: degree days of the two periods, after the days.</summary>
    Weather = 2,

    /// <summary>More or less energy, beyond what days and weather explain.</summary>
    Volume = 3,

    /// <summary>Another price for the same energy.</summary>
    Price = 4,

    /// <summary>What was taken differed from what was ordered.</summary>
    Imbalance = 5,

    /// <summary>Another rate of network fees and levies.</summary>
    Fees = 6,

    /// <summary>Standing charges.</summary>
    Fixed = 7,

    /// <summary>Corrections, compensation, shares and clauses.</summary>
    Other = 8,

    /// <summary>Value added tax.</summary>
    Tax = 9,
}

/// <summary>What a cause adds to the total; below zero what it takes away.</summary>
public sealed record Change(ChangeCause Cause, long Cents);

/// <summary>A bill as far as it is compared.</summary>
public sealed record ComparedBill
{
    /// <summary>The lines.</summary>
    public required IReadOnlyList<ComparedLine> Lines { get; init; }

    /// <summary>The total in cents.</summary>
    public required long TotalCents { get; init; }

    /// <summary>The tax in cents.</summary>
    public required long VatCents { get; init; }

    /// <summary>How many days it covers.</summary>
    public required int Days { get; init; }

    /// <summary>Degree days of the period by carrier, where they are known.</summary>
    public IReadOnlyDictionary<Carrier, long> DegreeDays { get; init; } = new Dictionary<Carrier, long>();
}

/// <summary>A line as far as it is compared.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Carrier">The carrier, where one applies.</param>
/// <param name="Of">The plant or the levy's name, or empty.</param>
/// <param name="Quantity">In the unit of the kind.</param>
/// <param name="Exact">The exact amount.</param>
public sealed record ComparedLine(BillLineKind Kind, Carrier? Carrier, string Of, long Quantity, Money Exact);

/// <summary>Takes the difference of two bills apart. For energy at average prices p and quantities q of the bills 0 and 1, the quantity's part is
/// p₀·(q₁ − q₀) and the price's part (p₁ − p₀)·q₁; of the quantity's part, what q₀ would have grown by with the number of days is the days', and what
/// it would have grown by further with degree days the weather's. The parts are exact to a millionth, rounded to cents, and what rounding leaves goes
/// to the largest, so that they add up to the difference of the totals.</summary>
public static class WhatChanged
{
    /// <summary>The causes that have a part, in their order.</summary>
    public static IReadOnlyList<Change> Between(ComparedBill before, ComparedBill after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var parts = new SortedDictionary<ChangeCause, long>();
        void Add(ChangeCause cause, long micro) => parts[cause] = parts.GetValueOrDefault(cause) + micro;

        foreach (var (key, was, now) in Pairs(before.Lines, after.Lines))
        {
            var (q0, q1) = (was.Sum(line => line.Quantity), now.Sum(line => line.Quantity));
            var (a0, a1) = (was.Sum(line => line.Exact.Micro), now.Sum(line => line.Exact.Micro));
            if (!IsByEnergy(key.Kind))
            {
                Add(CauseOf(key.Kind), a1 - a0);
            }
            else if (q0 == 0 || q1 == 0)
            {
                Add(ChangeCause.Volume, a1 - a0);
            }
            else
            {
                var quantity = Rounding.DivideAwayFromZero((Int128)a0 * (q1 - q0), q0);
                var days = before.Days == 0 ? 0 : Rounding.DivideAwayFromZero((Int128)a0 * (after.Days - before.Days), before.Days);
                var weather = key.Carrier is { } carrier && Grown(before, after, carrier) is { } grown ? Rounding.DivideAwayFromZero((Int128)a0 * grown.By, grown.From) - days : 0;
                Add(ChangeCause.Days, days);
                Add(ChangeCause.Weather, weather);
                Add(ChangeCause.Volume, quantity - days - weather);
                Add(key.Kind is BillLineKind.NetworkFee or BillLineKind.Levy ? ChangeCause.Fees : ChangeCause.Price, a1 - a0 - quantity);
            }
        }

        Add(ChangeCause.Tax, Money.FromCents(after.VatCents - before.VatCents).Micro);
        var cents = parts.ToDictionary(part => part.Key, part => Money.FromMicro(part.Value).Cents);
        var rest = after.TotalCents - before.TotalCents - cents.Values.Sum();
        if (rest != 0)
        {
            var largest = parts.Where(part => part.Key != ChangeCause.Tax).DefaultIfEmpty(parts.First()).MaxBy(part => Math.Abs(part.Value)).Key;
            cents[largest] += rest;
        }

        return [.. cents.Where(part => part.Value != 0).OrderBy(part => part.Key).Select(part => new Change(part.Key, part.Value))];
    }

    private static IEnumerable<((BillLineKind Kind, Carrier? Carrier, string Of) Key, List<ComparedLine> Was, List<ComparedLine> Now)> Pairs(
        IReadOnlyList<ComparedLine> before, IReadOnlyList<ComparedLine> after)
    {
        static (BillLineKind, Carrier?, string) Key(ComparedLine line) => (line.Kind, line.Carrier, line.Of);
        var (was, now) = (before.ToLookup(Key), after.ToLookup(Key));
        return was.Select(group => group.Key).Union(now.Select(group => group.Key)).Select(key => (key, was[key].ToList(), now[key].ToList()));
    }

    /// <summary>By how many degree days a period grew from how many; nothing where one of them had none.</summary>
    private static (long By, long From)? Grown(ComparedBill before, ComparedBill after, Carrier carrier) =>
        before.DegreeDays.GetValueOrDefault(carrier) is var then and > 0 && after.DegreeDays.GetValueOrDefault(carrier) is var now and > 0 ? (now - then, then) : null;

    private static bool IsByEnergy(BillLineKind kind) => kind is BillLineKind.Energy or BillLineKind.Sale or BillLineKind.Input or BillLineKind.Charge
        or BillLineKind.Discharge or BillLineKind.NetworkFee or BillLineKind.Levy;

    private static ChangeCause CauseOf(BillLineKind kind) => kind switch
    {
        BillLineKind.Imbalance => ChangeCause.Imbalance,
        BillLineKind.StandingCharge => ChangeCause.Fixed,
        _ => ChangeCause.Other,
    };
}
