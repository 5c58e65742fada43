using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Marketplace.Testing;

/// <summary>How a command of the published host ended.</summary>
public sealed record Ended(int ExitCode, string Output, string Error);

/// <summary>
/// The host as it runs in production: published, a process of its own, on a free port. It can be stopped in order or killed.
/// <c>./test</c> publishes it beforehand and names the folder in MARKETPLACE_APP; from an editor, <c>./run build</c> does.
/// </summary>
public sealed partial class PublishedApp : IAsyncDisposable
{
    public const string Variable = "MARKETPLACE_APP";

    /// <summary>A master key for tests only.</summary>
    public const string MasterKey = "dGVzdHMgb25seTogbm90IGEgc2VjcmV0IGF0IGFsbC4=";

    private static readonly Lazy<Task<string>> Folder = new(FindFolderAsync);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DirectoryInfo _keys = Directory.CreateTempSubdirectory("marketplace-keys-");

    private PublishedApp(Process process)
    {
        _process = process;
        process.EnableRaisingEvents = true;
        process.OutputDataReceived += (_, line) => Heard(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Heard(_error, line.Data);
        process.Exited += (_, _) => _listening.TrySetException(new InvalidOperationException("The host ended before it listened"));
    }

    /// <summary>Where it answers.</summary>
    public Uri Address => _listening.Task.IsCompletedSuccessfully ? _listening.Task.Result : throw new InvalidOperationException("The host does not listen");

    public int ProcessId => _process.Id;

    /// <summary>All it has written so far.</summary>
    public string Output => Read(_output);

    /// <summary>All it has complained of so far.</summary>
    public string Error => Read(_error);

    /// <summary>Serves the portal; returns when it listens.</summary>
    public static async Task<PublishedApp> ServeAsync(TestDatabase database, IReadOnlyDictionary<string, string>? settings = null)
    {
        var app = await StartAsync(database, settings, "serve");
        try
        {
            await app._listening.Task.WaitAsync(TimeSpan.FromSeconds(120));
            return app;
        }
        catch (Exception problem)
        {
            await app.DisposeAsync();
            throw new InvalidOperationException($"The host did not come up.\n{app.Output}\n{app.Error}", problem);
        }
    }

    /// <summary>Starts a command (<c>replay FOLDER</c>, <c>import FILE</c>, …) without waiting for it, so that it can be killed.</summary>
    public static async Task<PublishedApp> StartAsync(TestDatabase database, IReadOnlyDictionary<string, string>? settings, params string[] arguments)
    {
        var folder = await Folder.Value;
        var start = new ProcessStartInfo("dotnet", [Path.Combine(folder, "Marketplace.Web.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = new Process { StartInfo = start };
        var app = new PublishedApp(process);
        foreach (var (name, value) in database.Environment.Concat(new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            ["ASPNETCORE_CONTENTROOT"] = folder,
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["DataProtection__Directory"] = app._keys.FullName,
            ["Ledger__MasterKey"] = MasterKey,
            ["Marketplace__Demo"] = "false",
            ["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Information",
        }).Concat(settings ?? new Dictionary<string, string>()))
        {
            start.Environment[name] = value;
        }

        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return app;
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<Ended> RunAsync(TestDatabase database, IReadOnlyDictionary<string, string>? settings, params string[] arguments)
    {
        await using var app = await StartAsync(database, settings, arguments);
        return await app.EndAsync();
    }

    /// <summary>Waits until all that has to be prepared at first start (the demo loop) is prepared.</summary>
    public async Task ReadyAsync(TimeSpan? limit = null)
    {
        using var client = new HttpClient();
        try
        {
            await Eventually.HoldsAsync(
                async () =>
                {
                    using var response = await client.GetAsync(new Uri(Address, "/health/ready"));
                    return response.IsSuccessStatusCode;
                },
                "the host was ready",
                limit ?? TimeSpan.FromMinutes(10));
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}. It said:\n{Output}\n{Error}", late);
        }
    }

    /// <summary>Waits until it ends by itself.</summary>
    public async Task<Ended> EndAsync(TimeSpan? limit = null)
    {
        using var patience = new CancellationTokenSource(limit ?? TimeSpan.FromMinutes(5));
        await _process.WaitForExitAsync(patience.Token);
        return new Ended(_process.ExitCode, Output, Error);
    }

    /// <summary>Asks it to stop, as <c>./run</c> does on Ctrl-C, and waits until it has.</summary>
    public async Task<Ended> StopAsync()
    {
        if (!_process.HasExited)
        {
            _ = SendSignal(_process.Id, SigTerm);
        }

        return await EndAsync(TimeSpan.FromSeconds(60));
    }

    /// <summary>kill -9: it gets no chance to finish anything.</summary>
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
        _keys.Delete(recursive: true);
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    private void Heard(StringBuilder where, string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (where)
        {
            where.AppendLine(line);
        }

        if (Listening().Match(line) is { Success: true } match)
        {
            _listening.TrySetResult(new Uri(match.Groups[1].Value));
        }
    }

    private static async Task<string> FindFolderAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
        {
            return given;
        }

        using var build = Process.Start(new ProcessStartInfo("bash", [Repository.PathTo("run"), "build"]) { UseShellExecute = false, RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("bash could not be started");
        var folder = await build.StandardOutput.ReadLineAsync();
        await build.WaitForExitAsync();
        return build.ExitCode == 0 && folder is not null ? folder : throw new InvalidOperationException("The host could not be built");
    }

    private const int SigTerm = 15;

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int process, int signal);

    [GeneratedRegex("Now listening on: (http://[^\\s\"]+)", RegexOptions.None, 1000)]
    private static partial Regex Listening();
}
