namespace Marketplace.Market.Tests;

/// <summary>The naive twin: the whole auction as one linear program with a column for each step of each order, in floating point.</summary>
internal static class FullProgram
{
    public static LinearProblem Of(OrderBook book)
    {
        var costs = new List<double>();
        var uppers = new List<double>();
        var starts = new List<int> { 0 };
        var rows = new List<int>();
        var values = new List<double>();
        void Add(double cost, double upper, IEnumerable<(int Row, double Value)> entries)
        {
            costs.Add(cost);
            uppers.Add(upper);
            foreach (var (row, value) in entries)
            {
                rows.Add(row);
                values.Add(value);
            }

            starts.Add(rows.Count);
        }

        foreach (var order in book.Orders)
        {
            var sign = order.Side == Side.Buy ? 1 : -1;
            for (var s = 0; s < order.StepCount; s++)
            {
                var limit = order.Step(s).Limit;
                if (order.Side == Side.Buy ? book.Floor is null || limit >= book.Floor : book.Cap is null || limit <= book.Cap)
                {
                    var counted = order.Side == Side.Buy && limit > book.Cap ? book.Cap!.Value : order.Side == Side.Sell && limit < book.Floor ? book.Floor!.Value : limit;
                    Add(sign * counted.MicroPerKWh, order.Step(s).Quantity.WattHours, [(book.NodeIndex(order.Node), sign)]);
                }
            }
        }

        foreach (var unit in book.Converters)
        {
            Add(-unit.Cost.MicroPerKWh, unit.Capacity.WattHours, unit.Flows.Select(f => (book.NodeIndex(f.Key), -f.Value / 1e6)));
        }

        foreach (var line in book.Connections)
        {
            Add(-line.Fee.MicroPerKWh, line.Capacity.WattHours, [(book.NodeIndex(line.From), 1.0), (book.NodeIndex(line.To), (line.LossMillionths / 1e6) - 1)]);
        }

        return new LinearProblem([.. costs], [.. uppers], [.. starts], [.. rows], [.. values], new double[book.Nodes.Count]);
    }
}
