namespace Marketplace.Web.Features.Ledger;

/// <summary>Names the words of the ledger's pages, in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
