namespace Marketplace.Web.Features.Consumption.Months;

/// <summary>Names the words of the monthly information in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
