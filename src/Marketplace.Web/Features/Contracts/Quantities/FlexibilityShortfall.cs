using Marketplace.Contracts;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>By how much less than asked a member moved its load, hour by hour, against the same baseline.</summary>
internal sealed class FlexibilityShortfall : DeliveredFlexibility
{
    public override QuantityForm Form { get; } = new("flexibility-shortfall", Unit.WattHours) { AddsUp = true, NeverNegative = true, NeedsCarrier = true };

    protected override string Counted => "asked - delivered";
}
