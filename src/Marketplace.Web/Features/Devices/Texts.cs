namespace Marketplace.Web.Features.Devices;

/// <summary>Names this feature's words in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
