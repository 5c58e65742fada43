using System.Net;
using System.Text.RegularExpressions;

namespace Marketplace.Web.Tests.Features.Accounts;

/// <summary>What came back, as a person without a script sees it.</summary>
internal sealed record Page(string Path, HttpStatusCode Status, string? Location, string Html)
{
    /// <summary>The words, without the markup around them.</summary>
    public string Text => WebUtility.HtmlDecode(Regex.Replace(Html, "<[^>]+>", " ", RegexOptions.None, TimeSpan.FromSeconds(5)));

    public string Find(string pattern) =>
        WebUtility.HtmlDecode(Regex.Match(Html, pattern, RegexOptions.None, TimeSpan.FromSeconds(5)) is { Success: true } match ? match.Groups[1].Value : throw new InvalidOperationException($"{Path} ({Status}) has no {pattern}:\n{Html}"));
}

/// <summary>A browser without scripts: gets pages, fills in their forms, keeps cookies, stops at redirects.</summary>
internal sealed class Browser : IDisposable
{
    private readonly HttpClient _client;

    public Browser(MarketplaceHost host)
    {
        _client = host.CreateClient();
        _client.DefaultRequestHeaders.Accept.ParseAdd("text/html");
    }

    public async Task<Page> Get(string path)
    {
        using var response = await _client.GetAsync(new Uri(path, UriKind.Relative));
        return await Read(path, response);
    }

    /// <summary>Sends one of the page's forms.</summary>
    /// <summary>A file, as it is downloaded.</summary>
    public Task<byte[]> Bytes(string path) => _client.GetByteArrayAsync(new Uri(path, UriKind.Relative));

    public async Task<Page> Post(Page page, string handler, params (string Name, string Value)[] fields)
    {
        var token = page.Find("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"");
        using var content = new FormUrlEncodedContent(
        [
            new("__RequestVerificationToken", token),
            new("_handler", handler),
            .. fields.Select(field => new KeyValuePair<string, string>(field.Name, field.Value)),
        ]);
        using var response = await _client.PostAsync(new Uri(page.Path, UriKind.Relative), content);
        return await Read(page.Path, response);
    }

    /// <summary>The answer itself, for its headers.</summary>
    public Task<HttpResponseMessage> Response(string path) => _client.GetAsync(new Uri(path, UriKind.Relative));

    /// <summary>Sends a file by a form of the page, as a browser does.</summary>
    public async Task<Page> Upload(Page page, string path, string fileName, byte[] file)
    {
        using var content = new MultipartFormDataContent
        {
            { new StringContent(page.Find("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")), "__RequestVerificationToken" },
            { new StringContent(Guid.NewGuid().ToString()), "submission" },
            { new ByteArrayContent(file), "file", fileName },
        };
        using var response = await _client.PostAsync(new Uri(path, UriKind.Relative), content);
        return await Read(path, response);
    }

    /// <summary>Sends whatever somebody might.</summary>
    public async Task<Page> Send(string path, string contentType, string body)
    {
        using var content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(contentType);
        using var response = await _client.PostAsync(new Uri(path, UriKind.Relative), content);
        return await Read(path, response);
    }

    public async Task<Page> SignIn(string email, string password, string path = "/sign-in") =>
        await Post(await Get(path), "sign-in", ("Model.Email", email), ("Model.Password", password));

    public async Task SignOut()
    {
        var page = await Get("/account");
        await Post(page with { Path = "/sign-out" }, "");
    }

    public void Dispose() => _client.Dispose();

    private static async Task<Page> Read(string path, HttpResponseMessage response)
    {
        var location = response.Headers.Location is { } target ? (target.IsAbsoluteUri ? target.PathAndQuery : target.OriginalString) : null;
        return new Page(path, response.StatusCode, location, await response.Content.ReadAsStringAsync());
    }
}
