using System.Globalization;
using System.Resources;

namespace Marketplace.Web.Shell;

/// <summary>Names the shell's words in Texts.resx. Every feature folder has its own pair: a class <c>Texts</c> in the
/// feature's namespace and a Texts.resx beside it; its pages say <c>@inject IStringLocalizer&lt;Texts&gt; T</c> and
/// <c>@T["Key"]</c>. A further language is one more file, Texts.de.resx, and one more entry in <see cref="Languages"/>.</summary>
public sealed class Texts
{
    private static readonly ResourceManager Resources = new(typeof(Texts));

    private Texts()
    {
    }

    /// <summary>The cultures in which pages are offered, the first one by default. Words and numbers change together:
    /// an English sentence with German separators would be misread.</summary>
    public static IReadOnlyList<CultureInfo> Languages { get; } = 
        [CultureInfo.GetCultureInfo("en-GB"), CultureInfo.GetCultureInfo("de-DE"), CultureInfo.GetCultureInfo("fr-FR")];

    /// <summary>The culture of a language's two letters; the first one for a language that is not offered.</summary>
    public static CultureInfo Language(string? letters) =>
        Languages.FirstOrDefault(culture => culture.TwoLetterISOLanguageName == letters) ?? Languages[0];

    /// <summary>A word of the shell outside a component.</summary>
    /// <exception cref="MissingManifestResourceException">There is no such word.</exception>
    public static string Get(string key, CultureInfo culture) =>
        Resources.GetString(key, culture) ?? throw new MissingManifestResourceException($"Texts.resx has no '{key}'");
}
