using System.Globalization;
using Marketplace.Ledger;
using Marketplace.Native.Crypto;

namespace Marketplace.Auditor.Verbs;

/// <summary>Checks offline that an hour was settled with this reading of a meter, and could not have been with another.</summary>
internal static class MeterVerb
{
    private const string Usage = "meter READING-PROOF METER-PROOF [--policy FILE]";

    public static Verb Verb { get; } = new("meter", Usage, "Checks that an hour was settled with this reading: of two readings of a meter and hour only one can pass.", Run);

    private static int Run(string[] args, Terminal terminal)
    {
        var arguments = new Arguments(args, "policy");
        var files = arguments.Exactly(2, Usage);
        var policy = Given.Policy(arguments.One("policy"));
        var reading = TlogProof.Parse(Given.File(files[0]));
        var meter = MeterProof.Parse(Given.File(files[1]));
        var trusted = policy?.Open(meter.Index.Note, new Ed25519());
        policy?.Open(reading.Note, new Ed25519());
        var isIndexed = meter.Settles(reading);
        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"OK meter: {(isIndexed ? "the hour was settled with the reading below" : "the hour was settled with the reading that the one below names as its predecessor")}; entry {reading.Index} of {Describe.Tree(Checkpoint.Parse(reading.Note.Text))}, indexed by entry {meter.Index.Index}; {Describe.Trust(trusted)}"));
        terminal.Output.WriteLine();
        terminal.Output.Write(CanonicalRecord.Parse(Commitment.RecordIn(reading.Extra!.Value.Span)));
        return Exit.Good;
    }
}
