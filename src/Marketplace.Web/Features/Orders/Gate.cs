using System.Globalization;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>The gate of an hour. Orders pass it side by side; closing it waits for those under way and shuts out the rest,
/// so that no order can slip into a book that is already fixed.</summary>
public sealed class Gate(Work work, MarketTime marketTime)
{
    /// <summary>Holds the gate open until the transaction ends.</summary>
    /// <exception cref="RefusedException">The gate has closed.</exception>
    public async Task PassAsync(Loop loop, DateTimeOffset hour, CancellationToken cancellationToken, string field = "Hour")
    {
        await LockAsync("pg_advisory_xact_lock_shared", loop.Id, hour, cancellationToken);
        var closes = MarketHour.GateOf(loop, hour);
        if (await marketTime.NowAsync(loop.Id, cancellationToken) >= closes
            || await work.Db.HourSteps.AnyAsync(step => step.LoopId == loop.Id && step.Step == HourStepKind.Closed && step.Hour == hour, cancellationToken))
        {
            throw new RefusedException(field, $"The gate for {Local(loop, hour)} closed at {Local(loop, closes)}. Choose a later hour.");
        }
    }

    /// <summary>Shuts the gate until the transaction ends; whoever comes next finds the hour closed.</summary>
    public Task ShutAsync(int loopId, DateTimeOffset hour, CancellationToken cancellationToken) =>
        LockAsync("pg_advisory_xact_lock", loopId, hour, cancellationToken);

    private async Task LockAsync(string function, int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"gate/{loopId}/{hour.ToUnixTimeSeconds()}");
#pragma warning disable EF1002 // The function's name is one of two constants above.
        await work.Db.Database.ExecuteSqlRawAsync($"SELECT {function}(hashtextextended({{0}}, 0))", [name], cancellationToken);
#pragma warning restore EF1002
    }

    internal static string Local(Loop loop, DateTimeOffset instant) =>
        loop.Calendar.ToLocal(instant).ToString("HH:mm 'on' d MMM yyyy", CultureInfo.InvariantCulture);
}
