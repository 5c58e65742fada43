using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests.Journeys;

/// <summary>What the journeys have in common: how somebody sets out at a width, what holds on every page on the way, and how the keyboard alone gets on.</summary>
internal static class Walk
{
    public const string Loop = "/loops/lindenhof";

    private const int Desk = 1280, Telephone = 390;

    // What a keyboard's next stop has to be: there, to be seen, not under a bar that floats, marked, and further on in the page than the one before.
    private const string Stop = """
        () => {
          const at = document.activeElement;
          if (!at || at === document.body) return '';
          const before = window.stopBefore;
          window.stopBefore = at;
          const name = `<${at.tagName.toLowerCase()} class="${at.className}"> ${(at.textContent || at.name || '').trim().slice(0, 40)}`;
          if (before?.isConnected && !(before.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING)) return `${name} stands before where the focus was`;
          const [box] = at.getClientRects();
          // A step of a curve may be a hair wide: its frame is what one sees.
          if (!box || (at instanceof SVGElement ? Math.max(box.width, box.height) : Math.min(box.width, box.height)) < 1) return `${name} has the focus and cannot be seen`;
          const middle = (from, to, most) => (Math.max(from, 0) + Math.min(to, most)) / 2;
          const top = document.elementFromPoint(middle(box.left, box.right, innerWidth), middle(box.top, box.bottom, innerHeight));
          // Flows of a chart cross each other.
          const sameChart = at instanceof SVGElement && top?.closest('svg') === at.closest('svg');
          if (!top || !(sameChart || at.contains(top) || top.contains(at) || top.closest('label')?.contains(at))) return `${name} is covered by ${top?.outerHTML.slice(0, 80)}`;
          // What stands in a chart is framed by its stroke.
          const shown = at instanceof SVGElement ? [at, ...at.querySelectorAll('*')].some(e => getComputedStyle(e).stroke !== 'none') : [at, ...at.parentElement.children, at.parentElement].some(e => { const s = getComputedStyle(e); return (s.outlineStyle !== 'none' && s.outlineWidth !== '0px') || s.boxShadow !== 'none'; });
          return shown ? null : `nothing shows that ${name} has the focus`;
        }
        """;

    public static TheoryData<int> Widths => [Desk, Telephone];

    /// <summary>Signs a person of the demo in, or nobody, before a window of this width.</summary>
    public static async Task<Visit> SetOutAsync(Portal portal, string person, int width)
    {
        var visit = await PagesTests.SignedInAsync(portal, person, true);
        await visit.Page.SetViewportSizeAsync(width, width == Desk ? 900 : 844);
        return visit;
    }

    /// <summary>Follows a link or presses a button, and waits for the page it leads to.</summary>
    public static async Task GoOnAsync(this Visit visit, ILocator way, string heading)
    {
        await way.ClickAsync();
        await visit.ShouldBeAtAsync(heading);
    }

    /// <summary>Follows a link or presses a button with the keyboard alone, and waits for the page it leads to.</summary>
    public static async Task KeyOnAsync(this Visit visit, ILocator way, string heading)
    {
        await visit.TabToAsync(way);
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.ShouldBeAtAsync(heading);
    }

    /// <summary>The page has this heading, and at this width nothing sticks out to the side.</summary>
    public static async Task ShouldBeAtAsync(this Visit visit, string heading)
    {
        await Assertions.Expect(visit.Page.Locator("h1")).ToContainTextAsync(heading);
        await visit.ShouldFitAsync();
    }

    /// <summary>Nothing sticks out to the side.</summary>
    public static async Task ShouldFitAsync(this Visit visit) =>
        (await visit.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
            .ShouldBeLessThanOrEqualTo(0, $"{visit.Page.Url} is wider than the window of {visit.Page.ViewportSize?.Width} px");

    /// <summary>Nothing that axe can find keeps anybody from using this page, looked at as a whole: what a bar covers just now can be scrolled free.</summary>
    public static async Task ShouldBeOpenToAllAsync(this Visit visit)
    {
        var size = visit.Page.ViewportSize.ShouldNotBeNull();
        var height = await visit.Page.EvaluateAsync<int>("document.documentElement.scrollHeight");
        await visit.Page.SetViewportSizeAsync(size.Width, Math.Max(size.Height, height + 200));
        await visit.ShouldBeAccessibleAsync();
        await visit.Page.SetViewportSizeAsync(size.Width, size.Height);
    }

    /// <summary>Goes on with the Tab key until this has the focus. Each stop on the way is seen, marked and in the order of the page.</summary>
    public static async Task TabToAsync(this Visit visit, ILocator target)
    {
        const int most = 150;
        await Assertions.Expect(target).ToHaveCountAsync(1);
        // One page passes into the next within the same document.
        await visit.Page.EvaluateAsync("window.stopBefore = null");
        for (var pressed = 0; pressed < most; pressed++)
        {
            await visit.Page.Keyboard.PressAsync("Tab");
            (await visit.Page.EvaluateAsync<string?>(Stop)).ShouldBeNullOrEmpty($"the keyboard on {visit.Page.Url}");
            if (await target.EvaluateAsync<bool>("e => e === document.activeElement"))
            {
                return;
            }
        }

        throw new TimeoutException($"The keyboard does not come to {target} on {visit.Page.Url}");
    }
}
