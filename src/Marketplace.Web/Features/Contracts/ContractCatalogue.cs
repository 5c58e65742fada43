using Marketplace.Contracts;
using Marketplace.Web.Features.Contracts.Quantities;

namespace Marketplace.Web.Features.Contracts;

/// <summary>All that clauses can be about, by name.</summary>
internal sealed class ContractCatalogue(IEnumerable<IContractQuantity> quantities)
{
    /// <summary>The languages in which a published template is worded.</summary>
    public static readonly IReadOnlyList<string> Languages = ["en", "de", "fr"];

    public IReadOnlyDictionary<string, IContractQuantity> Quantities { get; } = quantities.ToDictionary(quantity => quantity.Form.Name);

    public IReadOnlyDictionary<string, QuantityForm> Forms => field ??= Quantities.ToDictionary(quantity => quantity.Key, quantity => quantity.Value.Form);
}
