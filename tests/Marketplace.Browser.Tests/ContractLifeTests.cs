using System.Text;
using Marketplace.Ledger;
using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>Each shipped template through its life between two people who sign with passkeys of their own: chosen, filled in, read, offered, accepted, read alike by both,
/// agreed on anew, ended with notice, and disputed until it is settled.</summary>
[Collection(Portal.Contracts)]
public sealed class ContractLifeTests(PasskeyHolders holders) : IClassFixture<PasskeyHolders>
{
    private const string Contracts = "/loops/lindenhof/contracts";

    /// <summary>Template; who begins it in which part; who answers in which part; the part that brings a plant; the field that is agreed on anew, what is typed there
    /// and what the terms then say.</summary>
    public static TheoryData<string, string, string, string, string, string, string, string, string> Templates() => new()
    {
        { "bilateral-deal", "solar", "seller", "resident", "buyer", "", "rebate", "0.02", "0.02 €/kWh" },
        { "charging-deposit", "operator", "operator", "resident", "driver", "", "charge", "0.25", "0.25 €/kWh" },
        { "demand-response", "operator", "caller", "resident", "participant", "", "reward", "0.17", "0.17 €/kWh" },
        { "energy-performance", "solar", "contractor", "resident", "customer", "", "fee", "0.07", "0.07 €/kWh" },
        { "energy-supply", "operator", "supplier", "resident", "customer", "", "price", "0.13", "0.13 €/kWh" },
        { "heat-cold-delivery", "operator", "provider", "solar", "customer", "", "base", "52.50", "52.50 €" },
        { "investment-donation", "resident", "investor", "solar", "owner", "", "amount", "120.50", "120.50 €" },
        { "investment-equity", "resident", "investor", "solar", "owner", "owner", "share", "0.06", "0.06" },
        { "investment-loan", "resident", "investor", "solar", "owner", "", "interest", "0.04", "0.04" },
        { "investment-reward", "resident", "investor", "solar", "owner", "", "reward", "0.03", "0.03 €/kWh" },
        { "peak-smoothing", "operator", "network", "resident", "consumer", "", "bonus", "3.5", "3.5 €/kW" },
        { "power-purchase", "solar", "producer", "resident", "buyer", "producer", "price", "0.11", "0.11 €/kWh" },
        { "storage-service", "storage", "provider", "resident", "user", "provider", "base", "82.50", "82.50 €" },
    };

    [Theory]
    [MemberData(nameof(Templates))]
    public async Task Two_people_agree_read_the_same_change_the_terms_and_end_it(
        string template, string first, string firstRole, string second, string secondRole, string plantOf, string field, string typed, string said)
    {
        var (one, other) = (await holders.HolderAsync(first), await holders.HolderAsync(second));
        var contract = await OfferAsync(one, other, template, firstRole, secondRole, plantOf);
        await AcceptAsync(other, contract);
        await other.Visit.ShouldBeAccessibleAsync();
        await other.Visit.ShootAsync("contract-" + template);

        // In force for both, who read the same terms, signed by both.
        await GoAsync(one, Contracts);
        await one.Visit.Page.Locator($"section:has(#binding) a[href='{contract}']").ClickAsync();
        await ShouldShowAsync(one, contract);
        await Assertions.Expect(one.Visit.Page.GetByText("Agreed, not begun", new() { Exact = true })).ToBeVisibleAsync();
        var terms = await TermsAsync(one);
        terms.ShouldBe(await TermsAsync(other));
        terms.ShouldContain(one.Name);
        terms.ShouldContain(other.Name);
        terms.ShouldNotContain(said, Case.Sensitive, "the new terms are no change");
        await ShouldHaveSignedAsync(one, 2);
        await ShouldBeOnTheLedgerAsync(one, contract, 3, "Accepted");

        // Other terms bind once the other has signed them too.
        await AgreeAnewAsync(one, other, contract, field, typed);
        var changed = await TermsAsync(other);
        changed.ShouldContain(said);
        changed.ShouldContain("terms 2");
        await ShouldHaveSignedAsync(other, 4);

        // Notice, given by the other, ends it with a period; the first sees that too.
        await other.Visit.Page.GetByText("Give notice", new() { Exact = true }).ClickAsync();
        await SignAsync(other);
        await Assertions.Expect(other.Visit.Page.GetByText("Notice has been given.")).ToBeVisibleAsync();
        await GoAsync(one, contract);
        await Assertions.Expect(one.Visit.Page.GetByText("Notice has been given.")).ToBeVisibleAsync();
        await ShouldHaveSignedAsync(one, 5);
        await ShouldSpeakAsync(one, contract, $"{Contracts}/new?template={template}");
        await DisputeAsync(one, other, contract);
        one.Visit.ShouldBeContent();
        other.Visit.ShouldBeContent();
    }

