using System.Globalization;

namespace Marketplace.Web.Shell.Components;

/// <summary>Ids that join labels to what they label. Unique within a page; they carry no meaning.</summary>
public static class Ids
{
    private static int s_last;

    /// <summary>The next id with this beginning.</summary>
    public static string Next(string beginning) =>
        string.Create(CultureInfo.InvariantCulture, $"{beginning}-{unchecked((uint)Interlocked.Increment(ref s_last))}");
}
