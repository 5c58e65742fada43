using Marketplace.Quantities;

namespace Marketplace.Market.Day;

/// <summary>The schedule of a day's stores and loads in whole Wh, settled hour by hour: what the solver proposes, as far as what is held allows.</summary>
internal sealed class WholeSchedule
{
    private readonly DayBook _day;
    private readonly DayProgram.Found _found;
    private readonly Energy[][] _charged;
    private readonly Energy[][] _discharged;
    private readonly Energy[][] _held;
    private readonly Energy[][] _taken;

    public WholeSchedule(DayBook day, DayProgram.Found found)
    {
        (_day, _found) = (day, found);
        Energy[][] Table(int count) => [.. Enumerable.Range(0, count).Select(_ => new Energy[day.Hours.Count])];
        (_charged, _discharged, _held, _taken) = (Table(day.Stores.Count), Table(day.Stores.Count), Table(day.Stores.Count), Table(day.Loads.Count));
    }

    public StoreSchedule[] Stores() =>
        [.. _day.Stores.Select((_, s) => new StoreSchedule(_charged[s], _discharged[s], _held[s], [.. _found.Worth[s].Select(w => Price.FromMicroPerKWh(DayAuction.Whole(w)))]))];

    public LoadSchedule[] Loads() =>
        [.. _day.Loads.Select((_, l) => new LoadSchedule(_taken[l], Price.FromMicroPerKWh(DayAuction.Whole(Math.Max(0, _found.Scarcity[l])))))];

    /// <summary>Accepted energy of the schedule's orders in the order of <see cref="DayResult.Extended"/>.</summary>
    public IEnumerable<Energy> Accepted(int hour)
    {
        for (var s = 0; s < _charged.Length; s++)
        {
            yield return _charged[s][hour];
            yield return _discharged[s][hour];
        }

        for (var l = 0; l < _taken.Length; l++)
        {
            yield return _taken[l][hour];
        }
    }

    private Energy Before(int store, int hour) => hour == 0 ? _day.Stores[store].Initial : _held[store][hour - 1];

    private static Energy Clamp(double value, Energy most) => Energy.FromWh(Math.Clamp(DayAuction.Whole(value), 0, Math.Max(0, most.WattHours)));

    /// <summary>Takes up what the solver proposes for an hour, as far as contents and powers allow.</summary>
    public void Begin(int hour)
    {
        for (var s = 0; s < _charged.Length; s++)
        {
            var store = _day.Stores[s];
            var kept = store.Kept(Before(s, hour));
            var charged = Clamp(_found.Charged[s][hour], store.ChargePerHour);
            var available = kept + store.Added(charged);
            var discharged = Clamp(_found.Discharged[s][hour], store.DischargePerHour);
            discharged = Energy.FromWh(Math.Min(discharged.WattHours, UnitFlows.Whole(store.DischargeEfficiency, available.WattHours)));
            var over = available - store.Removed(discharged) - store.Capacity;
            if (over.WattHours > 0)
            {
                var less = (long)(((Int128)over.WattHours * Limits.One / store.ChargeEfficiency) + 1);
                charged = Energy.FromWh(Math.Max(0, charged.WattHours - less));
            }

            (_charged[s][hour], _discharged[s][hour]) = (charged, discharged);
        }

        for (var l = 0; l < _taken.Length; l++)
        {
            var left = _day.Loads[l].Total.WattHours - _taken[l].Take(hour).Sum(e => e.WattHours);
            _taken[l][hour] = Clamp(_found.Taken[l][hour], Energy.FromWh(Math.Min(left, _day.Loads[l].PerHour.WattHours)));
        }
    }

    /// <summary>Energy that stores and loads bring to a node; negative if they take it.</summary>
    public long Net(int hour, int node)
    {
        long net = 0;
        var name = _day.Nodes[node];
        for (var s = 0; s < _charged.Length; s++)
        {
            net += string.Equals(_day.Stores[s].Node, name, StringComparison.Ordinal) ? (_discharged[s][hour] - _charged[s][hour]).WattHours : 0;
        }

        for (var l = 0; l < _taken.Length; l++)
        {
            net -= string.Equals(_day.Loads[l].Node, name, StringComparison.Ordinal) ? _taken[l][hour].WattHours : 0;
        }

        return net;
    }

    /// <summary>Discharges less where too much comes, charges and takes less where too little does. Says whether that was possible.</summary>
    public bool GivesWay(int hour, int node, long excess)
    {
        var name = _day.Nodes[node];
        var left = Math.Abs(excess);
        void Less(Energy[][] what, int i, string at)
        {
            if (string.Equals(at, name, StringComparison.Ordinal))
            {
                var part = Math.Min(left, what[i][hour].WattHours);
                what[i][hour] -= Energy.FromWh(part);
                left -= part;
            }
        }

        for (var s = 0; s < _charged.Length; s++)
        {
            Less(excess > 0 ? _discharged : _charged, s, _day.Stores[s].Node);
        }

        for (var l = 0; l < _taken.Length && excess < 0; l++)
        {
            Less(_taken, l, _day.Loads[l].Node);
        }

        return left < Math.Abs(excess);
    }

    /// <summary>Settles what is held after an hour. What a store cannot hold because it discharged less is lost.</summary>
    public void End(int hour)
    {
        for (var s = 0; s < _charged.Length; s++)
        {
            var store = _day.Stores[s];
            _held[s][hour] = store.Kept(Before(s, hour)) + store.Added(_charged[s][hour]) - store.Removed(_discharged[s][hour]);
        }
    }
}
