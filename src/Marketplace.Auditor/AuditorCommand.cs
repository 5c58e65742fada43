using System.Globalization;
using Marketplace.Auditor.Verbs;
using Marketplace.Ledger;

namespace Marketplace.Auditor;

/// <summary>Where a verb writes: results for machines on <paramref name="Output"/>, words for people on <paramref name="Words"/>.</summary>
public sealed record Terminal(TextWriter Output, TextWriter Words);

/// <summary>One deed of the Auditor: its name, how to call it, what it does, and the code. The code returns the exit status.</summary>
public sealed record Verb(string Name, string Usage, string Deed, Func<string[], Terminal, int> Run);

/// <summary>The call or an input file cannot be used: exit 2 with this one line.</summary>
public sealed class InputException(string message) : Exception(message);

/// <summary>Exit statuses that scripts rely on.</summary>
public static class Exit
{
    public const int Good = 0;
    public const int False = 1;
    public const int BadInput = 2;
}

/// <summary>Finds the verb and runs it. A verb is one file in Verbs and one line in <see cref="Verbs"/>.</summary>
public static class AuditorCommand
{
    private static readonly Verb[] Verbs =
    [
        ProofVerb.Verb,
        MeterVerb.Verb,
        LogVerb.Verb,
        ConsistencyVerb.Verb,
        InclusionVerb.Verb,
        ConsistencyProofVerb.Verb,
        NoteVerb.Verb,
        MBusVerb.Verb,
        DeviceVerb.Verb,
        WitnessVerb.Verb,
        ClearVerb.Verb,
        CheckVerb.Verb,
    ];

    public static int Run(string[] args, Terminal terminal)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(terminal);
        if (args is [] or ["help" or "--help" or "-h", ..])
        {
            Explain(terminal.Words);
            return args is [] ? Exit.BadInput : Exit.Good;
        }

        var verb = Array.Find(Verbs, v => string.Equals(v.Name, args[0], StringComparison.Ordinal));
        if (verb is null)
        {
            terminal.Words.WriteLine($"audit: there is no verb '{args[0]}'; the verbs are {string.Join(", ", Verbs.Select(v => v.Name))}");
            return Exit.BadInput;
        }

        try
        {
            return verb.Run(args[1..], terminal);
        }
        catch (NotVerifiedException e)
        {
            terminal.Words.WriteLine($"FALSE {verb.Name}: {e.Message}");
            return Exit.False;
        }
        catch (Exception e) when (e is InputException or IOException or UnauthorizedAccessException or HttpRequestException)
        {
            terminal.Words.WriteLine($"{verb.Name}: {e.Message}");
            return Exit.BadInput;
        }
    }

    private static void Explain(TextWriter words)
    {
        words.WriteLine("Checks a marketplace without trusting it. Exit 0 verified, 1 false, 2 usage or input.");
        foreach (var verb in Verbs)
        {
            words.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {verb.Usage}\n      {verb.Deed}"));
        }
    }
}
