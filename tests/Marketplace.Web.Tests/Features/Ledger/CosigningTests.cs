using System.Net;
using System.Security.Cryptography;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Native.Crypto;
using Marketplace.Web.Features.Ledger.Trust;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Ledger;

/// <summary>Two of three witnesses must cosign; each decides by the witness rules and can be switched off.</summary>
public sealed class CosigningTests : IClassFixture<WitnessedHost>
{
    private readonly WitnessedHost _host;

    public CosigningTests(WitnessedHost host)
    {
        _host = host;
        foreach (var witness in host.Witnesses)
        {
            witness.IsDown = false;
        }
    }

    [Fact]
    public async Task A_checkpoint_is_published_when_enough_have_cosigned_and_not_before()
    {
        var loop = await StartAsync();
        using var client = _host.CreateClient();
        _host.Witnesses[0].IsDown = true;
        _host.Witnesses[1].IsDown = true;
        var batch = await loop.AppendAsync("readings/1", LedgerLoop.Readings(10));
        (await loop.IntegrateAsync()).Size.ShouldBe(10);
        (await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None)).ShouldBeFalse();
        (await client.GetAsync(new Uri($"/ledger/{loop.Slug}/checkpoint", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await loop.Sequencer.StateOfAsync(loop.Id, batch.BatchId, CancellationToken.None)).ShouldBe(EntryState.UnderSignature);

        _host.Witnesses[1].IsDown = false;
        (await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None)).ShouldBeTrue();
        (await loop.Sequencer.StateOfAsync(loop.Id, batch.BatchId, CancellationToken.None)).ShouldBe(EntryState.Anchored);
        (await OpenAsync(client, loop)).Cosignatures.Select(c => c.Key.Name).ShouldBe(["w2.example", "w3.example"]);

        // The one that was away catches up from the size it last saw.
        _host.Witnesses[0].IsDown = false;
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(300, 1000));
        await loop.IntegrateAsync();
        (await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None)).ShouldBeTrue();
        (await OpenAsync(client, loop)).Cosignatures.Count.ShouldBe(3);
    }

    [Fact]
    public async Task The_pages_tell_what_waits_for_signatures_from_what_is_anchored()
    {
        var loop = await StartAsync();
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(10));
        await loop.IntegrateAsync();
        (await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None)).ShouldBeTrue();
        _host.Witnesses[0].IsDown = true;
        _host.Witnesses[1].IsDown = true;
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(7, 1000));
        await loop.IntegrateAsync();
        (await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None)).ShouldBeFalse();
        using var client = _host.CreateClient();
        Task<string> Page(string path) => client.GetStringAsync(new Uri($"/loops/{loop.Slug}/ledger{path}", UriKind.Relative));

        var overview = await Page("");
        overview.ShouldContain("<p class=\"big-number-value\">10</p>");
        overview.ShouldContain("7 more are signed by the loop and wait to be published; with them there are 17.");
        overview.ShouldNotContain("17 entries are anchored");
        var entries = await Page("/entries");
        entries.ShouldContain("The first 10 are anchored. The 7 after them");
        entries.Split("not yet anchored").Length.ShouldBe(1 + 7);
        (await Page("/entries/12")).ShouldContain("Not yet anchored");
        (await Page("/bundles/0")).Split("not yet anchored").Length.ShouldBe(1 + 7);
    }

    [Fact]
    public async Task An_idle_log_is_cosigned_once_a_day()
    {
        var loop = await StartAsync();
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(10));
        await loop.IntegrateAsync();
        await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None);
        await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None);
        const string count = "SELECT count(*) FROM ledger.publications WHERE loop_id = $1 AND size = 10";
        var before = await loop.AskAsync<long>(count);
        _host.Time.Advance(TimeSpan.FromHours(25));
        (await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None)).ShouldBeTrue();
        (await loop.AskAsync<long>(count)).ShouldBe(before + 1);
    }

    [Fact]
    public async Task A_witness_that_has_seen_more_than_we_have_stops_the_signing_until_somebody_says_why_it_may_go_on()
    {
        var loop = await StartAsync();
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(10));
        await loop.IntegrateAsync();
        await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None);

        // As after a restore from an old backup: the witness remembers what the database has lost.
        var seen = _host.Witnesses[2].States[loop.Key.Name];
        _host.Witnesses[2].States[loop.Key.Name] = new WitnessedState(500, MerkleHash.Empty);
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(10, 100));
        await loop.IntegrateAsync();
        await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None);
        await loop.AppendAsync("readings/3", LedgerLoop.Readings(10, 200));
        var head = await loop.IntegrateAsync();
        head.HaltedBecause.ShouldNotBeNull().ShouldContain("w3");
        head.Size.ShouldBe(20);
        _host.Witnesses[2].States[loop.Key.Name] = seen;
        await _host.Send(new ResumeSigning(loop.Id, "The backup has been brought up to what was published"));
        (await loop.IntegrateAsync()).Size.ShouldBe(30);
        (await loop.Sequencer.PublishAsync(loop.Id, CancellationToken.None)).ShouldBeTrue();
    }

    private async Task<LedgerLoop> StartAsync()
    {
        var loop = await LedgerLoop.CreateAsync(_host);
        foreach (var witness in _host.Witnesses)
        {
            witness.Logs.Add(loop.Key);
        }

        return loop;
    }

    private static async Task<TrustedCheckpoint> OpenAsync(HttpClient client, LedgerLoop loop)
    {
        var policy = LedgerPolicy.Parse(await client.GetStringAsync(new Uri($"/ledger/{loop.Slug}/policy", UriKind.Relative)));
        return policy.Open(SignedNote.Parse(await client.GetByteArrayAsync(new Uri($"/ledger/{loop.Slug}/checkpoint", UriKind.Relative))), new Ed25519());
    }
}
