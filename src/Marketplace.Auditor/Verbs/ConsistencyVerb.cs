using System.Globalization;
using Marketplace.Ledger;
using Marketplace.Native.Crypto;

namespace Marketplace.Auditor.Verbs;

/// <summary>Checks that a log only grew since a checkpoint somebody kept.</summary>
internal static class ConsistencyVerb
{
    private const string Usage = "consistency URL-or-FOLDER OLD-CHECKPOINT [--policy FILE]";

    public static Verb Verb { get; } = new("consistency", Usage, "Checks that a log only grew since a checkpoint that you kept.", Run);

    private static int Run(string[] args, Terminal terminal)
    {
        var arguments = new Arguments(args, "policy");
        var plain = arguments.Exactly(2, Usage);
        var policy = Given.Policy(arguments.One("policy"));
        var ed25519 = new Ed25519();
        var oldNote = SignedNote.Parse(Given.File(plain[1]));
        var old = policy?.OpenLogOnly(oldNote, ed25519).Checkpoint ?? Given.Checkpoint(oldNote);
        using var source = new LogSource(plain[0]);
        var note = SignedNote.Parse(source.Checkpoint());
        var trusted = policy?.Open(note, ed25519);
        var now = trusted?.Checkpoint ?? Given.Checkpoint(note);
        if (old.Origin != now.Origin)
        {
            throw new NotVerifiedException($"the old checkpoint is of '{old.Origin}', the log is '{now.Origin}'");
        }

        if (old.Size > now.Size)
        {
            throw new NotVerifiedException(string.Create(CultureInfo.InvariantCulture, $"ROLLBACK: the log shrank from {old.Size} to {now.Size} entries"));
        }

        var tiles = new CheckedTiles(source, now);
        var proof = ConsistencyProof.Make(old.Size, now.Size, tiles.HashOf);
        if (!ConsistencyProof.Verify(old.Size, now.Size, old.Root, now.Root, proof))
        {
            throw new NotVerifiedException(string.Create(
                CultureInfo.InvariantCulture,
                $"FORK: the first {old.Size} entries of the log are not those of the old checkpoint"));
        }

        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"OK consistency: {now.Origin} only grew, from {old.Size} to {now.Size} entries; {Describe.Trust(trusted)}"));
        return Exit.Good;
    }
}
