namespace Marketplace.Web.Features.Auctions.Live;

/// <summary>Names this folder's words in LiveTexts.resx.</summary>
public sealed class LiveTexts
{
    private LiveTexts()
    {
    }
}
