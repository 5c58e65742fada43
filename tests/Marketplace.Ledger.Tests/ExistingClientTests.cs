using System.Diagnostics;
using System.Security.Cryptography;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace Marketplace.Ledger.Tests;

/// <summary>
/// Another's auditor, on Go's own packages, which shares no code with ours: named by LEDGER_VERIFIER where it is built. What
/// one accepts the other accepts, what one refuses the other refuses.
/// </summary>
public sealed class ExistingClientTests(ITestOutputHelper output)
{
    private const int Seed = 20260105;
    private const int Rounds = 400;
    private static readonly SignerKey Witness = new("w.example", SignatureType.Cosignature, SHA256.HashData("w"u8), Vectors.Ed25519);

    [ExistingClientFact]
    public void It_accepts_the_same_log_and_proof()
    {
        using var folder = new LogFolder(300);
        File.Copy(folder.At("checkpoint"), folder.At("old"));
        folder.Grow(66_000);
        foreach (var args in new string[][] { ["checkpoint", folder.Root], ["fsck", folder.Root], ["inclusion", folder.Root, "65999"], ["consistency", folder.Root, folder.At("old")] })
        {
            Client(["-policy", folder.Policy, .. args]).ShouldBe(0, args[0]);
        }

        folder.Write("entry", folder.Log.Entries[777]);
        Client(["-policy", folder.Policy, "proof", folder.Proof(777), folder.At("entry")]).ShouldBe(0);
    }

    [ExistingClientFact]
    public void It_agrees_about_changed_logs_proofs_and_policies()
    {
        using var folder = new LogFolder(300);
        folder.Write("policy", Vectors.Bytes($"# stakeholders\nlog {LogFolder.Key.Verifier} https://loop.example/ledger\nwitness residents {Witness.Verifier}\ngroup all-of-us 1 residents\nquorum all-of-us\n"));
        Cosign(folder);
        File.Copy(folder.At("checkpoint"), folder.At("old"));
        folder.Grow(400);
        Cosign(folder);
        folder.Write("entry", folder.Log.Entries[123]);
        var proof = folder.Proof(123);
        folder.Write("bill.tlog-proof", Vectors.Bytes((TlogProof.Parse(File.ReadAllBytes(proof)) with { Note = SignedNote.Parse(File.ReadAllBytes(folder.At("checkpoint"))) }).ToString()));
        var files = Directory.GetFiles(folder.Root, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("entry", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
        var random = new Random(Seed);
        var (accepted, refused) = (0, 0);
        foreach (var verb in Verbs(folder))
        {
            Both(verb, "unchanged").ShouldBeTrue();
        }

        for (var round = 0; round < Rounds; round++)
        {
            // Small files as often as large ones, and tiles among them.
            var file = files[random.Next(files.Length)];
            var good = File.ReadAllBytes(file);
            var bad = Change(good, random, out var how);
            if (file == folder.Policy && bad is not null && bad.Any(b => b is < 32 and not 9 and not 10 or 127))
            {
                continue; // The standard forbids control characters anywhere in a policy; the other client lets them pass in comments and addresses.
            }

            if (bad is null)
            {
                File.Delete(file);
            }
            else
            {
                File.WriteAllBytes(file, bad);
            }

            foreach (var verb in Verbs(folder))
            {
                _ = Both(verb, $"seed {Seed}, round {round}: {Path.GetRelativePath(folder.Root, file)} {how}") ? accepted++ : refused++;
            }

            File.WriteAllBytes(file, good);
        }

        output.WriteLine($"{accepted} accepted and {refused} refused by both");
        accepted.ShouldBeGreaterThan(100);
        refused.ShouldBeGreaterThan(100);
    }

    private static (string[] Theirs, string[] Ours)[] Verbs(LogFolder folder) =>
    [
        (["fsck", folder.Root], ["log", folder.Root, "--policy", folder.Policy]),
        (["consistency", folder.Root, folder.At("old")], ["consistency", folder.Root, folder.At("old"), "--policy", folder.Policy]),
        (["proof", folder.At("bill.tlog-proof"), folder.At("entry")], ["proof", folder.At("bill.tlog-proof"), "--leaf", folder.At("entry"), "--policy", folder.Policy]),
    ];

    private static bool Both((string[] Theirs, string[] Ours) verb, string change)
    {
        var policy = verb.Ours[^1];
        var theirs = Client(["-policy", policy, .. verb.Theirs]);
        var (ours, _, words) = LogFolder.Audit(verb.Ours);
        (ours == 0).ShouldBe(theirs == 0, $"{change}: {verb.Ours[0]} ends with {ours} ({words.Trim()}), the other with {theirs}");
        return ours == 0;
    }

    private static byte[]? Change(byte[] good, Random random, out string how)
    {
        var at = random.Next(good.Length);
        switch (random.Next(8))
        {
            case 0:
                how = $"cut to {at}";
                return good[..at];
            case 1:
                how = "removed";
                return null;
            case 2:
                var addition = (byte)random.Next(32, 256);
                how = $"byte {addition} put in at {at}";
                return [.. good[..at], addition, .. good[at..]];
            case 3:
                how = $"byte {at} left out";
                return [.. good[..at], .. good[(at + 1)..]];
            case 4:
                how = "a line put after";
                return [.. good, .. "x\n"u8];
            default:
                var bad = good.ToArray();
                var bit = random.Next(8);
                bad[at] ^= (byte)(1 << bit);
                how = $"bit {bit} of byte {at} flipped";
                return bad;
        }
    }

    private static void Cosign(LogFolder folder)
    {
        var note = folder.Checkpoint();
        folder.Write("checkpoint", note.With(Witness.Sign(note.Text, 1700000000)).ToBytes());
    }

    private static int Client(string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(Environment.GetEnvironmentVariable("LEDGER_VERIFIER")!, args)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        error.GetAwaiter().GetResult();
        process.WaitForExit();
        return process.ExitCode;
    }
}

/// <summary>A test with an existing client; skipped where none is named.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ExistingClientFactAttribute : FactAttribute
{
    public ExistingClientFactAttribute()
    {
        if (!File.Exists(Environment.GetEnvironmentVariable("LEDGER_VERIFIER")))
        {
            Skip = "LEDGER_VERIFIER does not name a ledger-verifier";
        }
    }
}
