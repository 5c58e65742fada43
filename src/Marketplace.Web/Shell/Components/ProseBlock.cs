using System.Text.RegularExpressions;

namespace Marketplace.Web.Shell.Components;

/// <summary>What a part of a written text is.</summary>
public enum ProseKind
{
    Paragraph,
    Heading,
    List,
}

/// <summary>One part of a text that somebody wrote: a heading, a list or a paragraph with its lines.</summary>
public sealed partial record ProseBlock(ProseKind Kind, IReadOnlyList<string> Lines)
{
    /// <summary>Cuts a text into its parts. An empty line ends a part; a line that begins with <c>## </c> is a heading, with <c>- </c> a point of a list.</summary>
    public static IReadOnlyList<ProseBlock> Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var blocks = new List<ProseBlock>();
        var (kind, lines) = (ProseKind.Paragraph, new List<string>());
        foreach (var raw in text.ReplaceLineEndings("\n").Split('\n').Append(""))
        {
            var line = raw.Trim();
            var next = line.StartsWith("## ", StringComparison.Ordinal) ? ProseKind.Heading : line.StartsWith("- ", StringComparison.Ordinal) ? ProseKind.List : ProseKind.Paragraph;
            if (lines.Count > 0 && (line.Length == 0 || next != kind || kind == ProseKind.Heading))
            {
                blocks.Add(new ProseBlock(kind, lines));
                lines = [];
            }

            if (line.Length > 0)
            {
                kind = next;
                lines.Add(next switch { ProseKind.Heading => line[3..].Trim(), ProseKind.List => line[2..].Trim(), _ => line });
            }
        }

        return blocks;
    }

    /// <summary>A line as words and links. Only https, http and e-mail addresses become links.</summary>
    public static IEnumerable<(string Words, string? Href)> Links(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        var at = 0;
        foreach (Match match in Address().Matches(line))
        {
            if (match.Index > at)
            {
                yield return (line[at..match.Index], null);
            }

            yield return (match.Value, match.Groups["mail"].Success ? "mailto:" + match.Value : match.Value);
            at = match.Index + match.Length;
        }

        if (at < line.Length)
        {
            yield return (line[at..], null);
        }
    }

    [GeneratedRegex(@"https?://[^\s<>""]*[^\s<>"".,;:!?)]|(?<mail>[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,})", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Address();
}
