using System.Globalization;
using System.Text;
using Marketplace.Ledger;
using Marketplace.Native.Crypto;

namespace Marketplace.Auditor.Verbs;

/// <summary>Checks a proof file offline: the record (or leaf) is under the checkpoint, and the checkpoint is trusted.</summary>
internal static class ProofVerb
{
    private const string Usage = "proof FILE [--leaf LEAF] [--policy FILE]";

    public static Verb Verb { get; } = new("proof", Usage, "Checks a proof file offline: the record, its place in the log, and who vouches for the log.", Run);

    private static int Run(string[] args, Terminal terminal)
    {
        var arguments = new Arguments(args, "leaf", "policy");
        var file = arguments.Exactly(1, Usage)[0];
        var policy = Given.Policy(arguments.One("policy"));
        var proof = TlogProof.Parse(Given.File(file));
        var (leaf, record) = LeafOf(proof, file, arguments.One("leaf"));
        var trusted = policy?.Open(proof.Note, new Ed25519());
        var checkpoint = trusted?.Checkpoint ?? Given.Checkpoint(proof.Note);
        if (!proof.Proves(leaf, checkpoint))
        {
            throw new NotVerifiedException(string.Create(
                CultureInfo.InvariantCulture,
                $"the proof does not lead from this {(record is null ? "leaf" : "record")} at index {proof.Index} to the root of {checkpoint.Origin} at size {checkpoint.Size}"));
        }

        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"OK proof: {(record is null ? "the leaf" : "the record below")} is entry {proof.Index} of {Describe.Tree(checkpoint)}; {Describe.Trust(trusted)}"));
        if (record is not null)
        {
            terminal.Output.WriteLine();
            terminal.Output.Write(record);
        }

        return Exit.Good;
    }

    private static (TreeHash Leaf, string? Record) LeafOf(TlogProof proof, string file, string? given)
    {
        if (given is not null)
        {
            return (given.StartsWith("hash:", StringComparison.Ordinal) ? Given.Hash("LEAF", given["hash:".Length..]) : MerkleHash.Leaf(Given.File(given)), null);
        }

        var beside = Path.ChangeExtension(file, ".leaf");
        if (proof.Extra is { } extra && (extra.Length >= 2 + Commitment.SaltLength || !File.Exists(beside)))
        {
            var leaf = MerkleHash.Leaf(Commitment.OfOpening(extra.Span));
            return (leaf, Show(Commitment.RecordIn(extra.Span)));
        }

        return File.Exists(beside)
            ? (MerkleHash.Leaf(Given.File(beside)), null)
            : throw new InputException($"{file} has no extra line, there is no {Path.GetFileName(beside)} beside it, and no --leaf was given");
    }

    // Another's record may be anything; only readable text may reach a terminal.
    private static string Show(ReadOnlySpan<byte> record)
    {
        try
        {
            return CanonicalRecord.Parse(record).ToString();
        }
        catch (NotVerifiedException)
        {
            return $"(record of {record.Length.ToString(CultureInfo.InvariantCulture)} bytes in another form, hexadecimal)\n{Convert.ToHexStringLower(record)}\n";
        }
    }
}
