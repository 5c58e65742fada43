namespace Marketplace.Web.Features.Signing;

/// <summary>Names the words about signing in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
