using System.Globalization;
using System.Text;

namespace Marketplace.Ledger;

/// <summary>A witness a policy names; the URL is where checkpoints are submitted.</summary>
public sealed record PolicyWitness(string Name, VerifierKey Key, string? Url);

/// <summary>A log a policy names.</summary>
public sealed record PolicyLog(VerifierKey Key, string? Url);

/// <summary>A checkpoint that met a policy: what it says, the log's key, and who cosigned when.</summary>
public sealed record TrustedCheckpoint(Checkpoint Checkpoint, VerifierKey LogKey, IReadOnlyList<KnownSignature> Cosignatures);

/// <summary>
/// Which logs are known, which witnesses, and how many of them must have cosigned (c2sp.org/tlog-policy). The text is
/// kept, so that the policy can be published as it was read.
/// </summary>
public sealed class LedgerPolicy
{
    private readonly Dictionary<string, Func<IReadOnlySet<string>, bool>> _rules = [];
    private readonly HashSet<string> _grouped = [];
    private readonly List<PolicyLog> _logs = [];
    private readonly List<PolicyWitness> _witnesses = [];
    private Func<IReadOnlySet<string>, bool>? _quorum;

    private LedgerPolicy(string text) => Text = text;

    /// <summary>The policy file.</summary>
    public string Text { get; }

    /// <summary>The logs it knows.</summary>
    public IReadOnlyList<PolicyLog> Logs => _logs;

    /// <summary>The witnesses it knows.</summary>
    public IReadOnlyList<PolicyWitness> Witnesses => _witnesses;

    /// <summary>The name on the quorum line; <c>none</c> asks for no cosignature.</summary>
    public string Quorum { get; private set; } = "";

    /// <summary>A policy that trusts one log key alone.</summary>
    public static LedgerPolicy OfLog(VerifierKey key) => Parse($"log {key}\nquorum none\n");

    /// <summary>Reads a policy.</summary>
    /// <exception cref="FormatException">A line cannot be understood; the message names it.</exception>
    public static LedgerPolicy Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Parse(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Reads a policy file. Its bytes above 127 are opaque, as the standard says; only keys are read as UTF-8.</summary>
    /// <exception cref="FormatException">A line cannot be understood; the message names it.</exception>
    public static LedgerPolicy Parse(ReadOnlySpan<byte> file)
    {
        var policy = new LedgerPolicy(Encoding.UTF8.GetString(file));
        var text = Encoding.Latin1.GetString(file);
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var words = lines[i].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || words[0].StartsWith('#'))
            {
                continue;
            }

            string? problem;
            try
            {
                problem = lines[i].Any(c => c is < ' ' and not '\t' or '\u007f') ? "it contains a control character" : policy.Read(words);
            }
            catch (FormatException e)
            {
                problem = e.Message;
            }

            if (problem is not null)
            {
                throw new FormatException($"Policy line {(i + 1).ToString(CultureInfo.InvariantCulture)} ('{Utf8(lines[i].Trim())}'): {problem}");
            }
        }

