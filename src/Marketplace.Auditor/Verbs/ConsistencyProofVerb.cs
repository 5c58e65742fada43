using System.Globalization;
using Marketplace.Ledger;

namespace Marketplace.Auditor.Verbs;

/// <summary>Checks a consistency proof given by its numbers.</summary>
internal static class ConsistencyProofVerb
{
    private const string Usage = "consistency-proof OLDSIZE SIZE OLDROOT ROOT PROOF…";

    public static Verb Verb { get; } = new("consistency-proof", Usage, "Checks a consistency proof given by its numbers.", Run);

    private static int Run(string[] args, Terminal terminal)
    {
        if (args.Length < 4)
        {
            throw new InputException($"usage: {Usage}");
        }

        var oldSize = Given.Number("OLDSIZE", args[0]);
        var size = Given.Number("SIZE", args[1]);
        var oldRoot = Given.Hash("OLDROOT", args[2]);
        var root = Given.Hash("ROOT", args[3]);
        var proof = args[4..].Select(h => Given.Hash("PROOF", h)).ToList();
        if (!ConsistencyProof.Verify(oldSize, size, oldRoot, root, proof))
        {
            terminal.Words.WriteLine(string.Create(CultureInfo.InvariantCulture, $"FALSE: the proof does not show that the tree of {oldSize} is a prefix of the tree of {size}"));
            return Exit.False;
        }

        terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"OK consistency: the tree of {oldSize} is a prefix of the tree of {size}"));
        return Exit.Good;
    }
}
