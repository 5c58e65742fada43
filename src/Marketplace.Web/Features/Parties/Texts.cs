namespace Marketplace.Web.Features.Parties;

/// <summary>Names the words of the parties of bills in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
