namespace Marketplace.Web.Features.Loops;

/// <summary>Names the words of the pages about new loops, in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
