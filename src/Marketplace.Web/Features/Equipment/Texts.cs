namespace Marketplace.Web.Features.Equipment;

/// <summary>Names this feature's words in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
