namespace Marketplace.Web.Features.Auctions.Rules;

/// <summary>Names this folder's words in RulesTexts.resx.</summary>
public sealed class RulesTexts
{
    private RulesTexts()
    {
    }
}
