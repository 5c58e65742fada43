using System.Globalization;
using System.Numerics;
using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>What a check of a day found.</summary>
/// <param name="Findings">Every broken rule; none means that the day is right.</param>
/// <param name="Welfare">Welfare of all hours, with the gains of stores and loads.</param>
/// <param name="DualityGap">How far the welfare is at most below the best possible.</param>
/// <param name="DualityGapBound">How much whole Wh and whole prices explain.</param>
public sealed record DayReport(IReadOnlyList<Finding> Findings, Money Welfare, Money DualityGap, Money DualityGapBound)
{
    /// <summary>Whether nothing was found.</summary>
    public bool Holds => Findings.Count == 0;
}

/// <summary>Checks a day in whole numbers without trusting who made it. Each hour, with the schedules as orders at its price, must be
/// a right clearing by itself; each store must be physically possible, and no schedule may gain much more at the prices. That is
/// shown with what the result says a kWh held is worth (w, after each hour): for any w ≥ or ≤ 0 no schedule gains more than
/// Σ charge power·max(0, efficiency·w − price − fee) + Σ discharge power·max(0, price − w/efficiency)
/// + Σ capacity·max(0, (1 − loss)·next w − w) + capacity·max(0, end value − last w) + (1 − loss)·initial·first w.</summary>
public static class DayCheck
{
    private const int WhAnHour = 4;

    /// <summary>Checks a day.</summary>
    public static DayReport Check(DayResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var findings = new List<Finding>();
        var day = result.Book;
        if (result.Hours.Count != day.Hours.Count || result.Stores.Count != day.Stores.Count || result.Loads.Count != day.Loads.Count)
        {
            return new DayReport([new Finding("shape", "day", "not one result for each hour, store and load")], default, default, default);
        }

        var (welfare, gap, bound) = (BigInteger.Zero, BigInteger.Zero, BigInteger.Zero);
        for (var h = 0; h < day.Hours.Count; h++)
        {
            var book = result.HourBook(h);
            var report = ClearingCheck.Check(book, result.Hours[h], MoreMissed(day, h));
            findings.AddRange(report.Findings.Select(f => f with { Where = $"hours[{Text(h)}], {f.Where}" }));
            for (var i = day.Hours[h].Orders.Count; i < book.Orders.Count; i++)
            {
                if (result.Hours[h].Accepted[i] != book.Orders[i].Quantity)
                {
                    findings.Add(new Finding("schedule", $"hours[{Text(h)}], '{book.Orders[i].Id}'", "not accepted as scheduled"));
                }
            }

            (welfare, gap, bound) = (welfare + report.Welfare.Micro, gap + report.Checks.DualityGap.Micro, bound + report.Checks.DualityGapBound.Micro);
        }

        void Add(string name, (BigInteger Best, BigInteger Gain, BigInteger Bound) sums)
        {
            // Below zero: where a content is worth less than nothing, what rounding loses is a gain.
            if (BigInteger.Abs(sums.Best - sums.Gain) > sums.Bound)
            {
                findings.Add(new Finding("schedule", name, $"another schedule may gain {ToMicro(sums.Best - sums.Gain).ToString(CultureInfo.InvariantCulture)} millionths more, rounding explains {ToMicro(sums.Bound).ToString(CultureInfo.InvariantCulture)}"));
            }

            (welfare, gap, bound) = (welfare + ToMicro(sums.Gain), gap + ToMicro(sums.Best - sums.Gain), bound + ToMicro(sums.Bound));
        }

        for (var s = 0; s < day.Stores.Count; s++)
        {
            var name = $"store '{day.Stores[s].Id}'";
            Add(name, OfStore(day.Stores[s], result.Stores[s], Prices(result, day.Stores[s].Node), Coarse(day), name, findings));
        }

        for (var l = 0; l < day.Loads.Count; l++)
        {
            var name = $"load '{day.Loads[l].Id}'";
            Add(name, OfLoad(day.Loads[l], result.Loads[l], Prices(result, day.Loads[l].Node), Coarse(day), name, findings));
        }

        return new DayReport(findings, ToMoney(welfare), ToMoney(gap), ToMoney(bound));
    }

    /// <summary>Wh that orders at each node may miss because stores and loads there run in whole Wh: a store loses less than four of them
    /// each hour (charge and discharge each rounded by half, three flows rounded down) and what the steps of units leave over, and may come short of all of them in one hour.</summary>
    internal static long[] MoreMissed(DayBook day, int hour)
    {
        var more = new long[day.Nodes.Count];
        foreach (var store in day.Stores)
        {
            more[day.Hours[0].NodeIndex(store.Node)] += Drift(store, Coarse(day)) * (hour + 1);
        }

        foreach (var load in day.Loads)
        {
            more[day.Hours[0].NodeIndex(load.Node)] += (1 + Coarse(day)) * (hour + 1);
        }

        return more;
    }

    /// <summary>What the steps of units in an hour leave over: at most one a node runs in part, each by less than a step.</summary>
    private static long Coarse(DayBook day)
    {
        var largest = day.Hours.SelectMany(h => h.Converters).SelectMany(c => c.Flows.Values).Select(Math.Abs)
            .Concat(day.Hours.SelectMany(h => h.Connections).Select(_ => Limits.One)).DefaultIfEmpty(0).Max();
        return largest == 0 ? 0 : day.Nodes.Count * (1 + ((largest + Limits.One - 1) / Limits.One));
    }

    private static long Drift(Store store, long coarse) => (WhAnHour + coarse) * ((Limits.One + store.ChargeEfficiency - 1) / store.ChargeEfficiency) * ((Limits.One + store.DischargeEfficiency - 1) / store.DischargeEfficiency);

