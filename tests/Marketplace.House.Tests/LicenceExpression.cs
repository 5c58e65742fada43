namespace Marketplace.House.Tests;

/// <summary>An SPDX licence expression: identifiers, AND, OR and parentheses. What it cannot read, it does not permit.</summary>
internal static class LicenceExpression
{
    public static bool Permits(string expression, IReadOnlySet<string> allowed)
    {
        var words = new Queue<string>(expression
            .Replace("(", " ( ", StringComparison.Ordinal)
            .Replace(")", " ) ", StringComparison.Ordinal)
            .Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return Either(words, allowed) && words.Count == 0;
    }

    private static bool Either(Queue<string> words, IReadOnlySet<string> allowed)
    {
        var permitted = Both(words, allowed);
        while (words.TryPeek(out var word) && word == "OR")
        {
            words.Dequeue();
            permitted |= Both(words, allowed);
        }

        return permitted;
    }

    private static bool Both(Queue<string> words, IReadOnlySet<string> allowed)
    {
        var permitted = One(words, allowed);
        while (words.TryPeek(out var word) && word == "AND")
        {
            words.Dequeue();
            permitted &= One(words, allowed);
        }

        return permitted;
    }

    private static bool One(Queue<string> words, IReadOnlySet<string> allowed)
    {
        if (!words.TryDequeue(out var word))
        {
            return false;
        }

        if (word != "(")
        {
            return allowed.Contains(word);
        }

        var permitted = Either(words, allowed);
        return words.TryDequeue(out var close) && close == ")" && permitted;
    }
}
