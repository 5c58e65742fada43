using System.Text.Json;
using System.Xml.Linq;

namespace Marketplace.House.Tests;

/// <summary>A package that some project here restored, what it says of its own licence, and whether only tests restored it.</summary>
internal sealed record RestoredPackage(string Id, string Version, string Licence, bool OnlyInTests)
{
    public override string ToString() => $"{Id} {Version}: {Licence}";

    /// <summary>Every package of every project, transitive ones and mere downloads too.</summary>
    public static IReadOnlyList<RestoredPackage> All(string root)
    {
        var found = new SortedDictionary<string, RestoredPackage>(StringComparer.Ordinal);
        foreach (var project in Projects(root))
        {
            var assets = Path.Combine(Path.GetDirectoryName(project)!, "obj", "project.assets.json");
            if (!File.Exists(assets))
            {
                throw new FileNotFoundException($"{Path.GetFileName(project)} is not restored: run dotnet restore first", assets);
            }

            using var json = JsonDocument.Parse(File.ReadAllBytes(assets));
            var folders = json.RootElement.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name).ToList();
            foreach (var (id, version) in Packages(json.RootElement))
            {
                var key = $"{id.ToLowerInvariant()}/{version}";
                var inTests = project.StartsWith(Path.Combine(root, "tests") + Path.DirectorySeparatorChar, StringComparison.Ordinal);
                found[key] = found.TryGetValue(key, out var known)
                    ? known with { OnlyInTests = known.OnlyInTests && inTests }
                    : new RestoredPackage(id, version, LicenceOf(id, version, folders), inTests);
            }
        }

        return [.. found.Values];
    }

    public static IEnumerable<string> Projects(string root) =>
        new[] { "src", "migrations", "tests" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder), "*.csproj", SearchOption.AllDirectories))
            .Order(StringComparer.Ordinal);

    private static IEnumerable<(string Id, string Version)> Packages(JsonElement assets)
    {
        foreach (var library in assets.GetProperty("libraries").EnumerateObject())
        {
            if (library.Value.GetProperty("type").GetString() == "package")
            {
                var slash = library.Name.IndexOf('/', StringComparison.Ordinal);
                yield return (library.Name[..slash], library.Name[(slash + 1)..]);
            }
        }

        foreach (var framework in assets.GetProperty("project").GetProperty("frameworks").EnumerateObject())
        {
            if (!framework.Value.TryGetProperty("downloadDependencies", out var downloads))
            {
                continue;
            }

            foreach (var download in downloads.EnumerateArray())
            {
                // An exact range is written "[1.2.3, 1.2.3]".
                var version = download.GetProperty("version").GetString()!.Trim('[', ']').Split(',')[0].Trim();
                yield return (download.GetProperty("name").GetString()!, version);
            }
        }
    }

    private static string LicenceOf(string id, string version, IEnumerable<string> folders)
    {
        var nuspec = folders
            .Select(folder => Path.Combine(folder, id.ToLowerInvariant(), version.ToLowerInvariant(), id.ToLowerInvariant() + ".nuspec"))
            .FirstOrDefault(File.Exists);
        if (nuspec is null)
        {
            return "not in any package folder";
        }

        var metadata = XDocument.Load(nuspec).Root!.Elements().Single(element => element.Name.LocalName == "metadata");
        var licence = metadata.Elements().FirstOrDefault(element => element.Name.LocalName == "license");
        var address = metadata.Elements().FirstOrDefault(element => element.Name.LocalName == "licenseUrl")?.Value.Trim();
        return licence?.Attribute("type")?.Value switch
        {
            "expression" => licence.Value.Trim(),
            "file" => $"file {licence.Value.Trim()}",
            _ => address is null ? "none stated" : $"url {address}",
        };
    }
}
