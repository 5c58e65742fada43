using System.Collections;
using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>Many orders with one limit each, as arrays of one length: position is priority in time. A book of a million orders takes
/// some 20 MB this way.</summary>
/// <param name="Nodes">Position of each order's node among the book's.</param>
/// <param name="Sides">Buy or sell.</param>
/// <param name="QuantitiesWh">The most that is wanted, in Wh.</param>
/// <param name="LimitsMicroPerKWh">Limit in millionths per kWh.</param>
/// <param name="Ids">Ids, all different; without them an order's id is its position.</param>
public sealed record OrderArrays(int[] Nodes, Side[] Sides, long[] QuantitiesWh, long[] LimitsMicroPerKWh, string[]? Ids = null)
{
    /// <summary>How many orders there are.</summary>
    public int Count => QuantitiesWh.Length;

    internal string Id(int index) => Ids is null ? index.ToString(CultureInfo.InvariantCulture) : Ids[index];

    internal void Check(int nodes)
    {
        Order.Require(
            Nodes.Length == Count && Sides.Length == Count && LimitsMicroPerKWh.Length == Count && (Ids is null || Ids.Length == Count),
            "orders: the arrays are not of one length");
        for (var i = 0; i < Count; i++)
        {
            if ((uint)Nodes[i] >= (uint)nodes || Sides[i] is not (Side.Buy or Side.Sell))
            {
                Order.Require((uint)Nodes[i] < (uint)nodes, $"order '{Id(i)}': its node is unknown");
                Order.Require(holds: false, $"order '{Id(i)}': side is neither buy nor sell");
            }

            if ((ulong)QuantitiesWh[i] > (ulong)Limits.QuantityWh || LimitsMicroPerKWh[i] is < -Limits.PriceMicroPerKWh or > Limits.PriceMicroPerKWh)
            {
                Order.RequireStep(Id(i), Energy.FromWh(QuantitiesWh[i]), Price.FromMicroPerKWh(LimitsMicroPerKWh[i]));
            }
        }
    }
}

/// <summary>The same as a list of orders, each made when it is asked for.</summary>
internal sealed class ArrayOrders(OrderArrays arrays, IReadOnlyList<string> nodes) : IReadOnlyList<Order>
{
    public int Count => arrays.Count;

    public Order this[int index] => new(
        arrays.Id(index), nodes[arrays.Nodes[index]], arrays.Sides[index],
        Energy.FromWh(arrays.QuantitiesWh[index]), Price.FromMicroPerKWh(arrays.LimitsMicroPerKWh[index]));

    public IEnumerator<Order> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Every step of every order of a book in order of time, as arrays: what a clearing and its check go through.</summary>
internal sealed class OrderSteps
{
    private readonly int[]? _orders;

    public OrderSteps(OrderArrays arrays) => (Nodes, Sides, Quantities, StepLimits) = (arrays.Nodes, arrays.Sides, arrays.QuantitiesWh, arrays.LimitsMicroPerKWh);

    public OrderSteps(IReadOnlyList<Order> orders, Func<string, int> nodeIndex)
    {
        var count = orders.Sum(order => order.StepCount);
        (Nodes, Sides, Quantities, StepLimits, _orders) = (new int[count], new Side[count], new long[count], new long[count], new int[count]);
        var k = 0;
        for (var i = 0; i < orders.Count; i++)
        {
            var order = orders[i];
            var node = nodeIndex(order.Node);
            for (var s = 0; s < order.StepCount; s++, k++)
            {
                var step = order.Step(s);
                (Nodes[k], Sides[k], Quantities[k], StepLimits[k], _orders[k]) = (node, order.Side, step.Quantity.WattHours, step.Limit.MicroPerKWh, i);
            }
        }
    }

    public int Count => Quantities.Length;

    public int[] Nodes { get; }

    public Side[] Sides { get; }

    public long[] Quantities { get; }

    public long[] StepLimits { get; }

    /// <summary>Position of the order to which a step belongs.</summary>
    public int Order(int step) => _orders is null ? step : _orders[step];
}
