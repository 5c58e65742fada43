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
        _witness.Kill();
        await _witness.WaitForExitAsync();
        _log.Write("witness.state", Vectors.Bytes("{}x"));
        LogFolder.Audit("witness", "--listen", _address, "--key", _log.At("witness.key"), "--state", _log.At("witness.state"), "--log", Vectors.Peter).Exit.ShouldBe(2);
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

    private (Process Process, VerifierKey Key) Start()
    {
        var dll = Path.Combine(AppContext.BaseDirectory, "Marketplace.Auditor.dll");
        var process = Process.Start(new ProcessStartInfo(
            "dotnet",
            [dll, "witness", "--listen", _address, "--key", _log.At("witness.key"), "--name", "w.example", "--state", _log.At("witness.state"), "--log", Vectors.Peter])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;

        // It prints its key once it listens.
        return (process, VerifierKey.Parse(process.StandardOutput.ReadLine()!));
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
