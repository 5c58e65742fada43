namespace Marketplace.Web.Features.Transparency;

/// <summary>Names the words of the transparency pages, in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