    private static long[] Prices(DayResult result, string node) => [.. result.Hours.Select(h => h.Prices[result.Book.Hours[0].NodeIndex(node)].Price?.MicroPerKWh ?? 0)];

    /// <summary>What the best schedule of a store can gain at most, what this one does, and what rounding explains; in Wh × millionths × millionths.</summary>
    private static (BigInteger Best, BigInteger Gain, BigInteger Bound) OfStore(Store store, StoreSchedule schedule, long[] prices, long coarse, string name, List<Finding> findings)
    {
        BigInteger one = Limits.One;
        var (best, gain, bound) = (BigInteger.Zero, BigInteger.Zero, BigInteger.Zero);
        var (charge, discharge, capacity, fee) = ((BigInteger)store.ChargePerHour.WattHours, (BigInteger)store.DischargePerHour.WattHours, (BigInteger)store.Capacity.WattHours, store.Fee.MicroPerKWh);
        var kept = one - store.Loss;
        var held = store.Initial;
        var dearest = BigInteger.Abs(store.EndValue.MicroPerKWh);
        for (var h = 0; h < prices.Length; h++)
        {
            var (charged, discharged, worth) = (schedule.Charged[h], schedule.Discharged[h], (BigInteger)schedule.Worth[h].MicroPerKWh);
            held = store.Kept(held) + store.Added(charged) - store.Removed(discharged);
            if (charged.IsNegative || discharged.IsNegative || charged > store.ChargePerHour || discharged > store.DischargePerHour
                || held.IsNegative || held > store.Capacity || held != schedule.Held[h])
            {
                findings.Add(new Finding("store", $"hours[{Text(h)}], {name}", $"charged {charged}, discharged {discharged}, holds {held} of {store.Capacity}, stated {schedule.Held[h]}"));
            }

            gain += (((discharged - charged).WattHours * (BigInteger)prices[h]) - (charged.WattHours * (BigInteger)fee)) * one;
            best += charge * BigInteger.Max(0, (store.ChargeEfficiency * worth) - (one * (prices[h] + (BigInteger)fee)));
            best += discharge * BigInteger.Max(0, (one * prices[h]) - FloorDivide(worth * one * one, store.DischargeEfficiency));
            var next = h + 1 < prices.Length ? kept * schedule.Worth[h + 1].MicroPerKWh : one * store.EndValue.MicroPerKWh;
            best += capacity * BigInteger.Max(0, next - (one * worth));
            dearest = BigInteger.Max(dearest, BigInteger.Max(BigInteger.Abs(worth), BigInteger.Abs(prices[h])));

            // Prices and worths are rounded, each by at most a half and the solver's own error.
            bound += (charge * (store.ChargeEfficiency + one)) + (discharge * (one + (one * one / store.DischargeEfficiency) + 1)) + (2 * capacity * one);
        }

        best += kept * store.Initial.WattHours * schedule.Worth[0].MicroPerKWh;
        gain += held.WattHours * (BigInteger)store.EndValue.MicroPerKWh * one;
        bound += (store.Initial.WattHours * one) + (prices.Length * (BigInteger)Drift(store, coarse) * (dearest + Math.Abs(fee)) * one * 2);
        return (best, gain, bound);
    }

    private static (BigInteger Best, BigInteger Gain, BigInteger Bound) OfLoad(ShiftableLoad load, LoadSchedule schedule, long[] prices, long coarse, string name, List<Finding> findings)
    {
        BigInteger one = Limits.One;
        var scarcity = (BigInteger)schedule.Scarcity.MicroPerKWh;
        var (best, gain, bound) = (load.Total.WattHours * scarcity, BigInteger.Zero, (BigInteger)load.Total.WattHours);
        Int128 total = 0;
        for (var h = 0; h < prices.Length; h++)
        {
            var (taken, limit) = (schedule.Taken[h], (BigInteger)load.Limit.MicroPerKWh);
            var open = h >= load.FirstHour && h < load.EndHour;
            total += taken.WattHours;
            if (taken.IsNegative || taken > (open ? load.PerHour : Energy.Zero) || (taken.WattHours > 0 && prices[h] > load.Limit.MicroPerKWh))
            {
                findings.Add(new Finding("load", $"hours[{Text(h)}], {name}", $"takes {taken} of at most {(open ? load.PerHour : Energy.Zero)} at {Text(prices[h])}"));
            }

            gain += taken.WattHours * (limit - prices[h]);
            if (open)
            {
                best += load.PerHour.WattHours * BigInteger.Max(0, limit - prices[h] - scarcity);
                bound += (2 * (BigInteger)load.PerHour.WattHours) + ((4 + (2 * coarse)) * (BigInteger.Abs(limit) + Math.Abs(prices[h])));
            }
        }

        if (total > load.Total.WattHours || scarcity < 0)
        {
            findings.Add(new Finding("load", name, $"takes {total.ToString(CultureInfo.InvariantCulture)} Wh of {load.Total}"));
        }

        return (best * one, gain * one, bound * one);
    }

    private static BigInteger FloorDivide(BigInteger a, BigInteger b) => BigInteger.DivRem(a, b, out var rest) - (rest.Sign < 0 ? 1 : 0);

    private static BigInteger ToMicro(BigInteger scaled) => FloorDivide((2 * scaled) + ((BigInteger)1000 * Limits.One), 2 * (BigInteger)1000 * Limits.One);

    private static Money ToMoney(BigInteger micro) => Money.FromMicro((long)BigInteger.Clamp(micro, -long.MaxValue, long.MaxValue));

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
