namespace Marketplace.Web.Features.Members;

/// <summary>Names the words of the pages about members, in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
