using Marketplace.Quantities;

namespace Marketplace.Replica;

/// <summary>What the outside is like in one hour: weather and the grid. Plants and demand depend on nothing else outside the loop.</summary>
/// <param name="Hour">Start of the hour, UTC.</param>
/// <param name="AirTempC">Outdoor air temperature in °C.</param>
/// <param name="GhiWm2">Global horizontal irradiance in W/m², mean of the hour.</param>
/// <param name="ImportPrice">What the grid asks for electricity; may be negative.</param>
/// <param name="CarbonGramsPerKWh">Carbon intensity of grid electricity in g CO2 per kWh.</param>
public sealed record Conditions(DateTimeOffset Hour, decimal AirTempC, decimal GhiWm2, Price ImportPrice, int CarbonGramsPerKWh);
