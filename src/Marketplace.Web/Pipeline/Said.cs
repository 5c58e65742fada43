using System.Collections;
using System.Globalization;
using System.Resources;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Marketplace.Quantities;
using Marketplace.Web.Shell;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Pipeline;

/// <summary>A sentence for people, written in English where it is thought of, with its parts kept apart. Whoever reads it gets it in
/// the own language: Messages.de.resx and Messages.fr.resx beside this file are named by the English sentences, <c>{0}</c> where a part
/// stands. Machines, logs and records get the English one.</summary>
[InterpolatedStringHandler]
public sealed partial class Said : IEquatable<Said>
{
    private static readonly string[] s_between = [". ", "; ", ": "];

    private readonly StringBuilder? _format;
    private readonly List<(object? Value, string? Format)> _parts = [];
    private readonly string? _words;
    private readonly bool _isTranslated;

    /// <summary>Begins a sentence; called by the compiler for <c>$"…"</c>.</summary>
    public Said(int literalLength, int formattedCount) =>
        _format = new StringBuilder(literalLength + (3 * formattedCount));

    private Said(string words, bool isTranslated) => (_words, _isTranslated) = (words, isTranslated);

    private Said(string format, IEnumerable<string> parts)
        : this(0, 0)
    {
        _format!.Append(format);
        // A part may be a sentence or a word of ours itself, such as a carrier's name, or a number with its unit.
        _parts.AddRange(parts.Select(part => (
            Quantity.Of(part) ?? (part.Contains(' ', StringComparison.Ordinal) || Messages.IsKnown(part) ? new Said(part, isTranslated: false) : (object?)part), (string?)null)));
    }

    /// <summary>As machines, logs and records get it.</summary>
    public string English => In(CultureInfo.InvariantCulture);

    /// <summary>The sentence's name in the resources.</summary>
    private string Format => _words ?? _format!.ToString();

    /// <summary>A sentence that came ready, with its parts in it or none. It is looked up as one of those that the parts are kept of.</summary>
    public static implicit operator Said(string words) => new(words, isTranslated: false);

    /// <summary>What a page says in its own texts is in the reader's language already.</summary>
    public static implicit operator Said(LocalizedString words) => new(words.Value, isTranslated: true);

    /// <summary>A sentence with parts where the compiler would make a string of it, such as beside another: <c>a ? Said.Of($"…") : "…"</c>.</summary>
    public static Said Of(Said said) => said;

    /// <summary>What was kept in English, in the language of whoever reads it now.</summary>
    public static string Again(string? english) => string.IsNullOrEmpty(english) ? "" : new Said(english, isTranslated: false).ToString();

