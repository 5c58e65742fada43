namespace Marketplace.Web.Features.Campaigns;

/// <summary>Names the words of this area in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
