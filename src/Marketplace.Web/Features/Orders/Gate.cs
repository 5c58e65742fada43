using System.Globalization;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>The gate of an hour. Orders pass it side by side; closing it waits for those under way and shuts out the rest,
/// so that no order can slip into a book that is already fixed. Whoever also takes <see cref="OrderIntake.LockAsync"/> takes it
/// first: waiting for it with gates held could keep the hours from closing.</summary>
public sealed class Gate(Work work, MarketTime marketTime)
{
    /// <summary>Holds the gate open until the transaction ends.</summary>
    /// <exception cref="RefusedException">The gate has closed.</exception>
    public async Task PassAsync(
        Loop loop, DateTimeOffset hour, CancellationToken cancellationToken, string field = "Hour", Said? whatNow = null)
    {
        if ((await PassManyAsync(loop, [hour], cancellationToken)).TryGetValue(hour, out var closed))
        {
            throw new RefusedException([new Problem(field, $"{closed} {whatNow ?? "Choose a later hour."}", "gate")]);
        }
    }

    /// <summary>Holds the gates of several hours open until the transaction ends.</summary>
    /// <returns>What is to be said of the hours whose gates have closed; those not named are open.</returns>
    public async Task<Dictionary<DateTimeOffset, Said>> PassManyAsync(Loop loop, IReadOnlyCollection<DateTimeOffset> hours, CancellationToken cancellationToken)
    {
        string[] names = [.. hours.Distinct().Order().Select(hour => Name(loop.Id, hour))];
        await work.Db.Database.ExecuteSqlAsync(
            $"SELECT pg_advisory_xact_lock_shared(hashtextextended(name, 0)) FROM unnest({names}) AS name", cancellationToken);
        var now = await marketTime.NowAsync(loop.Id, cancellationToken);
        var (first, last) = (hours.Min(), hours.Max());
        var closed = (await work.Db.HourSteps
            .Where(step => step.LoopId == loop.Id && step.Step == HourStepKind.Closed && step.Hour >= first && step.Hour <= last)
            .Select(step => step.Hour)
            .ToListAsync(cancellationToken)).ToHashSet();
        return hours.Distinct()
            .Where(hour => now >= MarketHour.GateOf(loop, hour) || closed.Contains(hour))
            .ToDictionary(hour => hour, hour => Closed(loop, hour));
    }

    /// <summary>Shuts the gate until the transaction ends; whoever comes next finds the hour closed.</summary>
    public Task ShutAsync(int loopId, DateTimeOffset hour, CancellationToken cancellationToken) =>
        work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({Name(loopId, hour)}, 0))", cancellationToken);

    private static Said Closed(Loop loop, DateTimeOffset hour) => $"The gate for {Local(loop, hour)} closed at {Local(loop, MarketHour.GateOf(loop, hour))}.";

    private static string Name(int loopId, DateTimeOffset hour) => string.Create(CultureInfo.InvariantCulture, $"gate/{loopId}/{hour.ToUnixTimeSeconds()}");

    internal static Said Local(Loop loop, DateTimeOffset instant)
    {
        var local = loop.Calendar.ToLocal(instant);
        return $"{local:HH:mm} on {local:d MMM yyyy}";
    }
}
