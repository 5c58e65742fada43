using Marketplace.Quantities;

namespace Marketplace.Web.Shell.Components.Charts;

/// <summary>A quantity in one interval: an hour, or a day in longer views. Below zero it hangs under the line.</summary>
/// <param name="At">The interval.</param>
/// <param name="Carrier">Whose colour and pattern.</param>
/// <param name="Energy">The quantity.</param>
/// <param name="Estimated">Whether it was not measured: drawn hatched.</param>
public sealed record EnergyBar(Interval At, Carrier Carrier, Energy Energy, bool Estimated = false);

/// <summary>A price in one interval, or none where nothing was traded.</summary>
/// <param name="At">The interval.</param>
/// <param name="Carrier">Whose line.</param>
/// <param name="Price">The price.</param>
/// <param name="Low">The band's lower edge, for a forecast.</param>
/// <param name="High">The band's upper edge, for a forecast.</param>
public sealed record PriceStep(Interval At, Carrier Carrier, Price? Price, Price? Low = null, Price? High = null);

/// <summary>What a kWh counts in CO2 in one interval.</summary>
public sealed record CarbonStep(Interval At, int GramsPerKWh);

/// <summary>One step of an aggregated curve: this much energy at this limit. In any order; the chart sorts.</summary>
public sealed record CurveStep(Energy Quantity, Price Limit);

/// <summary>A node of a flow picture. Columns run from left to right: sources, carriers, converters, members, losses.</summary>
/// <param name="Id">For the links.</param>
/// <param name="Label">Words.</param>
/// <param name="Column">From 0.</param>
/// <param name="Carrier">Its colour, if it is a carrier's.</param>
public sealed record FlowNode(string Id, string Label, int Column, Carrier? Carrier = null);

/// <summary>A flow between two nodes, drawn as wide as its energy.</summary>
/// <param name="From">A node's id.</param>
/// <param name="To">A node's id in a later column.</param>
/// <param name="Energy">Above zero.</param>
/// <param name="Carrier">Its colour; none for losses.</param>
public sealed record FlowLink(string From, string To, Energy Energy, Carrier? Carrier = null);
