using System.Globalization;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Charging;

/// <summary>The gates of a charging period. What members say passes side by side; the step that fixes it waits for what is under way
/// and shuts out the rest.</summary>
public sealed class ChargingGate(Work work, MarketTime marketTime)
{
    /// <summary>Holds the gate for demands open until the transaction ends.</summary>
    /// <exception cref="RefusedException">It has closed.</exception>
    public Task PassDemandAsync(Loop loop, int groupId, DateTimeOffset period, CancellationToken cancellationToken) =>
        PassAsync(loop, groupId, period, QuotaGates.Of(period).DemandsUntil, ChargingStepKind.Allocated, "Demands", cancellationToken);

    /// <summary>Holds the gate for bids and offers open until the transaction ends.</summary>
    /// <exception cref="RefusedException">It has closed.</exception>
    public Task PassOrderAsync(Loop loop, int groupId, DateTimeOffset period, CancellationToken cancellationToken) =>
        PassAsync(loop, groupId, period, QuotaGates.Of(period).OrdersUntil, ChargingStepKind.Cleared, "Bids and offers", cancellationToken);

    /// <summary>Shuts the gates of a period until the transaction ends.</summary>
    public Task ShutAsync(int loopId, int groupId, DateTimeOffset period, CancellationToken cancellationToken) =>
        work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({Name(loopId, groupId, period)}, 0))", cancellationToken);

    private async Task PassAsync(
        Loop loop, int groupId, DateTimeOffset period, DateTimeOffset until, ChargingStepKind fixedBy, Said what, CancellationToken cancellationToken)
    {
        await work.Db.Database.ExecuteSqlAsync(
            $"SELECT pg_advisory_xact_lock_shared(hashtextextended({Name(loop.Id, groupId, period)}, 0))", cancellationToken);
        if (await marketTime.NowAsync(loop.Id, cancellationToken) >= until
            || await work.Db.ChargingSteps.AnyAsync(
                step => step.LoopId == loop.Id && step.GroupId == groupId && step.Step == fixedBy && step.Period == period, cancellationToken))
        {
            throw new RefusedException([new Problem(
                "Period", $"{what} for {ChargingPeriods.Local(loop, period)} were taken until {ChargingPeriods.Local(loop, until)}. Choose a later period.", "gate")]);
        }
    }

    private static string Name(int loopId, int groupId, DateTimeOffset period) =>
        string.Create(CultureInfo.InvariantCulture, $"charging/{loopId}/{groupId}/{period.ToUnixTimeSeconds()}");
}
