namespace Marketplace.Web.Features.Bills;

/// <summary>Names the words of bills and statements in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
