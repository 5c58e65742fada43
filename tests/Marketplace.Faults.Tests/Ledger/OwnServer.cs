using System.Diagnostics;
using System.Globalization;
using Marketplace.Testing;
using Npgsql;

namespace Marketplace.Faults.Tests.Ledger;

/// <summary>
/// A PostgreSQL server of a test's own, to be restarted and to run out of disk. It keeps what it has acknowledged, as in production. It ends with its
/// input, so that not even a killed test leaves it behind.
/// </summary>
internal sealed class OwnServer : IAsyncDisposable
{
    private readonly OwnProcess _script;
    private readonly DirectoryInfo? _disk;
    private readonly string _data;
    private readonly string _programs;

    private OwnServer(OwnProcess script, DirectoryInfo? disk, string connectionString)
    {
        (_script, _disk, ConnectionString) = (script, disk, connectionString);
        _data = Path.Combine(Path.GetDirectoryName(new NpgsqlConnectionStringBuilder(connectionString).Host)!, "data");
        _programs = Path.GetDirectoryName(new FileInfo($"/proc/{ProcessId}/exe").ResolveLinkTarget(returnFinalTarget: true)!.FullName)!;
    }

    /// <summary>The superuser's.</summary>
    public string ConnectionString { get; }

    private string Ballast => Path.Combine(_disk!.FullName, "ballast");

    private string ProcessId => File.ReadLines(Path.Combine(_data, "postmaster.pid")).First();

    private bool IsRunning => File.Exists(Path.Combine(_data, "postmaster.pid")) && Directory.Exists($"/proc/{ProcessId}");

    /// <summary>A server.</summary>
    /// <param name="megabytes">The size of a disk of its own for all its files; null for no limit. That takes root.</param>
    public static async Task<OwnServer> StartAsync(int? megabytes = null)
    {
        var disk = megabytes is null ? null : Directory.CreateTempSubdirectory("small-disk-");
        var start = Repository.PathTo("eng", "test-server");
        var script = disk is null
            ? new OwnProcess("bash", [start])
            : new OwnProcess("bash",
            [
                "-c", "mount -t tmpfs -o size=\"$2\" tmpfs \"$1\" || exit; trap 'umount -l \"$1\"' EXIT; TMPDIR=$1 bash \"$3\"",
                "bash", disk.FullName, string.Create(CultureInfo.InvariantCulture, $"{megabytes}m"), start,
            ]);
        try
        {
            var server = new OwnServer(script, disk, await script.LineAsync(_ => true));
            await using var connection = await server.OpenAsync();
            foreach (var setting in new[] { "fsync", "synchronous_commit", "full_page_writes" })
            {
                await using var command = new NpgsqlCommand($"ALTER SYSTEM SET {setting} = on", connection);
                await command.ExecuteNonQueryAsync();
            }

            await using var reload = new NpgsqlCommand("SELECT pg_reload_conf()", connection);
            await reload.ExecuteNonQueryAsync();
            return server;
        }
        catch
        {
            await script.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops it as a power cut would, and starts it.</summary>
    public async Task RestartAsync()
    {
        await ControlAsync("restart", "-m", "immediate");
        await UpAsync();
    }

    /// <summary>Fills its disk to the last byte.</summary>
    public void FillDisk()
    {
        using var file = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var block in new[] { 1 << 20, 1 << 12 })
        {
            try
            {
                while (true)
                {
                    file.Write(new byte[block]);
                }
            }
            catch (IOException)
            {
                // It is full, to within a block of this size.
            }
        }
    }

    /// <summary>Has the server go on to a new file of its journal, for which there may be no space.</summary>
    public async Task SwitchJournalAsync()
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand("SELECT pg_switch_wal()", connection);
        try
        {
            await command.ExecuteNonQueryAsync();
        }
        catch (NpgsqlException)
        {
            // It has gone down over it.
        }
    }

    /// <summary>Gives the space back, and starts the server where it has given up.</summary>
    public async Task FreeDiskAsync()
    {
        File.Delete(Ballast);
        await UpAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _script.StopAsync();
        await _script.DisposeAsync();
        _disk?.Delete(recursive: true);
    }

    private Task UpAsync() => Eventually.HoldsAsync(
        async () =>
        {
            try
            {
                await using var connection = await OpenAsync();
                return true;
            }
            catch (NpgsqlException)
            {
                if (!IsRunning)
                {
                    await ControlAsync("start");
                }

                return false;
            }
        },
        "PostgreSQL answered again");

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    // As the owner of its files: PostgreSQL does not run as root.
    private async Task ControlAsync(params string[] deed)
    {
        const string script = "cd / && owner=$(stat -c %U \"$1\") && as= && if [ \"$(id -un)\" != \"$owner\" ]; then as=\"runuser -u $owner --\"; fi && data=$1 programs=$2 && shift 2 && exec $as \"$programs/pg_ctl\" -s -w -D \"$data\" -l \"$data/../start.log\" \"$@\" </dev/null >/dev/null 2>&1";
        await using var control = new OwnProcess("bash", ["-c", script, "bash", _data, _programs, .. deed], new Dictionary<string, string> { ["LC_ALL"] = "C.UTF-8" });
        await control.EndAsync();
    }
}

/// <summary>A test that needs a small disk of its own; skipped where none may be made.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmallDiskFactAttribute : Xunit.FactAttribute
{
    public SmallDiskFactAttribute()
    {
        using var trial = Process.Start(new ProcessStartInfo("bash", ["-c", "d=$(mktemp -d) && mount -t tmpfs -o size=1m tmpfs \"$d\" 2>/dev/null && umount \"$d\"; s=$?; rmdir \"$d\"; exit $s"]))!;
        trial.WaitForExit();
        if (trial.ExitCode != 0)
        {
            Skip = "A disk that can be filled takes the right to mount one, which root has";
        }
    }
}
