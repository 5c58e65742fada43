using Marketplace.Contracts;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>How much less than agreed the deals between two members delivered because the seller could not give it, hour by hour: a good hour does not make up
/// for a bad one. What the buyer could not take or the network not carry is not the seller's.</summary>
internal sealed class UnderDelivery : DealVolume
{
    public override QuantityForm Form { get; } = new("under-delivery", Unit.WattHours) { AddsUp = true, NeverNegative = true, NeedsCarrier = true, NeedsOther = true };

    // DealCurtailment.SellerCannotGive.
    protected override string Sum => "CASE WHEN curtailed = 1 THEN agreed - delivered ELSE 0 END";
}
