namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>Names the words of checks and exceptions in Texts.resx.</summary>
public sealed class Texts
{
    private Texts()
    {
    }
}
