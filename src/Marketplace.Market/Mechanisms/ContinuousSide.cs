using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>What rests on one side of a continuous book: levels of one limit, best first, each a queue in order of time.</summary>
internal sealed class ContinuousSide(Side side)
{
    private readonly Dictionary<long, Level> _byLimit = [];
    private readonly SortedSet<Level> _levels = new(Comparer<Level>.Create((a, b) => side == Side.Buy ? b.Limit.CompareTo(a.Limit) : a.Limit.CompareTo(b.Limit)));
    private readonly List<Level> _emptied = [];

    /// <summary>A step that rests.</summary>
    public sealed class Rest(int order, string? party, long left)
    {
        public int Order => order;

        public string? Party => party;

        public long Left { get; set; } = left;

        public Level? Level { get; set; }
    }

    /// <summary>All that rests at one limit.</summary>
    public sealed class Level(long limit)
    {
        public long Limit => limit;

        public LinkedList<Rest> Queue { get; } = new();

        public long Energy { get; set; }
    }

    /// <summary>The levels, best first.</summary>
    public IEnumerable<Level> Levels => _levels;

    /// <summary>Trades with what rests here at the given limit or better for who comes, and says how much is left.</summary>
    public long Take(int order, string? party, long wanted, long limit, List<Trade> trades)
    {
        foreach (var level in _levels)
        {
            if (wanted == 0 || (side == Side.Sell ? level.Limit > limit : level.Limit < limit))
            {
                break;
            }

            for (var node = level.Queue.First; node is not null && wanted > 0;)
            {
                var (rest, next) = (node.Value, node.Next);
                if (party is null || !string.Equals(party, rest.Party, StringComparison.Ordinal))
                {
                    var energy = Math.Min(wanted, rest.Left);
                    var (buy, sell) = side == Side.Sell ? (order, rest.Order) : (rest.Order, order);
                    trades.Add(new Trade(buy, sell, Energy.FromWh(energy), Price.FromMicroPerKWh(level.Limit)));
                    (wanted, rest.Left, level.Energy) = (wanted - energy, rest.Left - energy, level.Energy - energy);
                    if (rest.Left == 0)
                    {
                        level.Queue.Remove(node);
                        rest.Level = null;
                    }
                }

                node = next;
            }

            if (level.Queue.Count == 0)
            {
                _emptied.Add(level);
            }
        }

        _emptied.ForEach(Drop);
        _emptied.Clear();
        return wanted;
    }

    /// <summary>Lays what is left of a step behind what rests at its limit.</summary>
    public LinkedListNode<Rest> Add(Rest rest, long limit)
    {
        if (!_byLimit.TryGetValue(limit, out var level))
        {
            level = new Level(limit);
            _byLimit.Add(limit, level);
            _levels.Add(level);
        }

        level.Energy += rest.Left;
        rest.Level = level;
        return level.Queue.AddLast(rest);
    }

    /// <summary>Takes away what rests of a step, if anything does.</summary>
    public void Remove(LinkedListNode<Rest> node)
    {
        if (node.Value.Level is { } level)
        {
            level.Energy -= node.Value.Left;
            level.Queue.Remove(node);
            node.Value.Level = null;
            if (level.Queue.Count == 0)
            {
                Drop(level);
            }
        }
    }

    private void Drop(Level level)
    {
        _levels.Remove(level);
        _byLimit.Remove(level.Limit);
    }
}
