using System.Globalization;
using System.Net;

namespace Marketplace.Web.Shell;

/// <summary>The page that the service worker keeps for when there is no network. It stands by itself: it loads nothing and knows nobody.</summary>
internal static class OfflinePage
{
    public const string Path = "/offline";

    public static void MapOfflinePage(this IEndpointRouteBuilder routes) => routes.MapGet(Path, (HttpContext context) =>
    {
        context.Response.Headers.CacheControl = "no-store";
        return Results.Content(Html(CultureInfo.CurrentUICulture, DisplayChoice.Of(context)), "text/html; charset=utf-8");
    });

    internal static string Html(CultureInfo culture, string? theme)
    {
        string T(string key) => WebUtility.HtmlEncode(Texts.Get(key, culture));
        return $$"""
            <!DOCTYPE html>
            <html lang="{{culture.TwoLetterISOLanguageName}}" data-theme="{{theme}}">
            <head>
            <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
            <title>{{T("NoNetwork.Title")}}</title>
            <style>
            :root { --paper: #ffffff; --ink: #16211f; --accent: #0d5c63; --muted: #53605d; --line: #d9e0de; }
            @media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { --paper: #101615; --ink: #e9efed; --accent: #7fcdd0; --muted: #a9b5b2; --line: #2f3a38; } }
            :root[data-theme="dark"] { --paper: #101615; --ink: #e9efed; --accent: #7fcdd0; --muted: #a9b5b2; --line: #2f3a38; }
            body { margin: 0; font: 400 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
            main { max-width: 32rem; margin: 0 auto; padding: 4rem 1rem; }
            h1 { font-size: 1.625rem; line-height: 1.2; } ul { padding-inline-start: 1.25rem; } li { margin-block: 0.5rem; } .muted { color: var(--muted); }
            a { display: inline-block; padding: 0.5rem 1rem; color: var(--accent); border: 1px solid currentColor; border-radius: 0.5rem; text-decoration: none; font-weight: 550; }
            a:focus-visible { outline: 3px solid #0b5fff; outline-offset: 2px; }
            </style>
            </head>
            <body><main>
            <h1>{{T("NoNetwork.Title")}}</h1>
            <p>{{T("NoNetwork.Body")}}</p>
            <ul><li>{{T("NoNetwork.NotSent")}}</li><li>{{T("NoNetwork.Typed")}}</li><li>{{T("NoNetwork.Verify")}}</li></ul>
            <p><a href="">{{T("Offline.Reload")}}</a></p>
            <p class="muted">{{T("NoNetwork.NothingKept")}}</p>
            </main></body>
            </html>
            """;
    }
}
