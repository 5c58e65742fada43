using Marketplace.Quantities;

namespace Marketplace.Web.Features.Metering;

/// <summary>A step of a meter's chart.</summary>
/// <param name="Estimated">Any hour of it is an estimate.</param>
/// <param name="Doubtful">A check that nobody has answered doubts an hour of it.</param>
/// <param name="Changed">An hour of it had another value before.</param>
/// <param name="Missing">It has no value at all.</param>
public sealed record MeterBar(Interval At, Energy Energy, bool Estimated, bool Doubtful, bool Changed, bool Missing);