        return policy._quorum is null ? throw new FormatException("The policy has no quorum line") : policy;
    }

    /// <summary>Whether cosignatures by these witnesses (by the name in the policy) are enough.</summary>
    public bool IsMetBy(IReadOnlySet<string> cosigners) => _quorum!(cosigners);

    /// <summary>Verifies a checkpoint note: signed by a known log under its own name, and cosigned by the quorum.</summary>
    /// <exception cref="NotVerifiedException">It is not; the message says why.</exception>
    public TrustedCheckpoint Open(SignedNote note, IEd25519 ed25519)
    {
        var opened = OpenLogOnly(note, ed25519);
        var cosigners = _witnesses.Where(w => opened.Cosignatures.Any(s => s.Key == w.Key)).Select(w => w.Name).ToHashSet();
        return IsMetBy(cosigners)
            ? opened
            : throw new NotVerifiedException($"The cosignatures ({(cosigners.Count == 0 ? "none" : string.Join(", ", cosigners))}) do not meet the quorum '{Quorum}'");
    }

    /// <summary>As <see cref="Open"/>, but without asking for the quorum: for an old checkpoint kept as a reference.</summary>
    /// <exception cref="NotVerifiedException">It is malformed or not signed by a known log.</exception>
    public TrustedCheckpoint OpenLogOnly(SignedNote note, IEd25519 ed25519)
    {
        ArgumentNullException.ThrowIfNull(note);
        var signatures = note.Verify([.. _logs.Select(l => l.Key), .. _witnesses.Select(w => w.Key)], ed25519);
        var checkpoint = Checkpoint.Parse(note.Text);
        if (!checkpoint.IsPossible)
        {
            throw new NotVerifiedException("The checkpoint has size 0 but not the root of an empty tree");
        }

        // While a log changes its key, the policy names both: either one's signature will do.
        var logs = _logs.Where(l => string.Equals(l.Key.Name, checkpoint.Origin, StringComparison.Ordinal)).ToList();
        if (logs.Count == 0)
        {
            throw new NotVerifiedException($"The origin '{checkpoint.Origin}' is not a log of the policy ({string.Join(", ", _logs.Select(l => l.Key.Name))})");
        }

        var log = logs.Find(l => signatures.Any(s => s.Key == l.Key))
            ?? throw new NotVerifiedException($"The checkpoint is not signed by the log '{checkpoint.Origin}'");
        return new TrustedCheckpoint(checkpoint, log.Key, [.. signatures.Where(s => _witnesses.Exists(w => w.Key == s.Key))]);
    }

    private string? Read(string[] words) => words[0] switch
    {
        "log" when words.Length is 2 or 3 => ReadLog(words),
        "witness" when words.Length is 3 or 4 => ReadWitness(words),
        "group" when words.Length >= 4 => ReadGroup(words),
        "quorum" when words.Length == 2 => ReadQuorum(words[1]),
        _ => "it is none of 'log VKEY [URL]', 'witness NAME VKEY [URL]', 'group NAME all|any|K MEMBER…', 'quorum NAME'",
    };

    private static string Utf8(string octets) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(octets));

    private static string? Url(string[] words, int at) => words.Length > at ? Utf8(words[at]) : null;

    private string? ReadLog(string[] words)
    {
        var key = VerifierKey.Parse(Utf8(words[1]));
        if (_logs.Exists(l => l.Key.PublicKey.Span.SequenceEqual(key.PublicKey.Span)))
        {
            return "this log is listed twice";
        }

        _logs.Add(new PolicyLog(key, Url(words, 2)));
        return null;
    }

    private string? ReadWitness(string[] words)
    {
        var key = VerifierKey.Parse(Utf8(words[2]));
        if (key.Type != SignatureType.Cosignature)
        {
            return "a witness needs a cosignature key (type 4)";
        }

        if (_witnesses.Exists(w => w.Key.PublicKey.Span.SequenceEqual(key.PublicKey.Span)))
        {
            return "this witness's key is listed twice";
        }

        var name = words[1];
        var readable = Utf8(name);
        if (_witnesses.Exists(w => string.Equals(w.Name, readable, StringComparison.Ordinal)))
        {
            return $"the name '{readable}' is taken";
        }

        if (Define(name, cosigners => cosigners.Contains(readable)) is { } problem)
        {
            return problem;
        }

        _witnesses.Add(new PolicyWitness(readable, key, Url(words, 3)));
        return null;
    }

    private string? ReadGroup(string[] words)
    {
        var names = words[3..];
        var isNumber = int.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        var needed = words[2] switch { "any" => 1, "all" => names.Length, _ => isNumber ? number : 0 };
        if (needed < 1 || needed > names.Length)
        {
            return $"'{words[2]}' is neither 'any', 'all' nor a number from 1 to {names.Length.ToString(CultureInfo.InvariantCulture)}";
        }

        var members = new List<Func<IReadOnlySet<string>, bool>>();
        foreach (var name in names)
        {
            if (!_rules.TryGetValue(name, out var rule))
            {
                return $"'{name}' is not defined above";
            }

            if (!_grouped.Add(name))
            {
                return $"'{name}' is a member already";
            }

            members.Add(rule);
        }

        return Define(words[1], cosigners => members.Count(m => m(cosigners)) >= needed);
    }

    private string? ReadQuorum(string name)
    {
        if (_quorum is not null)
        {
            return "there is a quorum line already";
        }

        Quorum = name;
        _quorum = name == "none" ? _ => true : _rules.GetValueOrDefault(name);
        return _quorum is null ? $"'{name}' is not defined above" : null;
    }

    private string? Define(string name, Func<IReadOnlySet<string>, bool> rule) =>
        name == "none" || !_rules.TryAdd(name, rule) ? $"the name '{name}' is taken" : null;
}
