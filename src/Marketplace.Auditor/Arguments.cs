using Marketplace.Ledger;

namespace Marketplace.Auditor;

/// <summary>The words after a verb: plain ones in order, and options as <c>--name value</c>, which may be given more than once.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, List<string>> _options = [];

    public Arguments(string[] args, params string[] known)
    {
        for (var i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                Plain.Add(args[i]);
                continue;
            }

            var name = args[i][2..];
            if (!known.Contains(name))
            {
                throw new InputException($"there is no option --{name}{(known.Length > 0 ? $"; known are {string.Join(", ", known.Select(k => "--" + k))}" : "")}");
            }

            if (++i == args.Length)
            {
                throw new InputException($"--{name} needs a value");
            }

            if (!_options.TryGetValue(name, out var values))
            {
                _options.Add(name, values = []);
            }

            values.Add(args[i]);
        }
    }

    public List<string> Plain { get; } = [];

    public IReadOnlyList<string> All(string option) => _options.TryGetValue(option, out var values) ? values : [];

    public string? One(string option) => All(option) switch
    {
        [] => null,
        [var value] => value,
        _ => throw new InputException($"--{option} may be given once"),
    };

    /// <summary>The plain words, of which there must be as many as the usage names.</summary>
    public string[] Exactly(int count, string usage) =>
        Plain.Count == count ? [.. Plain] : throw new InputException($"usage: {usage}");
}

/// <summary>Reads what the caller names: files, keys, policies, hashes. Each problem is one line, exit 2.</summary>
internal static class Given
{
    public static byte[] File(string path)
    {
        try
        {
            return System.IO.File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"cannot read {path}: {e.Message}");
        }
    }

    public static LedgerPolicy? Policy(string? path)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            return LedgerPolicy.Parse(File(path));
        }
        catch (FormatException e)
        {
            throw new InputException($"{path}: {e.Message}");
        }
    }

    public static VerifierKey Key(string text)
    {
        try
        {
            return VerifierKey.Parse(text.Trim());
        }
        catch (FormatException e)
        {
            throw new InputException(e.Message);
        }
    }

    /// <summary>The checkpoint a note carries, whoever signed it.</summary>
    /// <exception cref="NotVerifiedException">It is malformed or impossible.</exception>
    public static Checkpoint Checkpoint(SignedNote note)
    {
        var checkpoint = Ledger.Checkpoint.Parse(note.Text);
        return checkpoint.IsPossible ? checkpoint : throw new NotVerifiedException("the checkpoint has size 0 but not the root of an empty tree");
    }

    public static long Number(string name, string text) =>
        Ledger.Checkpoint.TryReadNumber(text, out var number) ? number : throw new InputException($"{name} '{text}' is not a whole number from 0");

    /// <summary>A hash in base64 or in hexadecimal.</summary>
    public static TreeHash Hash(string name, string text)
    {
        if (text.Length == 2 * TreeHash.Length && text.All(char.IsAsciiHexDigit))
        {
            return new TreeHash(Convert.FromHexString(text));
        }

        return TreeHash.TryParse(text, out var hash) ? hash : throw new InputException($"{name} '{text}' is neither 64 hexadecimal digits nor the base64 of 32 bytes");
    }
}
