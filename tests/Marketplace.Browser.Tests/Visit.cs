using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Deque.AxeCore.Commons;
using Microsoft.Playwright;
using Shouldly;

namespace Marketplace.Browser.Tests;

/// <summary>One person's page, and what the browser complained of meanwhile.</summary>
public sealed partial class Visit : IAsyncDisposable
{
    private static readonly string[] AllRules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    private static readonly string[] ColourRules = ["color-contrast", "link-in-text-block"];
    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    private readonly ConcurrentQueue<string> _complaints = [];

    internal Visit(IPage page)
    {
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _complaints.Enqueue($"console: {message.Text}");
            }
        };
        page.PageError += (_, error) => _complaints.Enqueue($"script: {error}");
        page.RequestFailed += (_, request) =>
        {
            // A page left early abandons what it was loading.
            if (request.Failure != "net::ERR_ABORTED")
            {
                _complaints.Enqueue($"request: {request.Url} {request.Failure}");
            }
        };
    }

    public IPage Page { get; }

    /// <summary>Errors in the console, uncaught exceptions and failed requests so far.</summary>
    public IReadOnlyList<string> Complaints => [.. _complaints];

    /// <summary>Goes to a page of the portal and waits until its circuit, if it has one, answers.</summary>
    public async Task<IResponse> GoToAsync(string path)
    {
        var response = await Page.GotoAsync(path, new PageGotoOptions { WaitUntil = WaitUntilState.NetworkIdle });
        return response.ShouldNotBeNull();
    }

    /// <summary>Signs somebody in with the password of all who are made for a demonstration; the sign-in page shows it.</summary>
    /// <param name="at">The portal's address, where it is not the visit's own.</param>
    public async Task SignInAsync(string email, string at = "")
    {
        await GoToAsync(at + "/sign-in");
        await Page.FillAsync("input[type=email]", email);
        await Page.FillAsync("input[type=password]", "Lindenhof-2026");
        await Page.ClickAsync("form.form button[type=submit]");
        // Not when it has loaded: the browser may have said so before anybody asked.
        await Assertions.Expect(Page).Not.ToHaveURLAsync(SignInAddress());
    }

    /// <summary>Gives this browser a device that keeps passkeys and signs with them unasked.</summary>
    public async Task AddPasskeyDeviceAsync()
    {
        var devices = await Page.Context.NewCDPSessionAsync(Page);
        await devices.SendAsync("WebAuthn.enable");
        await devices.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2", ["transport"] = "internal", ["hasResidentKey"] = true, ["hasUserVerification"] = true, ["isUserVerified"] = true, ["automaticPresenceSimulation"] = true,
            },
        });
    }

    /// <summary>Nothing that axe can find keeps anybody from using this page (WCAG 2.2 AA), and the browser is content.</summary>
    public Task ShouldBeAccessibleAsync() => ShouldBeAccessibleAsync(AllRules, "");

    /// <summary>As <see cref="ShouldBeAccessibleAsync()"/>, and what hangs on colours in the dark and the high-contrast theme too.</summary>
    public async Task ShouldBeAccessibleInEachThemeAsync()
    {
        await ShouldBeAccessibleAsync();
        var chosen = await Page.EvaluateAsync<string?>("() => document.documentElement.dataset.theme ?? null");
        foreach (var theme in new[] { "dark", "contrast" })
        {
            await SetThemeAsync(theme);
            await ShouldBeAccessibleAsync(ColourRules, $", {theme}");
        }

        await SetThemeAsync(chosen);
    }

    private async Task SetThemeAsync(string? theme) => await Page.EvaluateAsync(
        "theme => theme === null ? delete document.documentElement.dataset.theme : document.documentElement.dataset.theme = theme", theme);

    /// <param name="only">Tags of rules, or names.</param>
    private async Task ShouldBeAccessibleAsync(string[] only, string theme)
    {
        // A navigation within the portal shows the new address before the new page. The link that skips to the content names the page it is on.
        await Page.WaitForFunctionAsync("() => { const skip = document.querySelector('a.skip-link'); return !skip || skip.pathname === location.pathname; }");

        // A page is looked at six times; it is taught to look once.
        if (!await Page.EvaluateAsync<bool>("() => 'axe' in window"))
        {
            await Page.EvaluateAsync(Axe);
        }

        var violations = await Page.EvaluateAsync<string[]>(
            """
            async only => {
              const { violations } = await axe.run({ runOnly: only, resultTypes: ['violations'] });
              return violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.any[0]?.message ?? rule.help}: ${node.html}`));
            }
            """, only);
        violations.ShouldBeEmpty($"axe on {Page.Url} at {Page.ViewportSize?.Width}{theme}");
    }

    public void ShouldBeContent() => Complaints.ShouldBeEmpty($"complaints of the browser on {Page.Url}");

    /// <summary>Keeps a picture of the whole page, at this width and at a telephone's, where SCREENSHOTS names a folder.</summary>
    public async Task ShootAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("SCREENSHOTS") is not { Length: > 0 } folder)
        {
            return;
        }

        Directory.CreateDirectory(folder);
        var size = Page.ViewportSize.ShouldNotBeNull();
        foreach (var (width, height) in new[] { (size.Width, size.Height), (390, 844) })
        {
            await Page.SetViewportSizeAsync(width, height);
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}-{width}.png"), FullPage = true });
        }

        await Page.SetViewportSizeAsync(size.Width, size.Height);
    }

    public async ValueTask DisposeAsync() => await Page.Context.DisposeAsync();

    [GeneratedRegex("/sign-in", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex SignInAddress();
}
