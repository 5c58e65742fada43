using System.Text.RegularExpressions;
using System.Xml.Linq;
using Shouldly;
using Xunit;

namespace Marketplace.House.Tests;

/// <summary>What C# says to people, it says in each of the portal's languages.</summary>
public sealed partial class SaidTests
{
    private static readonly string Root = FindRoot();

    private static readonly Lazy<SaidSentences> Said = new(() => SaidSentences.Read(Root));

    [Theory]
    [InlineData("de")]
    [InlineData("fr")]
    public void Every_sentence_has_a_translation(string language)
    {
        var known = Translations(language);

        Said.Value.Sentences.Count.ShouldBeGreaterThan(500);
        Said.Value.Sentences.Where(said => !known.ContainsKey(said.Key)).Select(said => $"{said.Value}: {said.Key}").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("de")]
    [InlineData("fr")]
    public void Every_translation_is_of_something_that_is_said(string language) =>
        Translations(language).Keys.Where(key => !Said.Value.Texts.Contains(key)).ShouldBeEmpty();

    [Theory]
    [InlineData("de")]
    [InlineData("fr")]
    public void A_translation_has_the_parts_of_its_sentence(string language) =>
        Translations(language).Where(pair => Parts(pair.Key) != Parts(pair.Value)).Select(pair => pair.Key).ShouldBeEmpty();

    [Theory]
    [InlineData("de")]
    [InlineData("fr")]
    public void Translations_are_set_as_the_language_is(string language) =>
        Translations(language).Values
            .Where(text => (language == "fr" ? FrenchFault() : GermanFault()).IsMatch(text) || !ForPeople.HasWords(text))
            .ShouldBeEmpty();

    private static string Parts(string text) =>
        string.Join(' ', Hole().Matches(text).Select(hole => hole.Value).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    private static Dictionary<string, string> Translations(string language) =>
        XDocument.Load(Path.Combine(Root, "src", "Marketplace.Web", "Pipeline", $"Messages.{language}.resx"))
            .Root!.Elements("data").ToDictionary(data => data.Attribute("name")!.Value, data => data.Element("value")!.Value, StringComparer.Ordinal);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Marketplace.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException($"No Marketplace.sln above {AppContext.BaseDirectory}");
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"\{[0-9]\}")]
    private static partial Regex Hole();

    // A plain quotation mark or apostrophe, or a breaking space before a sign.
    [GeneratedRegex("[\"']| [:;!?»](?: |$)|« ")]
    private static partial Regex FrenchFault();

    [GeneratedRegex("[\"']|z\\. B\\.")]
    private static partial Regex GermanFault();
}

/// <summary>Whether a text is words at all.</summary>
internal static partial class ForPeople
{
    public static bool HasWords(string text) => Word().IsMatch(text);

    [GeneratedRegex("[A-Za-zÀ-ÿ]{2}")]
    private static partial Regex Word();
}
