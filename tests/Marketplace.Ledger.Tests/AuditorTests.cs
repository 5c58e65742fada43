using Shouldly;
using Xunit;

namespace Marketplace.Ledger.Tests;

public class AuditorTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(256)]
    [InlineData(700)]
    public void A_whole_log_is_recomputed(int entries)
    {
        using var folder = new LogFolder(entries);
        var (exit, output, _) = LogFolder.Audit("log", folder.Root);
        exit.ShouldBe(0);
        output.ShouldContain($"{entries} entries");
        output.ShouldContain("signatures not checked");
        LogFolder.Audit("log", folder.Root + "/", "--policy", folder.Policy).Output.ShouldContain("signed by PeterNeumann");
    }

    [Fact]
    public void A_log_of_three_levels_is_recomputed()
    {
        using var folder = new LogFolder(66_000);
        LogFolder.Audit("log", folder.Root, "--policy", folder.Policy).Exit.ShouldBe(0);
    }

    [Fact]
    public void Every_file_of_a_log_that_is_changed_cut_or_missing_is_noticed()
    {
        using var folder = new LogFolder(700);
        var files = Directory.GetFiles(folder.At("tile"), "*", SearchOption.AllDirectories);
        files.Length.ShouldBe(7, "two full and a partial tile, as many bundles, and one hash tile above");
        foreach (var file in files.Append(folder.At("checkpoint")))
        {
            var good = File.ReadAllBytes(file);
            for (var at = 0; at < good.Length; at += Math.Max(1, good.Length / 50))
            {
                var bad = good.ToArray();
                bad[at] ^= 1;
                File.WriteAllBytes(file, bad);
                LogFolder.Audit("log", folder.Root, "--policy", folder.Policy).Exit.ShouldBe(1, $"{file} byte {at}");
            }

            File.WriteAllBytes(file, good[..^1]);
            LogFolder.Audit("log", folder.Root, "--policy", folder.Policy).Exit.ShouldBe(1, $"{file} cut");
            File.WriteAllBytes(file, [.. good, 0]);
            LogFolder.Audit("log", folder.Root, "--policy", folder.Policy).Exit.ShouldBe(1, $"{file} extended");
            File.Delete(file);
            LogFolder.Audit("log", folder.Root, "--policy", folder.Policy).Exit.ShouldBe(file.EndsWith("checkpoint", StringComparison.Ordinal) ? 2 : 1, $"{file} missing");
            File.WriteAllBytes(file, good);
        }

        LogFolder.Audit("log", folder.Root, "--policy", folder.Policy).Exit.ShouldBe(0);
    }

    [Fact]
    public void A_partial_tile_that_has_gone_is_read_from_the_full_one()
    {
        using var folder = new LogFolder(300);
        var old = File.ReadAllBytes(folder.At("checkpoint"));
        folder.Grow(400);
        folder.Write("checkpoint", old);
        foreach (var partial in Directory.GetDirectories(folder.At("tile"), "001.p", SearchOption.AllDirectories))
        {
            Directory.Delete(partial, recursive: true);
        }

        LogFolder.Audit("log", folder.Root).Exit.ShouldBe(0);
    }

    [Fact]
    public void A_log_is_read_over_HTTP_as_from_a_folder()
    {
        using var folder = new LogFolder(700);
        File.Copy(folder.At("checkpoint"), folder.At("old"));
        folder.Grow(900);
        using var site = new FolderSite(folder.Root);
        LogFolder.Audit("log", site.Address, "--policy", folder.Policy).Exit.ShouldBe(0);
        LogFolder.Audit("consistency", site.Address + "/", folder.At("old"), "--policy", folder.Policy).Exit.ShouldBe(0);
        File.Delete(folder.At("tile/0/001"));
        var withheld = LogFolder.Audit("log", site.Address, "--policy", folder.Policy);
        withheld.Exit.ShouldBe(1);
        withheld.Words.ShouldContain("tile/0/001 is not served");
    }

    [Fact]
    public void Growth_is_consistent_and_a_fork_or_rollback_is_not()
    {
        using var folder = new LogFolder(300);
        var old = folder.At("old");
        File.Copy(folder.At("checkpoint"), old);
        LogFolder.Audit("consistency", folder.Root, old, "--policy", folder.Policy).Exit.ShouldBe(0);
        folder.Grow(500);
        var (exit, output, _) = LogFolder.Audit("consistency", folder.Root, old, "--policy", folder.Policy);
        exit.ShouldBe(0);
        output.ShouldContain("from 300 to 800");

        File.Copy(folder.At("checkpoint"), folder.At("newest"));
        folder.Write("checkpoint", File.ReadAllBytes(old));
        LogFolder.Audit("consistency", folder.Root, folder.At("newest")).Words.ShouldContain("ROLLBACK");
        File.Copy(folder.At("newest"), folder.At("checkpoint"), overwrite: true);

        folder.Write("fork", new Checkpoint(LogFolder.Key.Verifier.Name, 300, folder.Log.Root).Sign(LogFolder.Key).ToBytes());
        var fork = LogFolder.Audit("consistency", folder.Root, folder.At("fork"));
        fork.Exit.ShouldBe(1);
        fork.Words.ShouldContain("FORK");
        folder.Write("other", new Checkpoint("other", 300, folder.Log.Root).Sign(LogFolder.Key).ToBytes());
        LogFolder.Audit("consistency", folder.Root, folder.At("other")).Exit.ShouldBe(1);
    }

    [Fact]
    public void A_proof_shows_the_record_it_proves()
    {
        using var folder = new LogFolder(700);
        var file = folder.Proof(123);
        var (exit, output, _) = LogFolder.Audit("proof", file, "--policy", folder.Policy);
        exit.ShouldBe(0);
        output.ShouldContain("entry 123");
        output.ShouldContain("bill/v1\nnumber 123\n");
        LogFolder.Audit("proof", file).Output.ShouldContain("signatures not checked");

        folder.Write("entry", folder.Log.Entries[123]);
        LogFolder.Audit("proof", file, "--leaf", folder.At("entry")).Exit.ShouldBe(0);
        LogFolder.Audit("proof", file, "--leaf", "hash:" + MerkleHash.Leaf(folder.Log.Entries[123]).ToHex()).Exit.ShouldBe(0);
        folder.Write("entry", folder.Log.Entries[124]);
        LogFolder.Audit("proof", file, "--leaf", folder.At("entry")).Exit.ShouldBe(1);
        folder.Write("other.policy", Vectors.Bytes($"log {Vectors.SumDb}\nquorum none\n"));
        LogFolder.Audit("proof", file, "--policy", folder.At("other.policy")).Exit.ShouldBe(1);
    }

    [SharedVectorFact]
    public void The_published_proof_file_is_accepted_with_its_leaf_beside_it()
    {
        var file = Path.Combine(Vectors.Folder()!, "derived-1000-777.tlog-proof");
        LogFolder.Audit("proof", file).Exit.ShouldBe(0);
        using var folder = new LogFolder(1);
        LogFolder.Audit("proof", file, "--policy", folder.Policy).Exit.ShouldBe(0);
        LogFolder.Audit("proof", file, "--leaf", folder.At("checkpoint")).Exit.ShouldBe(1);
    }

    [Fact]
    public void Proofs_by_numbers_are_checked_in_both_spellings()
    {
        var leaf = MerkleHash.Leaf(Vectors.ReferenceLeaves[2]);
        var proof = TreeHash.Parse("+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=");
        LogFolder.Audit("inclusion", "2", "3", leaf.ToHex(), Vectors.ReferenceRoots[2], proof.ToString()).Exit.ShouldBe(0);
        LogFolder.Audit("inclusion", "2", "3", leaf.ToString(), Vectors.ReferenceRoots[2].ToUpperInvariant(), proof.ToHex()).Exit.ShouldBe(0);
        LogFolder.Audit("inclusion", "1", "3", leaf.ToHex(), Vectors.ReferenceRoots[2], proof.ToString()).Exit.ShouldBe(1);
        LogFolder.Audit("inclusion", "3", "3", leaf.ToHex(), Vectors.ReferenceRoots[2], proof.ToString()).Exit.ShouldBe(1);
        LogFolder.Audit("inclusion", "0", "1", MerkleHash.Leaf([]).ToHex(), Vectors.ReferenceRoots[0]).Exit.ShouldBe(0);
        LogFolder.Audit("inclusion", "x", "3", leaf.ToHex(), Vectors.ReferenceRoots[2]).Exit.ShouldBe(2);
        LogFolder.Audit("inclusion", "1", "3", "abc", Vectors.ReferenceRoots[2]).Words.ShouldContain("LEAFHASH 'abc'");
        string[] hashes = ["Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=", "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms="];
        LogFolder.Audit(["consistency-proof", "2", "5", Vectors.ReferenceRoots[1], Vectors.ReferenceRoots[4], .. hashes]).Exit.ShouldBe(0);
        LogFolder.Audit(["consistency-proof", "3", "5", Vectors.ReferenceRoots[1], Vectors.ReferenceRoots[4], .. hashes]).Exit.ShouldBe(1);
        LogFolder.Audit(["consistency-proof", "2", "5", Vectors.ReferenceRoots[1], Vectors.ReferenceRoots[4], .. hashes, hashes[0]]).Exit.ShouldBe(1);
    }

    [Fact]
    public void A_note_is_checked_against_a_key()
    {
        using var folder = new LogFolder(1);
        folder.Write("note", Vectors.Bytes($"{Vectors.PeterText}\n{Vectors.PeterSignature}"));
        LogFolder.Audit("note", folder.At("note"), Vectors.Peter).Exit.ShouldBe(0);
        LogFolder.Audit("note", folder.At("note"), Vectors.SumDb).Exit.ShouldBe(1);
        LogFolder.Audit("note", folder.At("note"), "nonsense").Exit.ShouldBe(2);
        LogFolder.Audit("note", folder.At("policy"), Vectors.Peter).Exit.ShouldBe(1);
    }

    [Fact]
    public void Wrong_use_is_one_line_and_exit_2()
    {
        using var folder = new LogFolder(1);
        string[][] wrong =
        [
            ["log"], ["log", "/no/such/folder"], ["log", folder.Root, "--polcy", "x"], ["log", folder.Root, "--policy"],
            ["log", folder.Root, "--policy", folder.At("checkpoint")], ["log", folder.Root, "--policy", "/no/such"],
            ["log", "http://127.0.0.1:1/ledger"], ["proof"], ["proof", "/no/such"], ["consistency", folder.Root], ["consistency", folder.Root, "/no/such"],
            ["note", "x"], ["inclusion", "1"], ["unheard-of"], ["witness"], ["witness", "--listen", "nowhere", "--key", folder.At("k"), "--state", folder.At("s"), "--log", Vectors.Peter],
        ];
        foreach (var args in wrong)
        {
            var (exit, output, words) = LogFolder.Audit(args);
            exit.ShouldBe(2, string.Join(' ', args));
            output.ShouldBeEmpty();
            words.TrimEnd().ShouldNotContain("\n");
        }
    }
}
