namespace Marketplace.Web.Features.Loops;

/// <summary>What kind of place a member is stands in the loop's own words. Those that many loops use are translated, however they are written.</summary>
public static class MemberKindKey
{
    /// <summary>The end of a word's key: <c>datacentre</c> for "DataCentre", "data centre" and "data_centre".</summary>
    public static string Of(string kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return string.Concat(kind.Where(char.IsLetterOrDigit)).ToLowerInvariant();
    }
}
