namespace Marketplace.Web.Features.PublicTexts;

/// <summary>Names this feature's words in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
