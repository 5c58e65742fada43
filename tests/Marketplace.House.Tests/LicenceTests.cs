using Shouldly;
using Xunit;

namespace Marketplace.House.Tests;

/// <summary>Nothing enters this product, nor its tests, under a licence that was not agreed to.</summary>
public sealed class LicenceTests
{
    private static readonly HashSet<string> Allowed =
        ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "PostgreSQL", "MS-PL", "EPL-2.0"];

    /// <summary>Packages looked at by hand: what each states, what that is, and whether it may come with tests only.</summary>
    private static readonly Dictionary<string, (string States, string Because, bool OnlyInTests)> LookedAt = new(StringComparer.OrdinalIgnoreCase)
    {
        ["MediatR"] = ("url https://github.com/jbogard/MediatR/blob/master/LICENSE", "Apache-2.0 at version 5; later ones are commercial", false),
        ["xunit.abstractions"] = ("url https://raw.githubusercontent.com/xunit/xunit/master/license.txt", "Apache-2.0", true),
        ["Deque.AxeCore.Commons"] = ("MPL-2.0", "the accessibility checker, unchanged, never shipped", true),
    };

    private static readonly string Root = FindRoot();

    [Fact]
    public void Every_restored_package_has_a_licence_we_agreed_to()
    {
        var packages = RestoredPackage.All(Root);

        packages.Count.ShouldBeGreaterThan(20);
        packages.Where(package => !IsAgreed(package)).Select(package => package.ToString()).ShouldBeEmpty();
    }

    [Fact]
    public void Every_exact_version_is_pinned()
    {
        var loose = File.ReadLines(Path.Combine(Root, "Directory.Packages.props"))
            .Where(line => line.Contains("<PackageVersion ", StringComparison.Ordinal) && !line.Contains("Version=\"[", StringComparison.Ordinal));

        loose.ShouldBeEmpty();
    }

    [Fact]
    public void Every_project_locks_its_packages()
    {
        RestoredPackage.Projects(Root)
            .Where(project => !File.Exists(Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json")))
            .ShouldBeEmpty();
    }

    [Theory]
    [InlineData("MIT", true)]
    [InlineData("MS-PL OR Apache-2.0", true)]
    [InlineData("AGPL-3.0-only OR MIT", true)]
    [InlineData("AGPL-3.0-only", false)]
    [InlineData("MIT AND GPL-3.0-only", false)]
    [InlineData("(MIT OR GPL-2.0-only) AND Apache-2.0", true)]
    [InlineData("Apache-2.0 WITH LLVM-exception", false)]
    [InlineData("file LICENSE.txt", false)]
    [InlineData("none stated", false)]
    public void An_expression_is_read_for_what_it_grants(string licence, bool agreed) => LicenceExpression.Permits(licence, Allowed).ShouldBe(agreed);

    private static bool IsAgreed(RestoredPackage package) =>
        LicenceExpression.Permits(package.Licence, Allowed)
        || (LookedAt.TryGetValue(package.Id, out var known) && known.States == package.Licence && (package.OnlyInTests || !known.OnlyInTests));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Marketplace.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException($"No Marketplace.sln above {AppContext.BaseDirectory}");
        }

        return folder.FullName;
    }
}
