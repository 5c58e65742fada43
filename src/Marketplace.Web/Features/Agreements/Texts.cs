namespace Marketplace.Web.Features.Agreements;

/// <summary>Names the words of this area in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
