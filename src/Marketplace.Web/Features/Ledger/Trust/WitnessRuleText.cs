using System.Globalization;
using System.Text;
using Marketplace.Ledger;

namespace Marketplace.Web.Features.Ledger.Trust;

/// <summary>What is asked of witnesses, where it is as simple as "so many of these": most loops need no more.</summary>
/// <param name="Witnesses">The witnesses, all in one group.</param>
/// <param name="Needed">How many of them must cosign; 0 where none has to.</param>
public sealed record WitnessRuleText(IReadOnlyList<PolicyWitness> Witnesses, int Needed)
{
    private const string Group = "stakeholders";

    /// <summary>Reads a rule; null where it has groups of its own making.</summary>
    /// <exception cref="FormatException">A line cannot be understood; the message names it.</exception>
    public static WitnessRuleText? Read(string text, VerifierKey log)
    {
        var policy = LedgerPolicy.Parse($"log {log}\n{text}");
        for (var needed = 0; needed <= policy.Witnesses.Count; needed++)
        {
            var simple = new WitnessRuleText(policy.Witnesses, needed);
            if (Words(simple.ToText()).SequenceEqual(Words(text)))
            {
                return simple;
            }
        }

        return null;
    }

    /// <summary>The policy's lines without the log's.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var witness in Witnesses)
        {
            text.Append(CultureInfo.InvariantCulture, $"witness {witness.Name} {witness.Key}{(witness.Url is null ? "" : " " + witness.Url)}\n");
        }

        return Needed == 0
            ? text.Append("quorum none\n").ToString()
            : text.Append(CultureInfo.InvariantCulture, $"group {Group} {Needed} {string.Join(' ', Witnesses.Select(w => w.Name))}\nquorum {Group}\n").ToString();
    }

    private static IEnumerable<string> Words(string text) => text
        .Split('\n')
        .Select(line => line.Trim())
        .Where(line => line.Length > 0 && !line.StartsWith('#'))
        .SelectMany(line => line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Append("\n"));
}
