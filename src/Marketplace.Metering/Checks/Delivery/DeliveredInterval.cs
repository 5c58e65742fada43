using Marketplace.Quantities;

namespace Marketplace.Metering.Checks.Delivery;

/// <summary>One interval as it arrived: which register of which meter, for which time, when, and from which device.</summary>
/// <param name="Meter">The meter's code: the place, which outlives devices.</param>
/// <param name="Register">Which of its registers.</param>
/// <param name="Start">The first instant.</param>
/// <param name="End">The first instant after.</param>
/// <param name="Device">The device's number; null where the way in does not say.</param>
/// <param name="ReceivedAt">When it arrived.</param>
/// <param name="DeviceTime">What the device's clock showed when it sent it.</param>
public sealed record DeliveredInterval(
    string Meter,
    string Register,
    DateTimeOffset Start,
    DateTimeOffset End,
    string? Device = null,
    DateTimeOffset? ReceivedAt = null,
    DateTimeOffset? DeviceTime = null)
{
    /// <summary>Its time in UTC. An interval that does not end after it starts is taken as the instant of its start.</summary>
    public Interval During => End > Start
        ? new Interval(Start.ToUniversalTime(), End.ToUniversalTime())
        : new Interval(Start.ToUniversalTime(), Start.ToUniversalTime().AddTicks(1));
}
