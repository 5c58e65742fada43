namespace Marketplace.Web.Features.Governance;

/// <summary>Names the words of this area in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
