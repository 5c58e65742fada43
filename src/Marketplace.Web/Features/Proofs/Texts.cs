namespace Marketplace.Web.Features.Proofs;

/// <summary>Names the words of the page that checks proofs, in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
