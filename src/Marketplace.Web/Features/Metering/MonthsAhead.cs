using Marketplace.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Metering;

/// <summary>Makes the monthly partitions of readings ahead of time, so that no delivery waits for one at the turn of a month. A delivery
/// that comes first makes its own: this only keeps that from happening.</summary>
public sealed partial class MonthsAhead(NpgsqlDataSource source, IDbContextFactory<MarketplaceDb> databases, TimeProvider time, ILogger<MonthsAhead> log) : BackgroundService
{
    private const int Months = 3;

    private static readonly TimeSpan Between = TimeSpan.FromHours(6);

    /// <summary>Makes what is missing, from this month on by real time and by each market clock.</summary>
    public async Task MakeAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var nows = (await db.Clocks.AsNoTracking().Where(clock => clock.Rate > 0).ToListAsync(cancellationToken)).Select(clock => clock.MarketTime(now)).Append(now);
        var months = nows.SelectMany(at => Enumerable.Range(0, Months).Select(ahead => new DateTimeOffset(at.Year, at.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(ahead))).Distinct().Order().ToArray();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        foreach (var month in months)
        {
            // Each by itself: making a partition holds the table for a moment.
            await using var command = new NpgsqlCommand("SELECT market.ensure_readings_month($1), market.ensure_register_values_month($1)", connection);
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = month });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Between, time);
        try
        {
            do
            {
                try
                {
                    await MakeAsync(stoppingToken);
                }
                catch (NpgsqlException fault)
                {
                    LogFailure(fault);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The next start makes them.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Partitions could not be made ahead; deliveries make their own")]
    private partial void LogFailure(Exception fault);
}
