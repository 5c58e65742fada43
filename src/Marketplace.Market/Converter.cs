using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>A plant that couples nodes: it takes energy at some and gives energy at others in fixed proportion.
/// A heat pump may take 1 of electricity and give 3.5 of heat and 2.5 of cold.</summary>
public sealed class Converter
{
    /// <summary>Creates a converter.</summary>
    /// <param name="id">Unique among the book's converters and connections, not empty.</param>
    /// <param name="capacity">Most activity in the hour, in Wh of its unit.</param>
    /// <param name="flows">Per Wh of its unit, in millionths: negative where it takes, positive where it gives.
    /// One of them must have absolute value 1 (1,000,000), which is the unit.</param>
    /// <param name="cost">Running cost per kWh of its unit.</param>
    /// <exception cref="OrderBookException">A value is out of range.</exception>
    public Converter(string id, Energy capacity, IReadOnlyDictionary<string, long> flows, Price cost)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(flows);
        Order.Require(id.Length > 0, "a converter's id is empty");
        Order.Require(!capacity.IsNegative, $"converter '{id}': capacity is negative");
        Order.Require(capacity.WattHours <= Limits.QuantityWh, $"converter '{id}': capacity exceeds {Limits.QuantityWh} Wh");
        Order.Require(
            cost.MicroPerKWh is >= -Limits.PriceMicroPerKWh and <= Limits.PriceMicroPerKWh,
            $"converter '{id}': cost is beyond ±{Limits.PriceMicroPerKWh} millionths per kWh");
        foreach (var (node, flow) in flows)
        {
            Order.Require(flow is >= -Limits.FlowMillionths and <= Limits.FlowMillionths, $"converter '{id}': its flow of '{node}' is beyond ±1000");
        }

        Order.Require(
            flows.Values.Any(flow => Math.Abs(flow) == Limits.One),
            $"converter '{id}': none of its flows has absolute value 1, so its unit is unknown");
        (Id, Capacity, Flows, Cost) = (id, capacity, new SortedDictionary<string, long>(flows.ToDictionary(), StringComparer.Ordinal), cost);
    }

    /// <summary>Unique among the book's converters and connections.</summary>
    public string Id { get; }

    /// <summary>Most activity in the hour, in Wh of its unit.</summary>
    public Energy Capacity { get; }

    /// <summary>Millionths per Wh of its unit, by node: negative where it takes, positive where it gives.</summary>
    public IReadOnlyDictionary<string, long> Flows { get; }

    /// <summary>Running cost per kWh of its unit.</summary>
    public Price Cost { get; }
}

/// <summary>A line or pipe from one node to another, in one direction.</summary>
public sealed class Connection
{
    /// <summary>Creates a connection.</summary>
    /// <param name="id">Unique among the book's converters and connections, not empty.</param>
    /// <param name="from">The node where energy enters.</param>
    /// <param name="to">The node where it arrives, less the loss.</param>
    /// <param name="capacity">Most energy that may enter in the hour.</param>
    /// <param name="lossMillionths">The part of what enters that does not arrive, in millionths, 0 to 1,000,000.</param>
    /// <param name="fee">Network fee per kWh that enters.</param>
    /// <exception cref="OrderBookException">A value is out of range.</exception>
    public Connection(string id, string from, string to, Energy capacity, long lossMillionths, Price fee)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        Order.Require(id.Length > 0, "a connection's id is empty");
        Order.Require(!string.Equals(from, to, StringComparison.Ordinal), $"connection '{id}': it leads from '{from}' to itself");
        Order.Require(!capacity.IsNegative, $"connection '{id}': capacity is negative");
        Order.Require(capacity.WattHours <= Limits.QuantityWh, $"connection '{id}': capacity exceeds {Limits.QuantityWh} Wh");
        Order.Require(lossMillionths is >= 0 and <= Limits.One, $"connection '{id}': loss is not between 0 and 1");
        Order.Require(
            fee.MicroPerKWh is >= -Limits.PriceMicroPerKWh and <= Limits.PriceMicroPerKWh,
            $"connection '{id}': fee is beyond ±{Limits.PriceMicroPerKWh} millionths per kWh");
        (Id, From, To, Capacity, LossMillionths, Fee) = (id, from, to, capacity, lossMillionths, fee);
    }

    /// <summary>Unique among the book's converters and connections.</summary>
    public string Id { get; }

    /// <summary>The node where energy enters.</summary>
    public string From { get; }

    /// <summary>The node where it arrives.</summary>
    public string To { get; }

    /// <summary>Most energy that may enter in the hour.</summary>
    public Energy Capacity { get; }

    /// <summary>The part of what enters that does not arrive, in millionths.</summary>
    public long LossMillionths { get; }

    /// <summary>Network fee per kWh that enters.</summary>
    public Price Fee { get; }
}
