namespace Marketplace.Web.Features.Privacy;

/// <summary>Names the words about one's own data and who may see it in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
