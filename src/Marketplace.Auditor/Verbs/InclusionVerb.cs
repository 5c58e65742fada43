using System.Globalization;
using Marketplace.Ledger;

namespace Marketplace.Auditor.Verbs;

/// <summary>Checks an inclusion proof given by its numbers.</summary>
internal static class InclusionVerb
{
    private const string Usage = "inclusion INDEX SIZE LEAFHASH ROOT PROOF…";

    public static Verb Verb { get; } = new("inclusion", Usage, "Checks an inclusion proof given by its numbers (hashes in base64 or hexadecimal).", Run);

    private static int Run(string[] args, Terminal terminal)
    {
        if (args.Length < 4)
        {
            throw new InputException($"usage: {Usage}");
        }

        var index = Given.Number("INDEX", args[0]);
        var size = Given.Number("SIZE", args[1]);
        var leaf = Given.Hash("LEAFHASH", args[2]);
        var root = Given.Hash("ROOT", args[3]);
        var proof = args[4..].Select(h => Given.Hash("PROOF", h)).ToList();
        if (!InclusionProof.Verify(index, size, leaf, proof, root))
        {
            terminal.Words.WriteLine(string.Create(CultureInfo.InvariantCulture, $"FALSE: the proof does not show this leaf at index {index} of a tree of {size} with this root"));
            return Exit.False;
        }

        terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"OK inclusion: the leaf stands at index {index} of the tree of {size} with this root"));
        return Exit.Good;
    }
}
