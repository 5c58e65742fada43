namespace Marketplace.Web.Features.Ledger.Trust;

/// <summary>Names the words of the operator's ledger page, in TrustTexts.resx.</summary>
public sealed class TrustTexts
{
    private TrustTexts()
    {
    }
}
