using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Shouldly;
using Xunit;

namespace Marketplace.Ledger.Tests;

/// <summary>The witness as a process of its own: killed, restarted, raced.</summary>
public sealed class WitnessProcessTests : IDisposable
{
    private readonly LogFolder _log = new(5);
    private readonly HttpClient _client = new();
    private readonly string _address = $"127.0.0.1:{FreePort()}";
    private Process _witness;
    private VerifierKey _key;

    public WitnessProcessTests() => (_witness, _key) = Start();

    [Fact]
    public async Task It_never_forgets_what_it_cosigned_even_when_killed()
    {
        (await PostAsync(0)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var before = _key;
        for (var round = 0; round < 3; round++)
        {
            _witness.Kill();
            await _witness.WaitForExitAsync();
            _witness.Dispose();
            (_witness, _key) = Start();
            _key.ShouldBe(before);
            var size = (int)_log.Log.Size;
            _log.Grow(40);
            (await PostAsync(size - 1)).StatusCode.ShouldBe(HttpStatusCode.Conflict);
            var reply = await PostAsync(size);
            reply.StatusCode.ShouldBe(HttpStatusCode.OK);
            var note = _log.Checkpoint().With(NoteSignature.Parse((await reply.Content.ReadAsStringAsync()).TrimEnd('\n')));
            note.Verify([_key], Vectors.Ed25519).Count.ShouldBe(1);
        }
    }

    [Fact]
    public async Task Of_many_racing_requests_none_rolls_it_back()
    {
        // All start from nothing with different sizes: exactly one may win, and the rest see its size.
        var requests = new List<string>();
        for (var i = 0; i < 12; i++)
        {
            _log.Grow(7);
            requests.Add(new AddCheckpoint(0, [], _log.Checkpoint()).ToBody());
        }

        var replies = await Task.WhenAll(requests.Select(r => _client.PostAsync(new Uri($"http://{_address}/add-checkpoint"), new StringContent(r))));
        replies.Count(r => r.StatusCode == HttpStatusCode.OK).ShouldBe(1);
        var sizes = await Task.WhenAll(replies.Where(r => r.StatusCode == HttpStatusCode.Conflict).Select(r => r.Content.ReadAsStringAsync()));
        sizes.Length.ShouldBe(11);
        sizes.Distinct().ShouldHaveSingleItem();
        replies.First(r => r.StatusCode == HttpStatusCode.Conflict).Content.Headers.ContentType!.ToString().ShouldBe("text/x.tlog.size");
    }

    [Fact]
    public async Task It_shows_what_it_cosigned_last_and_refuses_all_else()
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Vectors.Bytes(LogFolder.Key.Verifier.Name)));
        (await _client.GetAsync(new Uri($"http://{_address}/{hash}/checkpoint"))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await PostAsync(0)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var shown = SignedNote.Parse(await _client.GetByteArrayAsync(new Uri($"http://localhost:{_address.Split(':')[1]}/{hash}/checkpoint")));
        shown.Verify([_key, LogFolder.Key.Verifier], Vectors.Ed25519).Count.ShouldBe(2);
        (await _client.GetStringAsync(new Uri($"http://{_address}/health"))).ShouldBe("ok\n");
        (await _client.GetAsync(new Uri($"http://{_address}/add-checkpoint"))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await _client.PostAsync(new Uri($"http://{_address}/add-checkpoint"), new StringContent("x"))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await _client.PostAsync(new Uri($"http://{_address}/add-checkpoint"), new ByteArrayContent(new byte[1_100_000]))).StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task A_spoiled_memory_stops_it_rather_than_starting_afresh()
    {
        (await PostAsync(0)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await KillAsync();
        var state = _log.At("witness.state");
        var good = await File.ReadAllBytesAsync(state);
        var spoiled = Enumerable.Range(0, 20).Select(i => good[..(i * good.Length / 20)])
            .Append([.. good, .. "x"u8])
            .Append(Vectors.Bytes("null"))
            .Append(Vectors.Bytes("{\"PeterNeumann\": null}"))
            .Append(Vectors.Bytes("{\"PeterNeumann\": {\"Size\": 0}}"))
            .Append(Vectors.Bytes(System.Text.Encoding.UTF8.GetString(good).Replace("\"Size\": 5", "\"Size\": 4", StringComparison.Ordinal)));
        foreach (var bad in spoiled)
        {
            await File.WriteAllBytesAsync(state, bad);
            var said = LogFolder.Audit("witness", "--listen", _address, "--key", _log.At("witness.key"), "--state", state, "--log", Vectors.Peter);
            said.Exit.ShouldBe(2, System.Text.Encoding.UTF8.GetString(bad));
            said.Words.ShouldContain("must not forget");
            said.Words.Trim().ShouldNotContain("\n");
        }

        // What was written aside and never put in place is not looked at.
        await File.WriteAllBytesAsync(state, good);
        await File.WriteAllBytesAsync(state + ".next", good[..20]);
        (_witness, _key) = Start();
        (await PostAsync(0)).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await PostAsync(5)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public void A_second_witness_on_the_same_memory_is_refused()
    {
        var said = LogFolder.Audit("witness", "--listen", $"127.0.0.1:{FreePort()}", "--key", _log.At("witness.key"), "--state", _log.At("witness.state"), "--log", Vectors.Peter);
        said.Exit.ShouldBe(2);
        said.Words.ShouldContain("another witness runs");
    }

    [Fact]
    public async Task Of_two_conflicting_checkpoints_at_once_one_is_cosigned_and_stays_so_through_a_kill()
    {
        (await PostAsync(0)).StatusCode.ShouldBe(HttpStatusCode.OK);
        for (var round = 0; round < 5; round++)
        {
            // Both continue what the witness knows, each with entries of its own.
            var size = (int)_log.Log.Size;
            var forked = new MemoryLog().Append(_log.Log.Entries).Append([.. Enumerable.Range(0, 3).Select(i => Vectors.Bytes($"forked {round} {i}"))]).Publish();
            _log.Grow(3);
            var requests = new[] { (_log.Log, _log.Checkpoint()), (forked, new Checkpoint(LogFolder.Key.Verifier.Name, forked.Size, forked.Root).Sign(LogFolder.Key)) }
                .Select(log => new AddCheckpoint(size, ConsistencyProof.Make(size, log.Item1.Size, log.Item1.HashOf), log.Item2).ToBody()).ToArray();
            var asked = requests.Select(r => _client.PostAsync(new Uri($"http://{_address}/add-checkpoint"), new StringContent(r))).ToArray();
            if (round % 2 == 1)
            {
                await KillAsync();
                (_witness, _key) = Start();
            }

            var won = new List<int>();
            for (var i = 0; i < asked.Length; i++)
            {
                try
                {
                    if ((await asked[i]).StatusCode == HttpStatusCode.OK)
                    {
                        won.Add(i);
                    }
                }
                catch (HttpRequestException)
                {
                    // Killed before it answered.
                }
            }

            won.Count.ShouldBeLessThanOrEqualTo(1);
            var hash = Convert.ToHexStringLower(SHA256.HashData(Vectors.Bytes(LogFolder.Key.Verifier.Name)));
            var shown = Checkpoint.Parse(SignedNote.Parse(await _client.GetByteArrayAsync(new Uri($"http://{_address}/{hash}/checkpoint"))).Text);
            shown.Size.ShouldBeOneOf(size, size + 3);
            if (won.Count == 1)
            {
                shown.Root.ShouldBe(won[0] == 0 ? _log.Log.Root : forked.Root, "what it cosigned it remembers");
            }

            if (shown.Root != _log.Log.Root)
            {
                // The fork won, or neither did: the log itself goes on from there no more, so the test does with a new witness.
                await KillAsync();
                File.Delete(_log.At("witness.state"));
                (_witness, _key) = Start();
                (await PostAsync(0)).StatusCode.ShouldBe(HttpStatusCode.OK);
            }
        }
    }

    [Fact]
    public async Task Two_logs_are_followed_at_once_each_for_itself()
    {
        await KillAsync();
        var keys = Enumerable.Range(0, 2).Select(i => new SignerKey($"log-{i}.example", SignatureType.Ed25519, SHA256.HashData([(byte)i]), Vectors.Ed25519)).ToArray();
        (_witness, _key) = Start([.. keys.Select(k => k.Verifier.ToString())]);
        await Task.WhenAll(keys.Select(async (key, i) =>
        {
            var log = new MemoryLog();
            for (var step = 0; step < 20; step++)
            {
                var size = log.Size;
                log.Append(Vectors.Bytes($"{i} {step}")).Publish();
                var note = new Checkpoint(key.Verifier.Name, log.Size, log.Root).Sign(key);
                var body = new AddCheckpoint(size, ConsistencyProof.Make(size, log.Size, log.HashOf), note).ToBody();
                (await _client.PostAsync(new Uri($"http://{_address}/add-checkpoint"), new StringContent(body))).StatusCode.ShouldBe(HttpStatusCode.OK);
            }
        }));
        await KillAsync();
        (_witness, _key) = Start([.. keys.Select(k => k.Verifier.ToString())]);
        foreach (var key in keys)
        {
            var note = new Checkpoint(key.Verifier.Name, 1, MerkleHash.Leaf([])).Sign(key);
            var reply = await _client.PostAsync(new Uri($"http://{_address}/add-checkpoint"), new StringContent(new AddCheckpoint(0, [], note).ToBody()));
            (await reply.Content.ReadAsStringAsync()).ShouldBe("20\n");
        }
    }

    public void Dispose()
    {
        if (!_witness.HasExited)
        {
            _witness.Kill();
            _witness.WaitForExit();
        }

        _witness.Dispose();
        _client.Dispose();
        _log.Dispose();
    }

    private Task<HttpResponseMessage> PostAsync(int old) => _client.PostAsync(
        new Uri($"http://{_address}/add-checkpoint"),
        new StringContent(new AddCheckpoint(old, ConsistencyProof.Make(old, _log.Log.Size, _log.Log.HashOf), _log.Checkpoint()).ToBody()));

    private (Process Process, VerifierKey Key) Start(params string[] logs)
    {
        var dll = Path.Combine(AppContext.BaseDirectory, "Marketplace.Auditor.dll");
        var process = Process.Start(new ProcessStartInfo(
            "dotnet",
            [dll, "witness", "--listen", _address, "--key", _log.At("witness.key"), "--name", "w.example", "--state", _log.At("witness.state"), .. (logs is [] ? [Vectors.Peter] : logs).SelectMany(l => new[] { "--log", l })])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;

        // It prints its key once it listens.
        return (process, VerifierKey.Parse(process.StandardOutput.ReadLine()!));
    }

    private async Task KillAsync()
    {
        _witness.Kill();
        await _witness.WaitForExitAsync();
        _witness.Dispose();
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
