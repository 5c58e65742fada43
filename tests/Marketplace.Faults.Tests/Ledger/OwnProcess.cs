using System.Diagnostics;
using System.Threading.Channels;

namespace Marketplace.Faults.Tests.Ledger;

/// <summary>A process of a test's own: what it says can be waited for, and it is gone when the test is.</summary>
internal sealed class OwnProcess : IAsyncDisposable
{
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly List<string> _said = [];
    private readonly List<string> _words = [];
    private readonly Process _process;

    public OwnProcess(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) =>
        {
            if (e.Data is null)
            {
                _lines.Writer.TryComplete();
                return;
            }

            lock (_said)
            {
                _said.Add(e.Data);
            }

            _lines.Writer.TryWrite(e.Data);
        };
        _process.ErrorDataReceived += (_, e) =>
        {
            if (e.Data is not null)
            {
                lock (_words)
                {
                    _words.Add(e.Data);
                }
            }
        };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it has said on its output.</summary>
    public IReadOnlyList<string> Said
    {
        get
        {
            lock (_said)
            {
                return [.. _said];
            }
        }
    }

    /// <summary>What it has complained of.</summary>
    public string Words
    {
        get
        {
            lock (_words)
            {
                return string.Join('\n', _words);
            }
        }
    }

    private string Last => $"It said last: {(Said is [.., var line] ? line : "nothing")}\n{Words}";

    public bool HasExited => _process.HasExited;

    /// <summary>The next line for which something holds.</summary>
    public async Task<string> LineAsync(Func<string, bool> wanted, TimeSpan? limit = null)
    {
        using var patience = new CancellationTokenSource(limit ?? TimeSpan.FromSeconds(120));
        try
        {
            await foreach (var line in _lines.Reader.ReadAllAsync(patience.Token))
            {
                if (wanted(line))
                {
                    return line;
                }
            }
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException($"The line did not come. {Last}", late);
        }

        throw new InvalidOperationException($"The process ended before the line came. {Last}");
    }

    /// <summary>Waits for its end; 137 is a death by SIGKILL.</summary>
    public async Task<int> EndAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(180));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException($"The process did not end. {Last}", late);
        }

        return _process.ExitCode;
    }

    /// <summary>Tells a process that waits for a line to go on.</summary>
    public Task GoOnAsync() => _process.StandardInput.WriteLineAsync();

    /// <summary>Ends its input, which asks it to end, and waits until it has.</summary>
    public async Task<int> StopAsync()
    {
        _process.StandardInput.Close();
        return await EndAsync();
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }
}
