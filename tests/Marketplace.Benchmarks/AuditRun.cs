using System.Diagnostics;
using System.Globalization;

namespace Marketplace.Benchmarks;

/// <summary>The Auditor's whole command, as a stranger runs it on a log: a process of its own, its start included.</summary>
internal static class AuditRun
{
    public static async Task<IReadOnlyList<Figure>> OverHttpAsync(Uri log, int entries) => await RunAsync("http", log.ToString(), entries);

    public static async Task<IReadOnlyList<Figure>> FromFolderAsync(LedgerLoad load, int entries)
    {
        var folder = Directory.CreateTempSubdirectory("ledger-mirror-");
        try
        {
            await load.ExportAsync(folder.FullName, entries);
            return await RunAsync("folder", folder.FullName, entries);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<IReadOnlyList<Figure>> RunAsync(string name, string place, int entries)
    {
        var began = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Marketplace.Auditor.dll"), "log", place])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        double peak = 0;
        while (!process.WaitForExit(50))
        {
            try
            {
                peak = Memory.PeakMegabytes(process.Id);
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                // It ended meanwhile; what was read last stands.
            }
        }

        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        if (process.ExitCode != 0 || !(await output).Contains(string.Create(CultureInfo.InvariantCulture, $" {entries} entries"), StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"The audit of {place} ended with {process.ExitCode}: {await output}{await error}");
        }

        return [new Figure($"audit_{entries}_{name}", took, "s"), new Figure($"audit_{entries}_{name}_peak_memory", peak, "MB")];
    }
}
