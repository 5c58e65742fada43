using System.Collections.Concurrent;
using System.Globalization;
using Marketplace.Data;
using Marketplace.Ledger;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Marketplace.Web.Features.Ledger;

/// <summary>
/// The policies of each loop's log: what is wished for, what the published checkpoint meets, and all that ever counted. A wish
/// comes into force with the first checkpoint that meets it, so that what is published always meets the published policy.
/// </summary>
public sealed class LogPolicies
{
    /// <summary>What is asked of witnesses where nobody has said anything.</summary>
    public const string NoWitnesses = "quorum none\n";

    private readonly ConcurrentDictionary<string, LedgerPolicy> _parsed = new();
    private readonly NpgsqlDataSource _source;
    private readonly LoopNames _loops;
    private readonly LogKeys _keys;

    public LogPolicies(IOptions<LedgerOptions> options, NpgsqlDataSource source, LoopNames loops, LogKeys keys)
    {
        (_source, _loops, _keys) = (source, loops, keys);
        Configured = WithoutLog(options.Value.Policy ?? (options.Value.PolicyFile is { } file ? File.ReadAllText(file) : NoWitnesses));
    }

    /// <summary>What the configuration asks of witnesses, for loops whose operator has said nothing.</summary>
    public string Configured { get; }

    /// <summary>The policy that the loop's published checkpoint meets.</summary>
    /// <exception cref="FormatException">The configured policy cannot be understood; the message names its line.</exception>
    public async Task<LedgerPolicy> OfAsync(int loopId, CancellationToken cancellationToken)
    {
        var (slug, trust) = await TrustAsync(loopId, cancellationToken);
        return InForce(slug, trust);
    }

    /// <summary>Every key that ever signed or cosigned the loop's log, asking for no quorum: to read what was published earlier.</summary>
    public async Task<LedgerPolicy> EverAsync(int loopId, CancellationToken cancellationToken)
    {
        var (slug, trust) = await TrustAsync(loopId, cancellationToken);
        return Ever(slug, trust);
    }

    /// <summary>The key that signs the loop's log now.</summary>
    public async Task<VerifierKey> KeyAsync(int loopId, CancellationToken cancellationToken)
    {
        var (slug, trust) = await TrustAsync(loopId, cancellationToken);
        return KeyOf(slug, trust);
    }

    /// <summary>What the operator wishes for, or the configuration.</summary>
    public LedgerPolicy Wished(string slug, LogTrust trust) => Parse($"log {KeyOf(slug, trust)}\n{trust.Rule?.Text ?? Configured}");

    /// <summary>What the published checkpoint meets; before there is one, what the first will have to.</summary>
    public LedgerPolicy InForce(string slug, LogTrust trust) => trust.InForce is { } policy ? Parse(policy.Text) : Wished(slug, trust);

    /// <summary>Every key and witness of the log's history, asking for no quorum.</summary>
    public LedgerPolicy Ever(string slug, LogTrust trust)
    {
        var known = trust.Policies.Select(p => Parse(p.Text)).Append(Wished(slug, trust)).Reverse();
        var keys = trust.Keys.Select(k => k.Vkey).Append(KeyOf(slug, trust).ToString()).Distinct();

        // Each by the name it had last; a name that meant another key once is told apart by a number.
        var names = new HashSet<string>(["none"]);
        var witnesses = known
            .SelectMany(p => p.Witnesses)
            .DistinctBy(w => w.Key)
            .Select((w, i) => $"witness {(names.Add(w.Name) ? w.Name : string.Create(CultureInfo.InvariantCulture, $"{w.Name}-{i}"))} {w.Key}");
        return Parse(string.Join('\n', keys.Select(k => $"log {k}").Concat(witnesses)) + "\nquorum none\n");
    }

    /// <summary>The policy text without log lines: those are the log's own to write.</summary>
    public static string WithoutLog(string text) =>
        string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Where(line => !line.TrimStart().StartsWith("log ", StringComparison.Ordinal))).TrimEnd() + "\n";

    private async Task<(string Slug, LogTrust Trust)> TrustAsync(int loopId, CancellationToken cancellationToken)
    {
        var slug = await _loops.SlugOfAsync(loopId, cancellationToken);
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        return (slug, await LogTrust.ReadAsync(connection, null, loopId, cancellationToken));
    }

    private VerifierKey KeyOf(string slug, LogTrust trust) => trust.Keys.Count == 0 ? _keys.Of(slug).Verifier : VerifierKey.Parse(trust.Keys[^1].Vkey);

    // Policies are few and change seldom; parsing is not free.
    private LedgerPolicy Parse(string text) => _parsed.GetOrAdd(text, LedgerPolicy.Parse);
}
