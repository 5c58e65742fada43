namespace Marketplace.Web.Features.Sending;

/// <summary>Names the words about letters and their sending in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
