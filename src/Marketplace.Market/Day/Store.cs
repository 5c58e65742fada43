using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>A store that the market schedules over a day. What it holds at the end of an hour is, in whole Wh,
/// ⌊held·(1 − loss)⌋ + ⌊charged·charge efficiency⌋ − ⌈discharged / discharge efficiency⌉.</summary>
public sealed record Store
{
    /// <summary>Creates a store.</summary>
    /// <param name="id">Unique among the day's stores and loads.</param>
    /// <param name="node">Where it charges and discharges.</param>
    /// <param name="chargePerHour">Most energy it takes in one market hour.</param>
    /// <param name="dischargePerHour">Most energy it gives in one market hour.</param>
    /// <param name="capacity">Most it holds.</param>
    /// <param name="initial">What it holds at the start of the day.</param>
    /// <param name="endValue">Worth of a kWh held at the end of the day.</param>
    /// <param name="chargeEfficiency">Part of what is charged that is held, in millionths, above zero.</param>
    /// <param name="dischargeEfficiency">Part of what leaves the store that arrives at the node, in millionths, above zero.</param>
    /// <param name="loss">Part of what is held that an hour costs, in millionths.</param>
    /// <param name="fee">Cost and network fee per kWh charged; discharging pays none, so that the fee is paid once.</param>
    /// <exception cref="OrderBookException">A value is out of range.</exception>
    public Store(
        string id, string node, Energy chargePerHour, Energy dischargePerHour, Energy capacity, Energy initial, Price endValue,
        long chargeEfficiency = Limits.One, long dischargeEfficiency = Limits.One, long loss = 0, Price fee = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentNullException.ThrowIfNull(node);
        foreach (var (energy, what) in new[] { (chargePerHour, "charging power"), (dischargePerHour, "discharging power"), (capacity, "capacity"), (initial, "initial content") })
        {
            Order.Require(energy.WattHours is >= 0 and <= Limits.QuantityWh, $"store '{id}': {what} is not between 0 and {Limits.QuantityWh} Wh");
        }

        Order.Require(initial <= capacity, $"store '{id}': it holds more at first than its capacity");
        Order.Require(chargeEfficiency is > 0 and <= Limits.One && dischargeEfficiency is > 0 and <= Limits.One, $"store '{id}': an efficiency is not above 0 and at most 1");
        Order.Require(loss is >= 0 and <= Limits.One, $"store '{id}': loss is not between 0 and 1");
        foreach (var price in new[] { endValue, fee })
        {
            Order.Require(Math.Abs(price.MicroPerKWh) <= Limits.PriceMicroPerKWh, $"store '{id}': end value or fee is beyond ±{Limits.PriceMicroPerKWh} millionths per kWh");
        }

        (Id, Node, ChargePerHour, DischargePerHour, Capacity, Initial) = (id, node, chargePerHour, dischargePerHour, capacity, initial);
        (EndValue, ChargeEfficiency, DischargeEfficiency, Loss, Fee) = (endValue, chargeEfficiency, dischargeEfficiency, loss, fee);
    }

    /// <summary>Unique among the day's stores and loads.</summary>
    public string Id { get; }

    /// <summary>Where it charges and discharges.</summary>
    public string Node { get; }

    /// <summary>Most energy it takes in one market hour.</summary>
    public Energy ChargePerHour { get; }

    /// <summary>Most energy it gives in one market hour.</summary>
    public Energy DischargePerHour { get; }

    /// <summary>Most it holds.</summary>
    public Energy Capacity { get; }

    /// <summary>What it holds at the start of the day.</summary>
    public Energy Initial { get; }

    /// <summary>Worth of a kWh held at the end of the day.</summary>
    public Price EndValue { get; }

    /// <summary>Part of what is charged that is held, in millionths.</summary>
    public long ChargeEfficiency { get; }

    /// <summary>Part of what leaves the store that arrives at the node, in millionths.</summary>
    public long DischargeEfficiency { get; }

