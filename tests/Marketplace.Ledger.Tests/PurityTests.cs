using System.Xml.Linq;
using Shouldly;
using Xunit;

namespace Marketplace.Ledger.Tests;

/// <summary>The ledger's core is a package that others could take: it stands alone.</summary>
public class PurityTests
{
    private static readonly string[] Allowed =
        ["System.Runtime", "System.Collections", "System.Linq", "System.Memory", "System.Numerics.Vectors", "System.Security.Cryptography", "System.Text.Encoding.Extensions", "System.Runtime.InteropServices"];

    [Fact]
    public void It_needs_nothing_but_the_platform_and_of_that_no_files_network_clock_or_tasks() =>
        typeof(MerkleTree).Assembly.GetReferencedAssemblies().Select(a => a.Name!).Except(Allowed).ShouldBeEmpty();

    [Fact]
    public void Its_project_references_nothing_and_says_what_it_is()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at!.FullName, "Marketplace.sln")))
        {
            at = at.Parent;
        }

        var project = XDocument.Load(Path.Combine(at.FullName, "src", "Marketplace.Ledger", "Marketplace.Ledger.csproj"));
        project.Descendants("ProjectReference").ShouldBeEmpty();
        project.Descendants("PackageReference").ShouldBeEmpty();
        project.Descendants("FrameworkReference").ShouldBeEmpty();
        project.Descendants("PureCore").ShouldHaveSingleItem().Value.ShouldBe("true");
        project.Descendants("PackageId").ShouldHaveSingleItem();
        project.Descendants("Description").ShouldHaveSingleItem();
    }
}
