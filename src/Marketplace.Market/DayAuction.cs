using Marketplace.Market.Coupled;
using Marketplace.Market.Day;
using Marketplace.Market.Exact;
using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>A whole day in one auction: hours are coupled by stores and shiftable loads that the market schedules. The solver
/// proposes prices and a schedule in floating point; prices round to whole millionths, volumes to whole Wh that balance exactly, and
/// <see cref="DayCheck"/> proves in whole numbers that what is published is the best but for rounding. Where prices are not unique the
/// solver's are taken: the middle of an interval, which the hourly auction takes, would break what ties the hours together.</summary>
public static class DayAuction
{
    /// <summary>Clears a day.</summary>
    /// <param name="day">Books, stores and loads.</param>
    /// <param name="solver">Solves the day's linear program.</param>
    /// <exception cref="InvalidOperationException">The solver finds no optimum.</exception>
    public static DayResult Clear(DayBook day, ILinearProgram solver)
    {
        ArgumentNullException.ThrowIfNull(day);
        ArgumentNullException.ThrowIfNull(solver);
        var ladders = day.Hours.Select(book => new Ladders(book)).ToArray();
        var units = day.Hours.Select(UnitGroup.Of).ToArray();
        var found = new DayProgram(day, ladders, units, solver).Solve();
        var schedule = new WholeSchedule(day, found);
        var results = new ClearingResult[day.Hours.Count];
        for (var h = 0; h < results.Length; h++)
        {
            results[h] = ClearHour(day, h, ladders[h], units[h], found, schedule);
        }

        return new DayResult(day, results, schedule.Stores(), schedule.Loads());
    }

    private static ClearingResult ClearHour(DayBook day, int hour, Ladders ladders, UnitGroup[] units, DayProgram.Found found, WholeSchedule schedule)
    {
        var book = day.Hours[hour];
        var duals = Array.ConvertAll(found.Prices[hour], Whole);
        var exact = units.Select((unit, u) => Fraction(found.Activities[hour][u], unit.Capacity)).ToArray();
        schedule.Begin(hour);
        for (var search = false; ;)
        {
            var rooms = Enumerable.Range(0, duals.Length)
                .Select(n => new NodeRoom(ladders.Buys[n], ladders.Sells[n], duals[n], schedule.Net(hour, n))).ToArray();
            var (parts, net) = search ? WholeActivities.Of(units, rooms, exact, duals) : WholeActivities.RoundedDown(units, rooms, exact, duals);
            var node = Array.FindIndex([.. rooms.Select((room, n) => room.Excess(net[n]))], excess => excess != 0);
            if (node < 0)
            {
                schedule.End(hour);
                return Result(book, day, hour, ladders, units, rooms, parts, net, duals, schedule);
            }

            // The orders cannot take up what the schedule brings in whole Wh: the schedule gives way, else the units do.
            var excess = rooms[node].Excess(net[node]);
            if (!schedule.GivesWay(hour, node, excess) && (search || !RunsLess(units, exact, node, excess)))
            {
                search = search ? throw new InvalidOperationException($"Hour {hour}, node '{book.Nodes[node]}': nothing whole balances") : true;
            }
        }
    }

    /// <summary>Lets a unit that brings too much to a node, or takes too much from it, run a few Wh less: one that runs in part before one at capacity, then the finest flow.</summary>
    private static bool RunsLess(UnitGroup[] units, Rational[] exact, int node, long excess)
    {
        var best = units.Select((unit, u) => (Index: u, Flow: Array.IndexOf(unit.Nodes, node) is var k and >= 0 ? unit.Flows[k] * Math.Sign(excess) : 0))
            .Where(x => x.Flow > 0 && exact[x.Index] >= Rational.One)
            .OrderBy(x => exact[x.Index] == units[x.Index].Capacity).ThenBy(x => x.Flow).FirstOrDefault();
        if (best.Flow > 0)
        {
            var steps = (long)((((Int128)Math.Abs(excess) * Limits.One) + best.Flow - 1) / best.Flow);
            exact[best.Index] = Math.Max(0, exact[best.Index].Floor() - steps);
        }

        return best.Flow > 0;
    }

    private static ClearingResult Result(
        OrderBook book, DayBook day, int hour, Ladders ladders, UnitGroup[] units, NodeRoom[] rooms, long[][] parts, long[] net, long[] duals, WholeSchedule schedule)
    {
        var (bought, sold) = (new long[rooms.Length], new long[rooms.Length]);
        for (var n = 0; n < rooms.Length; n++)
        {
            (bought[n], sold[n]) = rooms[n].Volumes(net[n]);
        }

        var accepted = ladders.Distribute(book.Orders.Count, bought, sold);
        var (converters, connections) = UnitGroup.ByMember(book, units, parts);
        var prices = book.Nodes.Select((node, n) => new NodePrice(node, Price.FromMicroPerKWh(duals[n]), Price.FromMicroPerKWh(duals[n]), Price.FromMicroPerKWh(duals[n]))).ToArray();
        var extended = DayResult.Extended(day, hour, schedule.Stores(), schedule.Loads(), [.. prices.Select(p => p.Price)]);
        return ClearingCheck.Certify(extended, prices, [.. accepted, .. schedule.Accepted(hour)], converters, connections, DayCheck.MoreMissed(day, hour));
    }

    internal static long Whole(double value) => (long)Math.Round(Math.Clamp(value, -1e15, 1e15), MidpointRounding.AwayFromZero);

    /// <summary>What the solver means: none, all, or a fraction to a thousandth of a Wh.</summary>
    private static Rational Fraction(double value, long most)
    {
        var near = 1e-6 * (1 + (most * 1e-3));
        return value <= near ? Rational.Zero
            : value >= most - near ? most
            : Math.Abs(value - Math.Round(value)) < 1e-4 ? (long)Math.Round(value)
            : Rational.Of((System.Numerics.BigInteger)Math.Floor(value * 1_000), 1_000);
    }
}