    /// <summary>Chooses the template, fills it in, reads it, keeps it and offers it.</summary>
    /// <returns>The contract's path.</returns>
    private async Task<string> OfferAsync(PasskeyHolder one, PasskeyHolder other, string template, string firstRole, string secondRole, string plantOf)
    {
        var page = one.Visit.Page;
        await GoAsync(one, Contracts + "/new");
        await page.Locator($"main a[href$='?template={template}']").ClickAsync();
        await ChooseAsync(page, "#role-" + firstRole, "(you)");

        // Who has not said who takes the other part is told so, and what was chosen stays.
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep as draft" }).ClickAsync();
        await Assertions.Expect(page.Locator($"#role-{secondRole}-error")).ToBeVisibleAsync();
        await ChooseAsync(page, "#role-" + secondRole, other.Name);
        if (plantOf.Length > 0)
        {
            await ChooseAsync(page, "#field-plant", plantOf == firstRole ? one.Name : other.Name);
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Preview" }).ClickAsync();
        await Assertions.Expect(page.Locator("section:has(#preview) dd", new() { HasText = other.Name }).First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep as draft" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Draft kept", new() { Exact = true })).ToBeVisibleAsync();
        await SignAsync(one);
        await Assertions.Expect(page.GetByText("The other parties see it now and can sign, answer or decline.")).ToBeVisibleAsync();
        return new Uri(page.Url).AbsolutePath;
    }

    private async Task AcceptAsync(PasskeyHolder other, string contract)
    {
        await GoAsync(other, Contracts);
        await other.Visit.Page.Locator($"section:has(#waiting) a[href='{contract}']").ClickAsync();
        await ShouldShowAsync(other, contract);
        await SignAsync(other);
        await Assertions.Expect(other.Visit.Page.GetByText("Agreed, not begun", new() { Exact = true })).ToBeVisibleAsync();
    }

