using Marketplace.Ledger;
using Marketplace.Native.Crypto;

namespace Marketplace.Auditor.Verbs;

/// <summary>Checks the signatures of a note against one or more keys.</summary>
internal static class NoteVerb
{
    private const string Usage = "note FILE VKEY…";

    public static Verb Verb { get; } = new("note", Usage, "Checks the signatures under a note.", Run);

    private static int Run(string[] args, Terminal terminal)
    {
        if (args.Length < 2)
        {
            throw new InputException($"usage: {Usage}");
        }

        var keys = args[1..].Select(Given.Key).ToList();
        var signatures = SignedNote.Parse(Given.File(args[0])).Verify(keys, new Ed25519());
        terminal.Output.WriteLine($"OK note: signed by {string.Join(", ", signatures.Select(Describe.Signature))}");
        return Exit.Good;
    }
}
