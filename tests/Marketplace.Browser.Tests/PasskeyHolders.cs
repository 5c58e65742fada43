using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>People of the demo, each signed in once, on a device of their own that holds a passkey.</summary>
public sealed class PasskeyHolders(Portal portal) : IAsyncLifetime
{
    // A machine that is busy with other work takes its time to make a key.
    private static readonly LocatorAssertionsToBeVisibleOptions Patient = new() { Timeout = 30_000 };

    private readonly Dictionary<string, PasskeyHolder> _holders = [];

    /// <summary>Passkeys belong to a host name; an address in numbers has none.</summary>
    public string At => $"http://localhost:{portal.App.Address.Port}";

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var holder in _holders.Values)
        {
            await holder.Visit.DisposeAsync();
        }
    }

    /// <summary>The person, signed in where nobody has asked before.</summary>
    public async Task<PasskeyHolder> HolderAsync(string person)
    {
        if (!_holders.TryGetValue(person, out var holder))
        {
            _holders[person] = holder = await SignInAsync(person);
        }

        return holder;
    }

    private async Task<PasskeyHolder> SignInAsync(string person)
    {
        var visit = await portal.VisitAsync();
        var page = visit.Page;
        await visit.AddPasskeyDeviceAsync();
        await visit.SignInAsync(person + "@lindenhof.example", At);
        await visit.GoToAsync(At + "/account/passkeys");
        await page.FillAsync("#new-name", "Test");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a passkey from this device" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Test", Exact = true })).ToBeVisibleAsync(Patient);
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);

        // Either part of this template is open to everybody who makes contracts: who fills it in stands in the list.
        await visit.GoToAsync(At + "/loops/lindenhof/contracts/new?template=energy-performance");
        var own = await page.Locator("#role-contractor option").Filter(new() { HasText = "(you)" }).InnerTextAsync();
        return new PasskeyHolder(visit, await page.Context.NewPageAsync(), own.Replace("(you)", "", StringComparison.Ordinal).Trim());
    }
}

/// <summary>Somebody who can sign.</summary>
/// <param name="Aside">A second page of the same person, for what is asked beside the visit and may be refused at first.</param>
/// <param name="Name">As the member is called.</param>
public sealed record PasskeyHolder(Visit Visit, IPage Aside, string Name);