    private async Task AgreeAnewAsync(PasskeyHolder one, PasskeyHolder other, string contract, string field, string typed)
    {
        var page = one.Visit.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "Propose new terms" }).ClickAsync();
        await page.FillAsync("#field-" + field, typed);
        await page.GetByRole(AriaRole.Button, new() { Name = "Read and sign" }).ClickAsync();
        await SignAsync(one);
        await Assertions.Expect(page.GetByText("New terms proposed", new() { Exact = true })).ToBeVisibleAsync();
        await GoAsync(other, contract);
        await SignAsync(other);
        await Assertions.Expect(other.Visit.Page.GetByText("Your signature is on record.")).ToBeVisibleAsync();
    }

    /// <summary>What the one says is wrong stands before the other, until the one calls it settled.</summary>
    private async Task DisputeAsync(PasskeyHolder one, PasskeyHolder other, string contract)
    {
        const string Wrong = "The meter in the cellar stood still in October.";
        await one.Visit.Page.FillAsync("#dispute-note", Wrong);
        await one.Visit.Page.GetByRole(AriaRole.Button, new() { Name = "Put on record" }).ClickAsync();
        await Assertions.Expect(one.Visit.Page.GetByText("On record", new() { Exact = true })).ToBeVisibleAsync();
        await one.Visit.ShouldBeAccessibleAsync();

        await GoAsync(other, Contracts);
        var listed = other.Visit.Page.Locator($"section:has(#binding) tr:has(a[href='{contract}'])");
        await Assertions.Expect(listed.GetByText("Disputed", new() { Exact = true })).ToBeVisibleAsync();
        await listed.GetByRole(AriaRole.Link).ClickAsync();
        await ShouldShowAsync(other, contract);
        await Assertions.Expect(other.Visit.Page.GetByText(Wrong)).ToBeVisibleAsync();
        await Assertions.Expect(other.Visit.Page.Locator("#dispute-note")).ToHaveCountAsync(0);

        await one.Visit.Page.FillAsync("#dispute-note", "It was exchanged, and the terms hold.");
        await one.Visit.Page.GetByRole(AriaRole.Button, new() { Name = "It is settled" }).ClickAsync();
        await Assertions.Expect(one.Visit.Page.GetByText(one.Name + " called it settled")).ToBeVisibleAsync();
        await Assertions.Expect(one.Visit.Page.GetByText("Disputed", new() { Exact = true })).ToHaveCountAsync(0);
    }

    private async Task GoAsync(PasskeyHolder holder, string path) => await holder.Visit.Page.GotoAsync(holders.At + path);

    private static Task ShouldShowAsync(PasskeyHolder holder, string contract) =>
        Assertions.Expect(holder.Visit.Page.Locator("h1")).ToContainTextAsync($", contract {NumberOf(contract)}");

    private static string NumberOf(string contract) => contract[(contract.LastIndexOf('/') + 1)..];

    private static Task SignAsync(PasskeyHolder holder) => holder.Visit.Page.GetByRole(AriaRole.Button, new() { Name = "Sign with a passkey" }).ClickAsync();

    private static async Task ShouldHaveSignedAsync(PasskeyHolder holder, int times) =>
        await Assertions.Expect(holder.Visit.Page.GetByRole(AriaRole.Link, new() { Name = "Signed", Exact = true })).ToHaveCountAsync(times);

    private static async Task ChooseAsync(IPage page, string select, string words)
    {
        var option = page.Locator($"{select} option").Filter(new() { HasText = words }).First;
        await page.SelectOptionAsync(select, (await option.GetAttributeAsync("value")).ShouldNotBeNull());
    }

    private static async Task<string> TermsAsync(PasskeyHolder holder) => await holder.Visit.Page.Locator("section:has(#terms)").InnerTextAsync();

    /// <summary>The proof of an act can be had as soon as a checkpoint covers it, and opens the act that was shown.</summary>
    private async Task ShouldBeOnTheLedgerAsync(PasskeyHolder holder, string contract, int act, string kind)
    {
        var path = $"{holders.At}{contract}/acts/{act}/proof";
        await holder.Aside.GotoAsync(holders.At + contract);
        await holder.Aside.EvaluateAsync(
            """
            async path => {
              for (let i = 0; i < 240 && !(await fetch(path)).ok; i++) {
                await new Promise(next => setTimeout(next, 250));
              }
            }
            """, path);
        var answer = await holder.Aside.APIRequest.GetAsync(path);
        answer.Status.ShouldBe(200, await answer.TextAsync());
        var proof = TlogProof.Parse(await answer.BodyAsync());
        var record = Encoding.UTF8.GetString(proof.Extra.ShouldNotBeNull().Span);
        record.ShouldContain($"contract {NumberOf(contract)}\n");
        record.ShouldContain($"kind {kind}\n");
    }

    /// <summary>In German and in French nothing of what a page says is left in English: no sentence, name or label of several words is the same.</summary>
    private async Task ShouldSpeakAsync(PasskeyHolder holder, params string[] paths)
    {
        foreach (var path in paths)
        {
            var pages = await holder.Aside.EvaluateAsync<string[][]>(
                """
                async path => {
                  const pages = [];
                  for (const language of ['en', 'de', 'fr']) {
                    document.cookie = `language=${language}; path=/`;
                    const page = new DOMParser().parseFromString(await (await fetch(path)).text(), 'text/html');
                    const said = [...page.querySelectorAll('main :is(h1, h2, h3, p, th, dt, summary, label, button, legend, li)')].map(e => e.textContent.replace(/\s+/g, ' ').trim());
                    pages.push(said.filter(words => words.split(' ').length > 2));
                  }
                  document.cookie = 'language=; path=/; max-age=0';
                  return pages;
                }
                """, path);
            foreach (var page in pages.Skip(1))
            {
                page.Length.ShouldBeGreaterThan(5);
                page.Intersect(pages[0]).ShouldBeEmpty($"left in English on {path}");
            }
        }
    }
}
