namespace Marketplace.Web.Features.Notifications;

/// <summary>Names this feature's words in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
