using System.Net;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger;
using Npgsql;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Ledger;

public sealed class ReadInterfaceTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task The_published_log_is_recomputed_at_every_size_and_each_is_a_prefix_of_the_next()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        using var client = host.CreateClient();
        (await loop.IntegrateAsync()).Size.ShouldBe(0);
        (await loop.AuditAsync(client)).Checkpoint.Root.ShouldBe(MerkleHash.Empty);
        var checkpoints = new List<Checkpoint>();
        foreach (var (step, count) in new[] { 1, 2, 252, 1, 1, 255, 600, 3 }.Index())
        {
            await loop.AppendAsync($"batch/{step}", LedgerLoop.Readings(count, step * 1000));
            await loop.IntegrateAsync();
            checkpoints.Add((await loop.AuditAsync(client)).Checkpoint);
        }

        await using var connection = await OpenAsync();
        var last = checkpoints[^1];
        last.Size.ShouldBe(1115);
        foreach (var old in checkpoints)
        {
            var nodes = ConsistencyProof.NodesFor(old.Size, last.Size).ToList();
            var tiles = await LogTables.TilesAsync(connection, loop.Id, nodes.Select(n => n.TileAt(last.Size)), CancellationToken.None);
            var proof = ConsistencyProof.Make(old.Size, last.Size, n => n.HashIn(tiles[n.TileAt(last.Size)]));
            ConsistencyProof.Verify(old.Size, last.Size, old.Root, last.Root, proof).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task It_answers_as_the_standard_says()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        using var client = host.CreateClient();
        (await Get(client, loop, "checkpoint")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(300));
        await loop.IntegrateAsync();

        using var checkpoint = await Get(client, loop, "checkpoint");
        checkpoint.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; charset=utf-8");
        checkpoint.Headers.CacheControl!.MaxAge!.Value.ShouldBeLessThan(TimeSpan.FromMinutes(1));
        using var tile = await Get(client, loop, "tile/0/000");
        tile.Content.Headers.ContentType!.ToString().ShouldBe("application/octet-stream");
        tile.Headers.CacheControl!.ToString().ShouldContain("immutable");
        (await tile.Content.ReadAsByteArrayAsync()).Length.ShouldBe(8192);
        (await (await Get(client, loop, "tile/0/001.p/44")).Content.ReadAsByteArrayAsync()).Length.ShouldBe(44 * 32);
        (await (await Get(client, loop, "tile/0/000.p/7")).Content.ReadAsByteArrayAsync()).Length.ShouldBe(7 * 32);
        (await (await Get(client, loop, "tile/entries/000.p/7")).Content.ReadAsByteArrayAsync()).Length.ShouldBe(7 * 36);
        (await (await Get(client, loop, "tile/1/000.p/1")).Content.ReadAsByteArrayAsync()).Length.ShouldBe(32);
        foreach (var none in new[] { "tile/0/001", "tile/0/001.p/45", "tile/0/002", "tile/1/000", "tile/2/000.p/1", "tile/0/0", "tile/0/000.p/0", "tile/x", "tile/entries/001", "nothing" })
        {
            (await Get(client, loop, none)).StatusCode.ShouldBe(HttpStatusCode.NotFound, none);
        }

        using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, new Uri($"/ledger/{loop.Slug}/tile/0/000", UriKind.Relative)));
        head.StatusCode.ShouldBe(HttpStatusCode.OK);
        head.Content.Headers.ContentLength.ShouldBe(8192);
        (await client.GetAsync(new Uri("/ledger/no-such-loop/checkpoint", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        var policy = LedgerPolicy.Parse(await client.GetStringAsync(new Uri($"/ledger/{loop.Slug}/policy", UriKind.Relative)));
        policy.Open(SignedNote.Parse(await checkpoint.Content.ReadAsByteArrayAsync()), new Native.Crypto.Ed25519()).Checkpoint.Size.ShouldBe(300);
        VerifierKey.Parse((await client.GetStringAsync(new Uri($"/ledger/{loop.Slug}/key", UriKind.Relative))).Trim()).ShouldBe(loop.Key);
    }

    [Fact]
    public async Task Each_record_is_proved_from_its_own_bytes_alone()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        var readings = LedgerLoop.Readings(400);
        var batch = await loop.AppendAsync("readings/1", readings);
        (await loop.ProveAsync(batch, 0, readings[0])).State.ShouldBe(ProofState.NotYetAnchored);
        await loop.IntegrateAsync();
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(100, 5000));
        await loop.IntegrateAsync();
        foreach (var i in new[] { 0, 17, 255, 256, 399 })
        {
            var answer = await loop.ProveAsync(batch, i, readings[i]);
            answer.State.ShouldBe(ProofState.Proved, answer.Words);
            var proof = TlogProof.Parse(System.Text.Encoding.UTF8.GetBytes(answer.File!));
            var trusted = LedgerPolicy.OfLog(loop.Key).Open(proof.Note, new Native.Crypto.Ed25519());
            proof.Proves(MerkleHash.Leaf(Commitment.OfOpening(proof.Extra!.Value.Span)), trusted.Checkpoint).ShouldBeTrue();
            Commitment.RecordIn(proof.Extra!.Value.Span).ToArray().ShouldBe(readings[i].Canonical);
            answer.Document!.Index.ShouldBe(proof.Index);
        }

        (await loop.ProveAsync(batch, 5, readings[6])).State.ShouldBe(ProofState.Mismatch);
        (await loop.ProveAsync(batch, 5, readings[5] with { Canonical = "reading/v1\nmeter 5\nenergyWh 51\n"u8.ToArray() })).State.ShouldBe(ProofState.Mismatch);

        await using var connection = await OpenAsync();
        await RecordSecrets.DestroyAsync(connection, loop.Id, readings[5].MemberId, CancellationToken.None);
        (await loop.ProveAsync(batch, 5, readings[5])).State.ShouldBe(ProofState.Erased);
        (await loop.ProveAsync(batch, 6, readings[6])).State.ShouldBe(ProofState.Proved);
    }

    private static Task<HttpResponseMessage> Get(HttpClient client, LedgerLoop loop, string path) =>
        client.GetAsync(new Uri($"/ledger/{loop.Slug}/{path}", UriKind.Relative));

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(host.Database.Application);
        await connection.OpenAsync();
        return connection;
    }
}
