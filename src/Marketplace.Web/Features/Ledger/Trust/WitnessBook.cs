using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Ledger.Trust;

/// <summary>Where the rule about a loop's witnesses is written, by whoever decided it: the operator, or the members by a vote.</summary>
public sealed class WitnessBook(Work work, LoopNames loops, LogPolicies policies, Cosigning cosigning, TimeProvider clock)
{
    /// <summary>The rule as it is wished now.</summary>
    /// <returns>Its lines but the log's, and the same as "so many of these" where it is that simple.</returns>
    public async Task<(string Text, WitnessRuleText? Simple)> ReadAsync(int loopId, CancellationToken cancellationToken)
    {
        var connection = await work.ConnectionAsync(cancellationToken);
        var trust = await LogTrust.ReadAsync(connection, work.Db.Database.CurrentTransaction is null ? null : work.Transaction, loopId, cancellationToken);
        var text = trust.Rule?.Text ?? policies.Configured;
        var wished = policies.Wished(await loops.SlugOfAsync(loopId, cancellationToken), trust);
        return (text, WitnessRuleText.Read(text, wished.Logs[0].Key));
    }

    /// <summary>The rule with one witness more. How many must cosign stays as it is, but at least one.</summary>
    public static string With((string Text, WitnessRuleText? Simple) rule, PolicyWitness witness)
    {
        if (rule.Simple is not { } simple)
        {
            return $"witness {witness.Name} {witness.Key} {witness.Url}\n{rule.Text}";
        }

        if (simple.Witnesses.Any(other => other.Name == witness.Name))
        {
            throw new RefusedException("Witness", $"There is a witness '{witness.Name}' already.");
        }

        return simple.Witnesses.Any(other => other.Key.PublicKey.Span.SequenceEqual(witness.Key.PublicKey.Span))
            ? throw new RefusedException("VerifierKey", "This key is a witness of the loop already.")
            : new WitnessRuleText([.. simple.Witnesses, witness], Math.Max(1, simple.Needed)).ToText();
    }

    /// <summary>The rule with one witness less. If fewer are left than must cosign, all that are left must.</summary>
    public static string Without((string Text, WitnessRuleText? Simple) rule, string name)
    {
        if (rule.Simple is not { } simple)
        {
            throw new RefusedException("Witness", "The rule has groups of its own making; the operator has to take the witness out of its text.");
        }

        var left = simple.Witnesses.Where(witness => witness.Name != name).ToList();
        return left.Count == simple.Witnesses.Count
            ? throw new RefusedException("Witness", $"There is no witness '{name}'.")
            : new WitnessRuleText(left, Math.Min(simple.Needed, left.Count)).ToText();
    }

    /// <summary>Writes a rule in the caller's transaction. It comes into force with the first checkpoint that meets it.</summary>
    public async Task SetAsync(int loopId, string ruleText, CancellationToken cancellationToken)
    {
        var text = LogPolicies.WithoutLog(ruleText);
        var key = await policies.KeyAsync(loopId, cancellationToken);
        Check(text, key);
        await LogTrust.SetRuleAsync(await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, text, clock.GetUtcNow(), cancellationToken);
        work.AfterCommit(_ =>
        {
            cosigning.Wake(loopId);
            return Task.CompletedTask;
        });
    }

    private static void Check(string text, VerifierKey key)
    {
        try
        {
            // The log's line comes last here, so that the lines keep the numbers their writer sees.
            var policy = LedgerPolicy.Parse($"{text}log {key}\n");
            if (policy.Witnesses.FirstOrDefault(w => w.Url is not null && !IsAddress(w.Url)) is { } wrong)
            {
                throw new RefusedException(nameof(SetWitnessRule.Text), $"The address of the witness '{wrong.Name}' must start with http:// or https://, not '{wrong.Url}'.");
            }

            var asked = policy.Witnesses.Where(w => w.Url is not null).Select(w => w.Name).ToHashSet();
            if (!policy.IsMetBy(asked))
            {
                throw new RefusedException(nameof(SetWitnessRule.Text), "Not even all witnesses with an address together would meet this quorum, so nothing could be published any more. Add addresses or ask for fewer.");
            }
        }
        catch (FormatException e)
        {
            throw new RefusedException(nameof(SetWitnessRule.Text), e.Message);
        }
    }

    private static bool IsAddress(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp);
}
