using Marketplace.Contracts;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>How far what a member's meters took stays below the agreed baseline: the clause names the baseline and takes the metered energy from it.</summary>
internal sealed class Saving : MeteredEnergy
{
    public override QuantityForm Form { get; } = new("saving", Unit.WattHours) { AddsUp = true, NeedsCarrier = true, NeedsReference = true };
}
