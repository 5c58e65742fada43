using System.Diagnostics;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace Marketplace.Web.Tests.Features.Ledger;

public sealed class LedgerPageTests(MarketplaceHost host, ITestOutputHelper output) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task Anyone_sees_how_the_ledger_stands_before_and_after_its_first_entries()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        using var client = host.CreateClient();
        var address = new Uri($"/ledger-log?loop={loop.Slug}", UriKind.Relative);
        (await client.GetStringAsync(address)).ShouldContain("Nothing is published yet");
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(20));
        await loop.IntegrateAsync();
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(280, 1000));
        await loop.IntegrateAsync();
        var page = await client.GetStringAsync(address);
        page.ShouldContain("all 300 entries are anchored");
        page.ShouldContain("Meter readings");
        page.ShouldContain($"/ledger/{loop.Slug} --policy loop.policy");
        page.ShouldContain("<polyline");
        (await client.GetStringAsync(new Uri("/ledger-log?loop=none", UriKind.Relative))).ShouldContain("There is no such loop");
    }

    [Fact]
    public async Task Integrating_costs_the_same_however_long_the_log_is()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        await loop.AppendAsync("first", LedgerLoop.Readings(50_000));
        await loop.IntegrateAsync();
        var watch = Stopwatch.StartNew();
        const int Hours = 100;
        for (var hour = 0; hour < Hours; hour++)
        {
            await loop.AppendAsync($"hour/{hour}", LedgerLoop.Readings(64, 100_000 + (hour * 64)));
            await loop.IntegrateAsync();
        }

        output.WriteLine($"{watch.Elapsed.TotalMilliseconds / Hours:0.0} ms to hand in and integrate an hour of 64 entries");
        (await loop.IntegrateAsync()).Size.ShouldBe(50_000 + (Hours * 64));
        using var client = host.CreateClient();
        (await loop.AuditAsync(client)).Checkpoint.Size.ShouldBe(50_000 + (Hours * 64));
    }
}
