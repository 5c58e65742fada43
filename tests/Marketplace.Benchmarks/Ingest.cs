using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json.Nodes;
using Marketplace.Testing;
using Npgsql;
using NpgsqlTypes;

namespace Marketplace.Benchmarks;

/// <summary>
/// Readings on their way in: a year of a real district by the import command, from the CSV to a signed checkpoint, beside a plain COPY of as
/// many rows into the same table; then further years, measured again at half of the way to ten million and there; a year of one meter read back; and signed batches over HTTP.
/// </summary>
internal sealed class Ingest : IBenchmark
{
    private const int Buildings = 67;
    private const int HoursOfTheYear = 8760;
    private const int YearsGrown = 8;
    private const int PlainLoop = 1_000_000;

    public string Name => "ingest";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var hours = size.Of(HoursOfTheYear, least: 24);
        var rows = hours * Buildings * 2;
        var figures = new List<Figure>();
        await using var database = await TestDatabase.CreateAsync();
        var folder = Directory.CreateTempSubdirectory("ingest-");
        try
        {
            var path = Directory.CreateDirectory(Path.Combine(folder.FullName, "district")).FullName;
            var isReal = await WriteYearAsync(path, hours, 0);
            if (!isReal && size.Scale == 1)
            {
                LedgerSpeed.Say("no ../shared/data: a made-up year of the same size instead");
            }

            // Before and after: a shared machine is not as fast in one moment as in another.
            var before = await CopyPlainAsync(database, PlainLoop, hours);
            LedgerSpeed.Say($"import {rows} readings");
            var (seconds, megabytes) = await ImportAsync(database, path, rows);
            var copy = 2 * rows / (before + await CopyPlainAsync(database, PlainLoop + 1, hours));
            figures.Add(new Figure($"copy_{rows}", copy, "readings/s"));
            figures.Add(new Figure($"ingest_csv_{rows}", seconds, "s"));
            figures.Add(new Figure("ingest_csv_rate", rows / seconds, "readings/s", rows / seconds / copy, "copy"));
            figures.Add(new Figure("ingest_csv_peak_memory", megabytes, "MB"));
            figures.Add(new Figure("ingest_member_year", await ReadYearAsync(database, hours), "ms"));
            figures.AddRange(await SignedDelivery.MeasureAsync(database, size));

            for (var year = 1; year <= (size.Scale == 1 ? YearsGrown : 1); year++)
            {
                await WriteYearAsync(path, hours, year);
                (var last, megabytes) = await ImportAsync(database, path, rows);
                if (year is YearsGrown / 2 or YearsGrown || size.Scale < 1)
                {
                    var there = await CountAsync(database);
                    figures.Add(new Figure($"ingest_csv_rate_at_{there}", rows / last, "readings/s", seconds / last, "the first year"));
                    figures.Add(new Figure($"ingest_csv_peak_memory_at_{there}", megabytes, "MB"));
                    figures.Add(new Figure($"ingest_member_year_at_{there}", await ReadYearAsync(database, hours), "ms"));
                }
            }

            return figures;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A year of readings as the replay folder has them; the recorded one where it is there, moved on so that each year begins where the one before ends.</summary>
    private static async Task<bool> WriteYearAsync(string folder, int hours, int year)
    {
        var source = Path.Combine(Repository.Root, "..", "shared", "data", "cambridge-loop-2019");
        var files = new[] { ("electricity", "electricity_kwh.csv.gz"), ("heat", "heat_gas_as_reported.csv.gz") }
            .Select(file => (Carrier: file.Item1, Path: Path.Combine(source, file.Item2))).ToList();
        var isReal = files.TrueForAll(file => File.Exists(file.Path));
        await using var to = new StreamWriter(Path.Combine(folder, "readings.csv"));
        await to.WriteLineAsync("timestamp_utc,building,commodity,kwh,basis");
        var start = new DateTimeOffset(2015, 1, 1, 0, 0, 0, TimeSpan.Zero).AddHours((double)hours * year);
        var recorded = isReal ? files.ConvertAll(file => (file.Carrier, Lines: new StreamReader(new GZipStream(File.OpenRead(file.Path), CompressionMode.Decompress)))) : [];
        var headers = new List<string[]>();
        foreach (var (_, lines) in recorded)
        {
            headers.Add((await lines.ReadLineAsync())!.Split(','));
        }

        for (var hour = 0; hour < hours; hour++)
        {
            var time = start.AddHours(hour).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
            for (var file = 0; file < files.Count; file++)
            {
                var values = isReal ? (await recorded[file].Lines.ReadLineAsync())!.Split(',') : null;
                for (var building = 1; building <= Buildings; building++)
                {
                    await to.WriteLineAsync(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{time},{(isReal ? headers[file][building] : $"b{building}")},{files[file].Carrier},{(isReal ? values![building] : $"{(hour * 7 + building * 13) % 1000 / 10m}")},measured"));
                }
            }
        }

        foreach (var (_, lines) in recorded)
        {
            lines.Dispose();
        }

        return isReal;
    }

    private static async Task<(double Seconds, double Megabytes)> ImportAsync(TestDatabase database, string path, int rows)
    {
        var began = Stopwatch.GetTimestamp();
        // As ./run starts it.
        var settings = new Dictionary<string, string> { ["DOTNET_TieredPGO"] = "0", ["DOTNET_TC_CallCountThreshold"] = "1000", ["DOTNET_gcConcurrent"] = "0" };
        var ended = await PublishedApp.RunAsync(database, settings, "import", path, "--json");
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        if (ended.ExitCode != 0)
        {
            throw new InvalidOperationException(ended.Error);
        }

        var report = JsonNode.Parse(ended.Output)!;
        var stored = report["stored"]!.GetValue<int>();
        await using var source = NpgsqlDataSource.Create(database.Owner);
        await using var command = source.CreateCommand(
            """
            SELECT (SELECT max(size) FROM ledger.checkpoints WHERE loop_id = l.id) = (SELECT sum(entry_count) FROM ledger.batches WHERE loop_id = l.id)
               AND NOT EXISTS (SELECT FROM ledger.pending WHERE loop_id = l.id)
            FROM market.loops l WHERE l.slug = 'district'
            """);
        return stored == rows && await command.ExecuteScalarAsync() is true
            ? (seconds, report["peakMemoryMegabytes"]!.GetValue<double>())
            : throw new InvalidOperationException($"{stored} of {rows} readings were stored and covered by a checkpoint");
    }

    private static async Task<double> CopyPlainAsync(TestDatabase database, int loop, int hours)
    {
        await using var source = NpgsqlDataSource.Create(database.Owner);
        await using var connection = await source.OpenConnectionAsync();
        var start = new DateTimeOffset(2015, 1, 1, 0, 0, 0, TimeSpan.Zero);
        for (var month = start; month < start.AddHours(hours); month = month.AddMonths(1))
        {
            await using var make = new NpgsqlCommand("SELECT market.ensure_readings_month($1)", connection);
            make.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = month });
            await make.ExecuteNonQueryAsync();
        }

        var began = Stopwatch.GetTimestamp();
        await using (var copy = await connection.BeginBinaryImportAsync(
            "COPY market.readings (loop_id, meter_id, hour, revision, energy, quality, note, received_at, batch_id, batch_position) FROM STDIN (FORMAT BINARY)"))
        {
            for (var hour = 0; hour < hours; hour++)
            {
                for (var meter = 1; meter <= Buildings * 2; meter++)
                {
                    await copy.StartRowAsync();
                    await copy.WriteAsync(loop, NpgsqlDbType.Integer);
                    await copy.WriteAsync(meter, NpgsqlDbType.Integer);
                    await copy.WriteAsync(start.AddHours(hour), NpgsqlDbType.TimestampTz);
                    await copy.WriteAsync((short)0, NpgsqlDbType.Smallint);
                    await copy.WriteAsync((long)hour * meter, NpgsqlDbType.Bigint);
                    await copy.WriteAsync((short)1, NpgsqlDbType.Smallint);
                    await copy.WriteNullAsync();
                    await copy.WriteAsync(start, NpgsqlDbType.TimestampTz);
                    await copy.WriteAsync(1L, NpgsqlDbType.Bigint);
                    await copy.WriteAsync(meter, NpgsqlDbType.Integer);
                }
            }

            await copy.CompleteAsync();
        }

        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>A year of one meter, hour by hour, the value in force of each: the median of some reads.</summary>
    private static async Task<double> ReadYearAsync(TestDatabase database, int hours)
    {
        await using var source = NpgsqlDataSource.Create(database.Application);
        var start = new DateTimeOffset(2015, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var samples = new List<double>();
        for (var meter = 1; meter <= 21; meter++)
        {
            var began = Stopwatch.GetTimestamp();
            await using var command = source.CreateCommand(
                """
                SELECT DISTINCT ON (r.hour) r.hour, r.energy, r.quality FROM market.readings r
                WHERE r.loop_id = 1 AND r.meter_id = $1 AND r.hour >= $2 AND r.hour < $3 ORDER BY r.hour, r.revision DESC
                """);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = meter });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = start });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = start.AddHours(hours) });
            var count = 0;
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                count++;
            }

            samples.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (count != hours)
            {
                throw new InvalidOperationException($"Meter {meter} has {count} hours, not {hours}");
            }
        }

        return Figure.Percentile(samples, 0.5);
    }

    private static async Task<long> CountAsync(TestDatabase database)
    {
        await using var source = NpgsqlDataSource.Create(database.Owner);
        await using var command = source.CreateCommand("SELECT count(*) FROM market.readings");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
