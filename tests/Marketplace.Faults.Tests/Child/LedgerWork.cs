using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Marketplace.Faults.Tests.Child;

/// <summary>
/// A host with the real ledger and nothing else: a caller hands in records in its own transactions, the sequencer takes them in, the
/// witnesses cosign, the checkpoint is published. It says on its output what is done; whatever it said must survive its death.
/// </summary>
internal sealed class LedgerWork(WebApplication app, WorkOrder order)
{
    private static readonly DateOnly Month = new(2026, 3, 1);
    private readonly NpgsqlDataSource _source = app.Services.GetRequiredService<NpgsqlDataSource>();
    private readonly Sequencer _sequencer = app.Services.GetRequiredService<Sequencer>();

    public static async Task<int> RunAsync(WorkOrder order)
    {
        if (order.Kill is { } kill)
        {
            StepKiller.Arm(kill);
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = Path.GetTempPath() });
        builder.Configuration.AddEnvironmentVariables();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning);
        builder.Logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(NpgsqlDataSource.Create(builder.Configuration.GetConnectionString("Marketplace")!));
        builder.AddLedger();
        await using var app = builder.Build();
        app.UseRouting();
        app.MapLedgerEndpoints();
        var work = new LedgerWork(app, order);
        if (order.IsStubborn)
        {
            await app.StartAsync();
            await work.InsistAsync();
        }
        else
        {
            await work.WorkAsync();
        }

        Say("finished");
        if (order.Serves)
        {
            if (!order.IsStubborn)
            {
                await app.StartAsync();
            }

            Say($"listening {app.Urls.First()}");
            await Console.In.ReadToEndAsync();
            await app.StopAsync();
        }

        return 0;
    }

    /// <summary>The records of a batch: always the same for the same seed, name and number.</summary>
    public static IReadOnlyList<LedgerRecord> RecordsOf(WorkOrder order, string name, int number)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{order.Seed}/{name}/{number}")));
        var count = 1 + (BitConverter.ToUInt16(hash) % order.MostRecords);
        return [.. Enumerable.Range(0, count).Select(i => new LedgerRecord(
            (RecordKind)(1 + (i % 3)),
            1,
            $"{name}-{number}-{i}",
            CanonicalRecord.Of("reading", 1).Add("meter", i).Add("energyWh", BitConverter.ToUInt16(hash, 2) + i).ToBytes(),
            1 + ((i + hash[5]) % 7),
            Month))];
    }

    private static void Say(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }

    // One or two batches, then into the tree, then to the witnesses: as many of each as the seed says.
    private async Task WorkAsync()
    {
        // Some are handed in once more, as after a restart that does not know how far it came.
        var next = Math.Max(0, await CountAsync() - 2);
        while (next < order.Batches)
        {
            var random = new Random((order.Seed * 7919) + next);
            for (var last = Math.Min(order.Batches, next + 1 + random.Next(2)); next < last; next++)
            {
                await HandInAsync(order.Name, next);
                if (order.Shared is { } shared)
                {
                    await HandInAsync(shared, next);
                }
            }

            await _sequencer.IntegrateAsync(order.LoopId, CancellationToken.None);
            await _sequencer.PublishAsync(order.LoopId, CancellationToken.None);
        }

        if (!await _sequencer.PublishAsync(order.LoopId, CancellationToken.None))
        {
            await _sequencer.IntegrateAsync(order.LoopId, CancellationToken.None);
            await _sequencer.PublishAsync(order.LoopId, CancellationToken.None);
        }
    }

    // Hands in until the database takes it; the host's own services ask the witnesses, publish and look after what was left.
    private async Task InsistAsync()
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var next = await CountAsync(); next < order.Batches; await pause.WaitForNextTickAsync())
        {
            try
            {
                await HandInAsync(order.Name, next);
                await _sequencer.IntegrateAsync(order.LoopId, CancellationToken.None);
                next++;
                if (order.PauseEvery > 0 && next % order.PauseEvery == 0 && next < order.Batches)
                {
                    Say("paused");
                    await Console.In.ReadLineAsync();
                }
            }
            catch (NpgsqlException e)
            {
                Say($"refused {next} {e.SqlState ?? e.InnerException?.GetType().Name ?? e.GetType().Name}");
            }
        }
    }

    private async Task HandInAsync(string name, int number)
    {
        await using var connection = await _source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var deed = new NpgsqlCommand("INSERT INTO public.deeds (name, number) VALUES ($1, $2) ON CONFLICT DO NOTHING", connection, transaction))
        {
            deed.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
            deed.Parameters.Add(new NpgsqlParameter<int> { TypedValue = number });
            await deed.ExecuteNonQueryAsync();
        }

        await LedgerDoor.AppendAsync(
            connection, transaction, order.LoopId, string.Create(CultureInfo.InvariantCulture, $"{name}/{number}"), RecordsOf(order, name, number), CancellationToken.None);
        using (StepKiller.Caller.StartActivity(StepKiller.CallersCommit))
        {
            await transaction.CommitAsync();
        }

        Say(string.Create(CultureInfo.InvariantCulture, $"done {name}/{number}"));
    }

    private async Task<int> CountAsync()
    {
        for (; ; )
        {
            try
            {
                await using var command = _source.CreateCommand("SELECT count(*)::int FROM public.deeds WHERE name = $1");
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = order.Name });
                return (int)(await command.ExecuteScalarAsync())!;
            }
            catch (NpgsqlException) when (order.IsStubborn)
            {
                // It is not up yet.
            }
        }
    }
}
