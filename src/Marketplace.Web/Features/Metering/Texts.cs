namespace Marketplace.Web.Features.Metering;

/// <summary>Names this feature's words in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
