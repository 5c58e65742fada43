using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Bills;

/// <summary>What a period comes to, before anything of it is issued.</summary>
/// <param name="Spans">The tariffs in force; none where the period begins without one, and then there is nothing else.</param>
internal sealed record PeriodAccounts(
    Loop Loop, Interval Period, IReadOnlyList<TariffSpan> Spans, PlantsOfPeriod Plants, BillingInputs? Inputs, ILookup<int, (DateTimeOffset Hour, long Reference)> Corrections)
{
    /// <summary>The documents that the period comes to.</summary>
    public IReadOnlyList<BillDocument> Documents { get; } = Inputs is null ? [] : Invoicing.Documents(Inputs);

    /// <summary>Whether only some members were asked for.</summary>
    public bool IsOfSome { get; init; }

    public IReadOnlyList<RevenueShare> Shares => Inputs?.Shares ?? [];
}

/// <summary>Works out what a period comes to. It reads only: a preview and a run see the same.</summary>
internal sealed class PeriodBilling(Work work, IEnumerable<IStatedCharges> sources)
{
    /// <param name="members">Only these members; all of the loop where none are named. Shares of plants' revenue need owner and investor together.</param>
    public async Task<PeriodAccounts> ReadAsync(int loopId, Interval period, int[]? members, NpgsqlTransaction? transaction, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var spans = await TariffSpan.ReadAsync(db, loopId, period, cancellationToken);
        var plants = await PlantsOfPeriod.ReadAsync(db, loopId, cancellationToken);
        var settled = new SettledPeriod(await work.ConnectionAsync(cancellationToken), transaction, loopId, period, members);
        var corrections = await settled.CorrectionsAsync(cancellationToken);
        if (spans.Count == 0)
        {
            return new PeriodAccounts(loop, period, spans, plants, null, corrections) { IsOfSome = members is not null };
        }

        var (positions, days) = await settled.PositionsAsync(spans, loop.Calendar, await ZonesAsync(loopId, period, cancellationToken), cancellationToken);
        var charges = await settled.ChargesAsync(cancellationToken);
        var scope = new StatedScope(loop, period, members, [.. spans.Select(span => (span.Tariff, span.During))], positions);
        var stated = new List<StatedCharge>();
        foreach (var source in sources)
        {
            stated.AddRange(await source.OfAsync(scope, cancellationToken));
        }

        return new PeriodAccounts(loop, period, spans, plants, new BillingInputs
        {
            Tariffs = [.. spans.Select(span => span.Terms)],
            Stores = plants.Stores,
            Positions = positions,
            Charges = charges,
            Stated = stated,
            Days = days,
            Shares = plants.Shares(positions, charges),
        }, corrections)
        {
            IsOfSome = members is not null,
        };
    }

    /// <summary>In which zone a member's meters or a plant stood all the time; null where that changed.</summary>
    private async Task<Func<int, string, string?>> ZonesAsync(int loopId, Interval period, CancellationToken cancellationToken)
    {
        var (db, start, end) = (work.Db, period.Start, period.End);
        if (!await db.Zones.AnyAsync(zone => zone.LoopId == loopId && zone.ValidFrom < end, cancellationToken))
        {
            return (_, _) => "";
        }

        var zones = await HourZones.AtAsync(db, loopId, start, cancellationToken);
        if (await db.Zones.AnyAsync(zone => zone.LoopId == loopId && zone.ValidFrom > start && zone.ValidFrom < end, cancellationToken))
        {
            return (_, _) => null;
        }

        var moved = (await db.ZonePlacements.AsNoTracking()
            .Where(place => place.LoopId == loopId && place.ValidFrom > start && place.ValidFrom < end)
            .Select(place => new { place.MemberId, place.PlantCode }).ToListAsync(cancellationToken)).Select(place => (place.MemberId, place.PlantCode)).ToHashSet();
        return (member, plant) => moved.Contains(plant.Length > 0 ? (0, plant) : (member, "")) ? null : zones.Of(member, plant);
    }
}
