using System.Globalization;

namespace Marketplace.Web.Features.Search;

/// <summary>Whether every word that somebody typed begins a word of a text, whatever its case and accents.</summary>
public static class WordMatch
{
    /// <param name="typed">What somebody typed. Without a letter or digit in it, nothing matches.</param>
    public static bool HasAll(string typed, string text)
    {
        var words = Split(typed);
        var there = Split(text);
        return words.Count > 0 && words.All(word => there.Any(candidate =>
            CultureInfo.InvariantCulture.CompareInfo.IsPrefix(candidate, word, CompareOptions.IgnoreCase | CompareOptions.IgnoreNonSpace)));
    }

    private static List<string> Split(string text)
    {
        var words = new List<string>();
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            var inside = i < text.Length && char.IsLetterOrDigit(text[i]);
            if (inside && start < 0)
            {
                start = i;
            }
            else if (!inside && start >= 0)
            {
                words.Add(text[start..i]);
                start = -1;
            }
        }

        return words;
    }
}
