namespace Marketplace.Web.Features.PublicTexts;

/// <summary>What a loop says of itself in public. Stored as numbers: never renumber.</summary>
public enum PublicPage : short
{
    /// <summary>Who runs it, as the law wants it said.</summary>
    LegalNotice = 1,
    Terms = 2,
    Privacy = 3,
    Contact = 4,
}

/// <summary>A text in the languages in which it is there; a language without one is empty.</summary>
/// <param name="Version">0 before the first.</param>
public sealed record PublicText(PublicPage Page, int Version, string En, string De, string Fr, DateTimeOffset? SetAt)
{
    public bool IsEmpty => En.Length == 0 && De.Length == 0 && Fr.Length == 0;

    /// <summary>The text for a reader of a language: in it, or in the first language that there is.</summary>
    /// <param name="language">Two letters.</param>
    public (string Language, string Text) For(string language)
    {
        (string Language, string Text)[] all = [("en", En), ("de", De), ("fr", Fr)];
        var own = Array.Find(all, one => one.Language == language && one.Text.Length > 0);
        return own.Text is null ? Array.Find(all, one => one.Text.Length > 0) is { Text: not null } other ? other : (language, "") : own;
    }
}

/// <summary>How the pages stand in addresses.</summary>
public static class PublicPages
{
    public static string Address(this PublicPage page) => page switch
    {
        PublicPage.LegalNotice => "legal-notice",
        PublicPage.Terms => "terms",
        PublicPage.Privacy => "privacy",
        PublicPage.Contact => "contact",
        _ => throw new ArgumentOutOfRangeException(nameof(page), page, "Not a page"),
    };

    public static PublicPage? Find(string? address) =>
        Enum.GetValues<PublicPage>().Where(page => page.Address() == address).Select(page => (PublicPage?)page).FirstOrDefault();
}
