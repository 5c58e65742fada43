using System.Net;
using System.Text.RegularExpressions;

namespace Marketplace.Benchmarks;

/// <summary>Somebody of a demonstration or a replay who has signed in.</summary>
internal sealed partial record SignedIn(CookieContainer Cookies, HttpClient Client) : IDisposable
{
    // The demonstration's own password; the sign-in page shows it.
    private const string Password = "Lindenhof-2026";

    public static async Task<SignedIn> AsAsync(Uri address, string person)
    {
        var cookies = new CookieContainer();
        var client = new HttpClient(new SocketsHttpHandler { CookieContainer = cookies, AllowAutoRedirect = true }) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
        var form = await client.GetStringAsync(new Uri("/sign-in", UriKind.Relative));
        using var content = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["__RequestVerificationToken"] = WebUtility.HtmlDecode(Token().Match(form).Groups[1].Value), ["_handler"] = "sign-in", ["Model.Email"] = person, ["Model.Password"] = Password,
        });
        using var answer = await client.PostAsync(new Uri("/sign-in", UriKind.Relative), content);
        return answer.IsSuccessStatusCode && !answer.RequestMessage!.RequestUri!.AbsolutePath.StartsWith("/sign-in", StringComparison.Ordinal)
            ? new SignedIn(cookies, client)
            : throw new InvalidOperationException($"{person} could not sign in: {answer.StatusCode}");
    }

    public void Dispose() => Client.Dispose();

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]*)\"", RegexOptions.None, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex Token();
}
