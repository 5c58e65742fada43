using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Marketplace.Web.Features.Replay;

/// <summary>How much memory a run took: this process, and apart from it PostgreSQL where it runs on this machine.</summary>
public sealed class MemoryWatch(NpgsqlDataSource database)
{
    /// <summary>The most this process has held in memory.</summary>
    public static long OwnPeakMegabytes
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64 / (1024 * 1024);
        }
    }

    /// <summary>The most that all PostgreSQL processes together were seen to hold; null where they cannot be seen from here.</summary>
    public long? PostgresPeakMegabytes { get; private set; }

    /// <summary>Looks at PostgreSQL now. Shared memory is counted once, by the proportional share of each process.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("SELECT pg_backend_pid()", connection);
        var backend = (int)(await command.ExecuteScalarAsync(cancellationToken))!;
        if (connection.Host?.StartsWith('/') != true || ParentOf(backend) is not { } server)
        {
            return;
        }

        long kilobytes = 0;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process)
                && (process == server || ParentOf(process) == server))
            {
                kilobytes += Field($"{folder}/smaps_rollup", "Pss:") ?? 0;
            }
        }

        if (kilobytes > 0)
        {
            PostgresPeakMegabytes = Math.Max(PostgresPeakMegabytes ?? 0, kilobytes / 1024);
        }
    }

    private static int? ParentOf(int process) => (int?)Field($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/status", "PPid:");

    private static long? Field(string file, string name)
    {
        try
        {
            var line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
            return line is null ? null : long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process has ended, or belongs to somebody else.
            return null;
        }
    }
}
