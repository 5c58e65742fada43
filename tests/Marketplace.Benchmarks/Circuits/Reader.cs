using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Marketplace.Benchmarks.Circuits;

/// <summary>Somebody signed in with a page open: its circuit is connected, what comes is acknowledged as a browser does, and when it came is noted.</summary>
internal sealed partial class Reader(Uri address, CookieContainer cookies) : IAsyncDisposable
{
    private const byte Separator = 0x1E;

    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly TaskCompletionSource _drawn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<long> _batches = [];
    private Task _listening = Task.CompletedTask;

    /// <summary>When each change of the page came, by the stopwatch.</summary>
    public IReadOnlyList<long> Batches
    {
        get
        {
            lock (_batches)
            {
                return [.. _batches];
            }
        }
    }

    /// <summary>Opens the page's circuit; returns when its parts have drawn themselves.</summary>
    /// <param name="page">The page as the server sent it.</param>
    public async Task OpenAsync(Uri url, string page)
    {
        var markers = Markers().Matches(page).Select(match => match.Groups[1].Value).ToList();
        if (markers.Count == 0)
        {
            throw new InvalidOperationException($"{url} has no part that lives");
        }

        _socket.Options.Cookies = cookies;
        await _socket.ConnectAsync(new UriBuilder(address) { Scheme = "ws", Path = "/_blazor" }.Uri, _closing.Token);
        await _socket.SendAsync(Encoding.UTF8.GetBytes("{\"protocol\":\"blazorpack\",\"version\":1}\u001e"), WebSocketMessageType.Text, true, _closing.Token);
        _listening = ListenAsync();
        await SendAsync(BlazorPack.Call("0", "StartCircuit", address.ToString(), url.ToString(), "[]", ""));
        await _begun.Task.WaitAsync(TimeSpan.FromSeconds(60));
        var operations = markers.Select((marker, i) => string.Create(CultureInfo.InvariantCulture, $"{{\"type\":\"add\",\"ssrComponentId\":{i + 1},\"marker\":{marker}}}"));
        await SendAsync(BlazorPack.Call(null, "UpdateRootComponents", $"{{\"batchId\":1,\"operations\":[{string.Join(',', operations)}]}}", ""));
        await _drawn.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _listening;
        _socket.Dispose();
        _sending.Dispose();
        _closing.Dispose();
    }

    private async Task SendAsync(ReadOnlyMemory<byte> message)
    {
        await _sending.WaitAsync(_closing.Token);
        try
        {
            await _socket.SendAsync(message, WebSocketMessageType.Binary, true, _closing.Token);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ListenAsync()
    {
        var (buffer, filled, greeted) = (new byte[64 * 1024], 0, false);
        try
        {
            while (true)
            {
                if (filled == buffer.Length)
                {
                    Array.Resize(ref buffer, 2 * buffer.Length);
                }

                var received = await _socket.ReceiveAsync(buffer.AsMemory(filled), _closing.Token);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    throw new WebSocketException("The server closed the circuit");
                }

                filled += received.Count;
                var come = buffer.AsMemory(0, filled);
                if (!greeted)
                {
                    if (come.Span.IndexOf(Separator) is var end && end < 0)
                    {
                        continue;
                    }

                    greeted = true;
                    come = come[(end + 1)..];
                }

                while (BlazorPack.Next(come, out var consumed) is { } message)
                {
                    await HearAsync(BlazorPack.Read(message));
                    come = come[consumed..];
                }

                come.CopyTo(buffer);
                filled = come.Length;
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception problem) when (problem is WebSocketException or InvalidDataException or InvalidOperationException)
        {
            _begun.TrySetException(problem);
            _drawn.TrySetException(problem);
        }
    }

    private async Task HearAsync(List<object?> message)
    {
        switch ((long)message[0]!)
        {
            case BlazorPack.Invocation when message is [_, _, _, "JS.RenderBatch", List<object?> and [long batch, ..], ..]:
                lock (_batches)
                {
                    _batches.Add(Stopwatch.GetTimestamp());
                }

                await SendAsync(BlazorPack.Call(null, "OnRenderCompleted", batch, null));
                _drawn.TrySetResult();
                break;
            case BlazorPack.Invocation when message is [_, _, _, "JS.BeginInvokeJS", List<object?> and [long call, ..], ..] && call != 0:
                // No script runs here: each call of one ends well and gives nothing.
                await SendAsync(BlazorPack.Call(null, "EndInvokeJSFromDotNet", call, true, string.Create(CultureInfo.InvariantCulture, $"[{call},true,null]")));
                break;
            case BlazorPack.Invocation when message is [_, _, _, "JS.Error", List<object?> and [string error, ..], ..]:
                throw new InvalidOperationException(error);
            case BlazorPack.Completion when message is [_, _, "0", 1L, string error]:
                throw new InvalidOperationException(error);
            case BlazorPack.Completion when message is [_, _, "0", ..]:
                _begun.TrySetResult();
                break;
            case BlazorPack.Ping:
                await SendAsync(BlazorPack.PingMessage);
                break;
            case BlazorPack.Close:
                throw new InvalidOperationException("The server ended the circuit");
            default:
                break;
        }
    }

    [GeneratedRegex("<!--Blazor:(\\{\"type\":\"server\".*?\"descriptor\":.*?\\})-->", RegexOptions.Singleline, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex Markers();
}
