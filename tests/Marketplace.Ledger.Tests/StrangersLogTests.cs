using System.IO.Compression;
using System.Net;
using Shouldly;
using Xunit;

namespace Marketplace.Ledger.Tests;

/// <summary>Logs that are not ours, published as others publish them, and servers that misbehave: each ends with one clear sentence.</summary>
public class StrangersLogTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    public void Sizes_at_the_edges_of_tiles(int size)
    {
        using var folder = new LogFolder(size);
        var (exit, output, _) = LogFolder.Audit("log", folder.Root, "--policy", folder.Policy);
        exit.ShouldBe(0);
        output.ShouldContain($"{size} entries");
        LogFolder.Audit("consistency", folder.Root, folder.At("checkpoint")).Exit.ShouldBe(0);
        if (size == 0)
        {
            folder.Write("checkpoint", new Checkpoint(LogFolder.Key.Verifier.Name, 0, MerkleHash.Leaf([])).Sign(LogFolder.Key).ToBytes());
            foreach (var args in new string[][] { ["log", folder.Root], ["consistency", folder.Root, folder.At("checkpoint")], ["log", folder.Root, "--policy", folder.Policy] })
            {
                LogFolder.Audit(args).ShouldSatisfyAllConditions(said => said.Exit.ShouldBe(1), said => said.Words.ShouldContain("size 0"));
            }
        }
    }

    [Fact]
    public void Entries_of_any_length()
    {
        using var folder = new LogFolder(0);
        var random = new Random(1);
        foreach (var length in Enumerable.Range(0, 300).Select(i => i % 50 == 0 ? EntryBundle.MaxEntry : random.Next(3000)))
        {
            var entry = new byte[length];
            random.NextBytes(entry);
            folder.Log.Append(entry);
        }

        folder.Grow(0);
        LogFolder.Audit("log", folder.Root, "--policy", folder.Policy).Exit.ShouldBe(0);
        using var site = new FolderSite(folder.Root);
        LogFolder.Audit("log", site.Address).Exit.ShouldBe(0);
        var bundle = File.ReadAllBytes(folder.At("tile/entries/000"));
        bundle[^1] ^= 1;
        folder.Write("tile/entries/000", bundle);
        LogFolder.Audit("log", site.Address).ShouldSatisfyAllConditions(said => said.Exit.ShouldBe(1), said => said.Words.ShouldContain("tile/0/000 differs"));
    }

    [Fact]
    public void A_packed_answer_is_unpacked_and_a_redirect_followed()
    {
        using var folder = new LogFolder(700);
        using var site = new FolderSite(folder.Root)
        {
            Instead = context =>
            {
                if (context.Request.Url!.AbsolutePath.StartsWith("/moved/", StringComparison.Ordinal))
                {
                    context.Response.Redirect(context.Request.Url.AbsolutePath["/moved".Length..]);
                    return true;
                }

                var file = folder.At(context.Request.Url.AbsolutePath.TrimStart('/'));
                if (!File.Exists(file))
                {
                    return false;
                }

                context.Response.AddHeader("Content-Encoding", "gzip");
                using var packed = new GZipStream(context.Response.OutputStream, CompressionLevel.Fastest);
                packed.Write(File.ReadAllBytes(file));
                return true;
            },
        };
        foreach (var address in new[] { site.Address, site.Address + "/", site.Address + "/moved", site.Address + "/moved/" })
        {
            LogFolder.Audit("log", address, "--policy", folder.Policy).Exit.ShouldBe(0, address);
        }
    }

    [Theory]
    [InlineData("500", 2, "answers 500")]
    [InlineData("429", 2, "answers 429")]
    [InlineData("cut", 2, "cannot be reached")]
    [InlineData("404", 1, "is not served")]
    [InlineData("short", 1, "bytes instead of")]
    [InlineData("page", 1, "bytes instead of")]
    public void A_server_that_misbehaves(string deed, int exit, string words)
    {
        using var folder = new LogFolder(700);
        using var site = new FolderSite(folder.Root)
        {
            Instead = context =>
            {
                if (!context.Request.Url!.AbsolutePath.StartsWith("/tile/0/", StringComparison.Ordinal))
                {
                    return false;
                }

                switch (deed)
                {
                    case "cut":
                        context.Response.ContentLength64 = 8192;
                        context.Response.OutputStream.Write(new byte[100]);
                        context.Response.OutputStream.Flush();
                        context.Response.Abort();
                        break;
                    case "short":
                        context.Response.OutputStream.Write(new byte[8191]);
                        break;
                    case "page":
                        context.Response.OutputStream.Write("<html>Sign in</html>"u8);
                        break;
                    default:
                        context.Response.StatusCode = int.Parse(deed, System.Globalization.CultureInfo.InvariantCulture);
                        break;
                }

                return true;
            },
        };
        var said = LogFolder.Audit("log", site.Address, "--policy", folder.Policy);
        said.Exit.ShouldBe(exit);
        said.Words.ShouldContain(words);
        said.Words.Trim().ShouldNotContain("\n");
        said.Output.ShouldBeEmpty();
    }

    [Fact]
    public void No_log_at_all()
    {
        using var folder = new LogFolder(3);
        using var site = new FolderSite(folder.Root);
        LogFolder.Audit("log", site.Address + "/elsewhere").ShouldSatisfyAllConditions(said => said.Exit.ShouldBe(2), said => said.Words.ShouldContain("no checkpoint at"));
        folder.Write("checkpoint", "<html>Sign in</html>"u8.ToArray());
        LogFolder.Audit("log", site.Address).Exit.ShouldBe(1);
        LogFolder.Audit("log", "ftp://example.org/").Exit.ShouldBe(2);
        LogFolder.Audit("log", "http://").Exit.ShouldBe(2);
    }
}
