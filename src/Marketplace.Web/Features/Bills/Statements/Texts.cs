namespace Marketplace.Web.Features.Bills.Statements;

/// <summary>Names the words of what statements and bills say beside their lines, in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
