using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Marketplace.Ledger;

namespace Marketplace.Benchmarks;

/// <summary>Requests for tiles and bundles, chosen by chance from the whole log, as many as the host answers. The generator shares
/// the machine's processors with host and database; its own cost is printed beside.</summary>
internal static partial class TileServing
{
    private const int Connections = 32;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(Uri log, int entries, Size size)
    {
        var seconds = size.Of(10);
        var random = new Random(1);
        var paths = Enumerable.Range(0, 5000).Select(i =>
        {
            var level = (i % 10) switch { 0 => 1, < 5 => 0, _ => TileId.Entries };
            var count = (TileId.CountIn(level, entries) + TileId.FullWidth - 1) / TileId.FullWidth;
            return count == 0 ? TileId.Of(0, 0, entries).Path : TileId.Of(level, random.NextInt64(count), entries).Path;
        }).ToList();
        var hasWrk = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "wrk")));
        LedgerSpeed.Say($"tile requests for {seconds} s over {Connections} connections with {(hasWrk ? "wrk" : "this program's own client")}");
        return hasWrk ? await WithWrkAsync(log, paths, seconds) : await WithOwnClientAsync(log, paths, seconds);
    }

    private static async Task<IReadOnlyList<Figure>> WithWrkAsync(Uri log, List<string> paths, int seconds)
    {
        var script = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(script, $$"""
                local paths = { {{string.Join(", ", paths.Select(p => $"\"{log.AbsolutePath}/{p}\""))}} }
                local n = 0
                request = function()
                  n = n % #paths + 1
                  return wrk.format("GET", paths[n])
                end
                """);
            var (requests, bad, _) = Read(await RunAsync(script, log, 2));
            var second = await RunAsync(script, log, seconds);
            (requests, bad, var cpu) = Read(second);
            return bad
                ? throw new InvalidOperationException($"Some requests were not answered with 200: {second}")
                : [new Figure("tile_requests_wrk", requests, "requests/s"), new Figure("tile_requests_wrk_own_cost", cpu / seconds, "processors")];
        }
        finally
        {
            File.Delete(script);
        }
    }

    private static async Task<string> RunAsync(string script, Uri log, int seconds)
    {
        var command = string.Create(CultureInfo.InvariantCulture, $"TIMEFORMAT='cpu %U %S'; time wrk -t1 -c{Connections} -d{seconds}s -s {script} {log} 2>&1");
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return await output + error;
    }

    private static (double Requests, bool Bad, double Cpu) Read(string words) => (
        Requests().Match(words) is { Success: true } match ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : throw new InvalidOperationException(words),
        words.Contains("Non-2xx", StringComparison.Ordinal) || words.Contains("Socket errors", StringComparison.Ordinal),
        Cpu().Match(words) is { Success: true } cpu
            ? double.Parse(cpu.Groups[1].Value, CultureInfo.InvariantCulture) + double.Parse(cpu.Groups[2].Value, CultureInfo.InvariantCulture)
            : double.NaN);

    private static async Task<IReadOnlyList<Figure>> WithOwnClientAsync(Uri log, List<string> paths, int seconds)
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Connections });
        var addresses = paths.Select(path => new Uri($"{log}/{path}")).ToArray();
        var next = -1;
        var answered = 0;
        await RunFor(2);
        answered = 0;
        var before = Environment.CpuUsage.TotalTime;
        var took = await RunFor(seconds);
        var cpu = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        return [new Figure("tile_requests_own_client", answered / took, "requests/s"), new Figure("tile_requests_own_client_own_cost", cpu / took, "processors")];

        async Task<double> RunFor(int duration)
        {
            var began = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
            {
                while (Stopwatch.GetElapsedTime(began).TotalSeconds < duration)
                {
                    using var response = await client.GetAsync(addresses[(uint)Interlocked.Increment(ref next) % addresses.Length]);
                    response.EnsureSuccessStatusCode();
                    await response.Content.CopyToAsync(Stream.Null);
                    Interlocked.Increment(ref answered);
                }
            })));
            return Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
    }

    [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)", RegexOptions.None, 1000)]
    private static partial Regex Requests();

    [GeneratedRegex(@"cpu ([0-9.]+) ([0-9.]+)", RegexOptions.None, 1000)]
    private static partial Regex Cpu();
}
