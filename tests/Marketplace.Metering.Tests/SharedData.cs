using Xunit;

namespace Marketplace.Metering.Tests;

/// <summary>Where the data and vectors lie that are not part of the repository.</summary>
internal static class SharedData
{
    public static string Shared { get; } = Path.Combine(Root(), "..", "shared");

    public static string Vectors { get; } = Path.Combine(Shared, "vectors", "mbus");

    public static string Cambridge { get; } = Path.Combine(Shared, "data", "cambridge-loop-2019");

    public static string Uiuc { get; } = Path.Combine(Shared, "data", "uiuc-district-2019");

    private static string Root()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Marketplace.sln")))
            {
                return folder;
            }
        }

        throw new InvalidOperationException("The tests run outside the repository");
    }
}

/// <summary>A test on shared data; skipped where they are missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedFactAttribute : FactAttribute
{
    public SharedFactAttribute()
    {
        if (!Directory.Exists(SharedData.Shared))
        {
            Skip = "no ../shared";
        }
    }
}