    /// <summary>Called by the compiler for the words between the parts.</summary>
    public void AppendLiteral(string literal) => _format!.Append(literal.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));

    /// <summary>Called by the compiler for a part.</summary>
    public void AppendFormatted<T>(T value, string? format = null)
    {
        _format!.Append('{').Append(_parts.Count.ToString(CultureInfo.InvariantCulture)).Append('}');
        _parts.Add((value, format));
    }

    /// <summary>In the language of whoever reads it now.</summary>
    public override string ToString() => In(CultureInfo.CurrentUICulture);

    /// <summary>In a language; English where it is not one of the portal's. Numbers and dates are written in its way.</summary>
    public string In(CultureInfo culture)
    {
        var known = Messages.Of(culture);
        if (_words is null)
        {
            var format = Format;
            var numbers = known is null ? CultureInfo.InvariantCulture : culture;
            return string.Format(numbers, known?.GetValueOrDefault(format) ?? format, [.. _parts.Select(part => Part(part.Value, part.Format, culture, numbers))]);
        }

        return known is null || _isTranslated ? _words
            : known.TryGetValue(_words, out var translated) ? translated
            : Messages.Find(_words)?.In(culture) ?? OneByOne(_words, culture);
    }

    public bool Equals(Said? other) => other is not null && English == other.English;

    public override bool Equals(object? obj) => Equals(obj as Said);

    public override int GetHashCode() => English.GetHashCode(StringComparison.Ordinal);

    // Several sentences, or a list, that were kept as one text: what of it is known is said in the language.
    private static string OneByOne(string words, CultureInfo culture)
    {
        foreach (var between in s_between)
        {
            if (words.IndexOf(between, StringComparison.Ordinal) is > 0 and < 1000 and var end)
            {
                var mark = between[0] == '.' ? 1 : 0;
                return new Said(words[..(end + mark)], isTranslated: false).In(culture) + between[mark..] + new Said(words[(end + between.Length)..], isTranslated: false).In(culture);
            }
        }

        return words.Contains(", ", StringComparison.Ordinal) && words.Length < 1000 ? Listed(words.Split(", "), culture) : words;
    }

    // A thing of a list may hold a comma itself.
    private static string Listed(string[] things, CultureInfo culture)
    {
        var (said, at) = (new List<string>(), 0);
        while (at < things.Length)
        {
            var (until, thing) = (at + 1, things[at]);
            for (var end = things.Length; end > at; end--)
            {
                if (string.Join(", ", things[at..end]) is var whole && Messages.IsKnown(whole))
                {
                    (until, thing) = (end, new Said(whole, isTranslated: false).In(culture));
                    break;
                }
            }

            said.Add(thing);
            at = until;
        }

        return string.Join(", ", said);
    }

    private static string Part(object? value, string? format, CultureInfo culture, CultureInfo numbers) => value switch
    {
        Said said => said.In(culture),
        Carrier carrier => new Said(carrier.Name(), isTranslated: false).In(culture),
        IFormattable formattable => formattable.ToString(format, numbers),
        _ => value?.ToString() ?? "",
    };

    /// <summary>A decimal number with its unit, as it was kept in English.</summary>
    private sealed partial record Quantity(decimal Number, string Unit) : IFormattable
    {
        public static Quantity? Of(string part) =>
            Form().Match(part) is { Success: true } form && decimal.TryParse(form.Groups[1].ValueSpan, NumberStyles.Number, CultureInfo.InvariantCulture, out var number)
                ? new Quantity(number, form.Groups[2].Value)
                : null;

        public string ToString(string? format, IFormatProvider? formatProvider) => Number.ToString(formatProvider) + Unit;

        [GeneratedRegex(@"^(-?[0-9]{1,15}\.[0-9]{1,6})( (?:kWh|°C|K|%|[A-Z]{3}))\z")]
        private static partial Regex Form();
    }

    /// <summary>The sentences in other languages.</summary>
    private static partial class Messages
    {
        private static readonly Dictionary<string, Dictionary<string, string>> s_languages = Texts.Languages.Skip(1)
            .Select(culture => culture.TwoLetterISOLanguageName)
            .ToDictionary(language => language, Read);

        // Those with parts, the longest first: it says the most. No backtracking: what is looked up may hold what people have typed.
        private static readonly List<(Regex Pattern, string Format)> s_withParts =
        [
            .. s_languages.Values.First().Keys
                .Where(format => Hole().IsMatch(format) && Hole().Replace(format, "").Count(char.IsAsciiLetter) >= 3)
                .OrderByDescending(format => format.Length)
                .Select(format => (PatternOf(format), format)),
        ];

        public static Dictionary<string, string>? Of(CultureInfo culture) => s_languages.GetValueOrDefault(culture.TwoLetterISOLanguageName);

        public static bool IsKnown(string words) => s_languages.Values.First().ContainsKey(words);

        /// <summary>The sentence that these words are, with its parts; null if it is none of ours.</summary>
        public static Said? Find(string words)
        {
            foreach (var (pattern, format) in s_withParts)
            {
                if (pattern.Match(words) is { Success: true } match)
                {
                    return new Said(format, pattern.GetGroupNames().Skip(1).OrderBy(name => name, StringComparer.Ordinal).Select(name => match.Groups[name].Value));
                }
            }

            return null;
        }

        private static Dictionary<string, string> Read(string language)
        {
            var set = new ResourceManager(typeof(Said).Namespace + ".Messages", typeof(Said).Assembly)
                .GetResourceSet(CultureInfo.GetCultureInfo(language), createIfNotExists: true, tryParents: false)
                ?? throw new MissingManifestResourceException($"There is no Messages.{language}.resx");
            return set.Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!, StringComparer.Ordinal);
        }

        private static Regex PatternOf(string format)
        {
            var pattern = new StringBuilder("^");
            // Few words are easily somebody's own: then what stands first is one word.
            var first = Hole().Replace(format, "").Count(char.IsAsciiLetter) < 7 ? "\\S+" : ".+?";
            var (at, seen) = (0, new HashSet<string>());
            foreach (Match hole in Hole().Matches(format))
            {
                pattern.Append(Literal(format[at..hole.Index])).Append(seen.Add(hole.Groups[1].Value) ? $"(?<p{hole.Groups[1].Value}>{(seen.Count == 1 ? first : ".+?")})" : ".+?");
                at = hole.Index + hole.Length;
            }

            return new Regex(pattern.Append(Literal(format[at..])).Append("\\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
        }

        private static string Literal(string part) => Regex.Escape(part.Replace("{{", "{", StringComparison.Ordinal).Replace("}}", "}", StringComparison.Ordinal));

        [GeneratedRegex(@"(?<!\{)\{([0-9])\}")]
        private static partial Regex Hole();
    }
}
