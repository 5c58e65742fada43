using Marketplace.Auditor;

namespace Marketplace.Ledger.Tests;

/// <summary>A log published in a folder of its own, with what the Auditor says about it.</summary>
internal sealed class LogFolder : IDisposable
{
    public static readonly SignerKey Key = SignerKey.Parse(Vectors.PeterPrivate, Vectors.Ed25519);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ledger-");

    public LogFolder(int entries)
    {
        Grow(entries);
        Write("policy", Vectors.Bytes($"log {Key.Verifier}\nquorum none\n"));
    }

    public MemoryLog Log { get; } = new();

    public string Root => _folder.FullName;

    public string Policy => At("policy");

    public string At(string path) => Path.Combine(Root, path);

    public static byte[] Record(int i) => CanonicalRecord.Of("bill", 1).Add("number", i).ToBytes();

    public void Grow(int entries)
    {
        for (var i = 0; i < entries; i++)
        {
            Log.Append(Commitment.Of(RecordKind.Bill, 1, new byte[32], Record(Log.Entries.Count)));
        }

        Log.Publish();
        foreach (var (path, bytes) in Log.Files)
        {
            Write(path, bytes);
        }

        Write("checkpoint", Checkpoint().ToBytes());
    }

    public SignedNote Checkpoint() => new Checkpoint(Key.Verifier.Name, Log.Size, Log.Root).Sign(Key);

    public void Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllBytes(At(path), bytes);
    }

    public string Proof(int index)
    {
        var opening = Commitment.Open(RecordKind.Bill, 1, new byte[32], Record(index));
        var proof = new TlogProof(opening, index, InclusionProof.Make(index, Log.Size, Log.HashOf), Checkpoint());
        Write("bill.tlog-proof", Vectors.Bytes(proof.ToString()));
        return At("bill.tlog-proof");
    }

    public static (int Exit, string Output, string Words) Audit(params string[] args)
    {
        using var output = new StringWriter();
        using var words = new StringWriter();
        var exit = AuditorCommand.Run(args, new Terminal(output, words));
        return (exit, output.ToString(), words.ToString());
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