    /// <summary>Part of what is held that an hour costs, in millionths.</summary>
    public long Loss { get; }

    /// <summary>Cost and network fee per kWh charged.</summary>
    public Price Fee { get; }

    /// <summary>The most the store may pay for a kWh that it takes, where a kWh held is worth so much: below it, it gains.</summary>
    public Price BuysAt(Price worth) => Bounded(FloorDivide((Int128)worth.MicroPerKWh * ChargeEfficiency, Limits.One) - Fee.MicroPerKWh);

    /// <summary>The least the store must get for a kWh that it gives, where a kWh held is worth so much.</summary>
    public Price SellsAt(Price worth) => Bounded(-FloorDivide(-(Int128)worth.MicroPerKWh * Limits.One, DischargeEfficiency));

    private static Price Bounded(long limit) => Price.FromMicroPerKWh(Math.Clamp(limit, -Limits.PriceMicroPerKWh, Limits.PriceMicroPerKWh));

    private static long FloorDivide(Int128 a, Int128 b) => (long)(a >= 0 ? a / b : -((-a + b - 1) / b));

    /// <summary>What is left of a content after an hour, before charging and discharging.</summary>
    public Energy Kept(Energy held) => Energy.FromWh(UnitFlows.Whole(Limits.One - Loss, held.WattHours));

    /// <summary>What charging adds.</summary>
    public Energy Added(Energy charged) => Energy.FromWh(UnitFlows.Whole(ChargeEfficiency, charged.WattHours));

    /// <summary>What discharging takes away.</summary>
    public Energy Removed(Energy discharged) =>
        Energy.FromWh((long)((((Int128)discharged.WattHours * Limits.One) + DischargeEfficiency - 1) / DischargeEfficiency));
}

/// <summary>A load that may run at any time within a window: up to so much energy in all, and so much an hour.</summary>
public sealed record ShiftableLoad
{
    /// <summary>Creates a load.</summary>
    /// <param name="id">Unique among the day's stores and loads.</param>
    /// <param name="node">Where it takes energy.</param>
    /// <param name="total">The most it takes in all.</param>
    /// <param name="perHour">The most it takes in one market hour.</param>
    /// <param name="firstHour">Position of the first hour of its window.</param>
    /// <param name="endHour">Position after the last hour of its window.</param>
    /// <param name="limit">The most it pays per kWh.</param>
    /// <exception cref="OrderBookException">A value is out of range.</exception>
    public ShiftableLoad(string id, string node, Energy total, Energy perHour, int firstHour, int endHour, Price limit)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentNullException.ThrowIfNull(node);
        Order.Require(
            total.WattHours is >= 0 and <= Limits.QuantityWh && perHour.WattHours is >= 0 and <= Limits.QuantityWh,
            $"load '{id}': energy is not between 0 and {Limits.QuantityWh} Wh");
        Order.Require(firstHour >= 0 && firstHour < endHour, $"load '{id}': its window is empty");
        Order.Require(Math.Abs(limit.MicroPerKWh) <= Limits.PriceMicroPerKWh, $"load '{id}': limit is beyond ±{Limits.PriceMicroPerKWh} millionths per kWh");
        (Id, Node, Total, PerHour, FirstHour, EndHour, Limit) = (id, node, total, perHour, firstHour, endHour, limit);
    }

    /// <summary>Unique among the day's stores and loads.</summary>
    public string Id { get; }

    /// <summary>Where it takes energy.</summary>
    public string Node { get; }

    /// <summary>The most it takes in all.</summary>
    public Energy Total { get; }

    /// <summary>The most it takes in one market hour.</summary>
    public Energy PerHour { get; }

    /// <summary>Position of the first hour of its window.</summary>
    public int FirstHour { get; }

    /// <summary>Position after the last hour of its window.</summary>
    public int EndHour { get; }

    /// <summary>The most it pays per kWh.</summary>
    public Price Limit { get; }
}
