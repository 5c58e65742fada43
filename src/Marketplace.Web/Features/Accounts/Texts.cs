namespace Marketplace.Web.Features.Accounts;

/// <summary>Names the words of the pages about accounts, in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
