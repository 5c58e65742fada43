using System.Globalization;

namespace Marketplace.Web.Shell;

/// <summary>How a person wants pages to look, kept in a cookie: no account and no script needed.</summary>
public static class DisplayChoice
{
    /// <summary>The cookie's name.</summary>
    public const string Cookie = "theme";

    /// <summary>The choices besides "as the system says".</summary>
    public static IReadOnlyList<string> Themes { get; } = ["light", "dark", "contrast"];

    /// <summary>The cookie that keeps the language.</summary>
    public const string LanguageCookie = "language";

    /// <summary>The cookie that keeps whether single keys act.</summary>
    public const string KeysCookie = "keys";

    /// <summary>Whether a single key, such as the stroke that leads to the search, acts. Who dictates can turn that off.</summary>
    public static bool KeysAct(HttpContext? context) => context?.Request.Cookies[KeysCookie] != "off";

    /// <summary>The cookie that keeps that the first steps are put away.</summary>
    public const string FirstStepsCookie = "first-steps";

    /// <summary>Whether home pages show how far the first steps are.</summary>
    public static bool ShowsFirstSteps(HttpContext? context) => context?.Request.Cookies[FirstStepsCookie] != "away";

    /// <summary>The language that the person chose, if one was.</summary>
    public static CultureInfo? LanguageOf(HttpContext? context) =>
        context?.Request.Cookies[LanguageCookie] is { Length: 2 } letters && Texts.Language(letters) is var culture && culture.TwoLetterISOLanguageName == letters ? culture : null;

    /// <summary>The value for <c>data-theme</c>, or nothing to follow the system.</summary>
    public static string? Of(HttpContext? context) =>
        context?.Request.Cookies[Cookie] is { } wish && Themes.Contains(wish, StringComparer.Ordinal) ? wish : null;

    /// <summary>The small form of the frame. It changes how pages look to this browser and nothing else,
    /// so it needs no antiforgery token.</summary>
    public static void MapDisplayChoice(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/display", (HttpContext context, IFormCollection form) =>
        {
            if (form.TryGetValue("language", out var language))
            {
                Remember(context, LanguageCookie, Texts.Language(language).TwoLetterISOLanguageName);
            }

            if (form.TryGetValue("theme", out var theme))
            {
                Remember(context, Cookie, Themes.Contains(theme.ToString(), StringComparer.Ordinal) ? theme.ToString() : null);
            }

            if (form.TryGetValue("keys", out var keys))
            {
                Remember(context, KeysCookie, keys == "off" ? "off" : null);
            }

            if (form.ContainsKey("first-steps"))
            {
                Remember(context, FirstStepsCookie, "away");
            }

            return Results.LocalRedirect(Back(form));
        }).DisableAntiforgery();
    }

    private static void Remember(HttpContext context, string name, string? value)
    {
        var options = new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = context.Request.IsHttps, IsEssential = true, MaxAge = TimeSpan.FromDays(400) };
        if (value is null)
        {
            context.Response.Cookies.Delete(name);
        }
        else
        {
            context.Response.Cookies.Append(name, value, options);
        }
    }

    // Only a path of ours: "//host" and "/\host" lead elsewhere.
    private static string Back(IFormCollection form)
    {
        var back = form["back"].ToString();
        return back.Length > 0 && back[0] == '/' && (back.Length == 1 || back[1] is not ('/' or '\\')) ? back : "/";
    }
}
