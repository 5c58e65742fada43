using Marketplace.Data;
using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Across;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>Once a local day of the market is over: looks at every meter in service, also those of which nothing came, and compares meters
/// with each other. A second time in the same day changes nothing.</summary>
public sealed record JudgeDay(int LoopId) : IRequest<bool>, ISystemOnly, IRepeatableStep;

internal sealed class JudgeDayHandler(Work work, MeasuredHours measured, MeterClasses classes, FlagBook flags, RegisterEvidence registers, MarketTime marketTime) : IRequestHandler<JudgeDay, bool>
{
    /// <summary>So many days are compared across meters.</summary>
    private const int DaysAcross = 28;

    /// <summary>A loop that stood still is not asked for more than this.</summary>
    private const int MostDays = 31;

    /// <summary>Each two of so many meters of a carrier are compared; the number of pairs grows with the square.</summary>
    private const int MostCompared = 300;

    public async Task<bool> Handle(JudgeDay request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var today = loop.Calendar.DayOf(await marketTime.NowAsync(loopId, cancellationToken));
        var judged = await db.JudgedDays.SingleOrDefaultAsync(day => day.LoopId == loopId, cancellationToken);
        if (judged?.Until >= today || !await flags.TryLockAsync(loopId, cancellationToken))
        {
            return false;
        }

        var from = judged?.Until ?? today.AddDays(-1);
        from = from < today.AddDays(-MostDays) ? today.AddDays(-MostDays) : from;
        await QueueAsync(loop, loop.Calendar.StartOf(from), loop.Calendar.StartOf(today), cancellationToken);
        await CompareAsync(loop, new Interval(loop.Calendar.StartOf(today).AddDays(-DaysAcross), loop.Calendar.StartOf(today)), cancellationToken);
        if (judged is null)
        {
            db.JudgedDays.Add(new JudgedDay { LoopId = loopId, Until = today });
        }
        else
        {
            judged.Until = today;
        }

        await db.SaveChangesAsync(cancellationToken);
        return true;
    }

    private async Task QueueAsync(Loop loop, DateTimeOffset from, DateTimeOffset until, CancellationToken cancellationToken)
    {
        from = from < loop.FirstHour ? loop.FirstHour : from;
        until = loop.EndsAt < until ? loop.EndsAt.Value : until;
        if (from < until)
        {
            await work.Db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO market.unjudged_readings AS u (loop_id, meter_id, from_hour, until_hour, stamp)
                SELECT {loop.Id}, m.id, {from}, {until}, 1 FROM market.meters m
                WHERE m.loop_id = {loop.Id} AND m.in_service_from < {until} AND (m.in_service_until IS NULL OR m.in_service_until > {from})
                ORDER BY m.id
                ON CONFLICT (loop_id, meter_id) DO UPDATE
                SET from_hour = least(u.from_hour, excluded.from_hour), until_hour = greatest(u.until_hour, excluded.until_hour), stamp = u.stamp + 1
                """,
                cancellationToken);
        }
    }

    private async Task CompareAsync(Loop loop, Interval during, CancellationToken cancellationToken)
    {
        var meters = await work.Db.Meters.AsNoTracking().Where(meter => meter.LoopId == loop.Id && meter.InServiceFrom < during.End
            && (meter.InServiceUntil == null || meter.InServiceUntil > during.Start)).OrderBy(meter => meter.Id).ToListAsync(cancellationToken);
        var parameters = await classes.OfAsync(loop.Id, cancellationToken);
        var byId = meters.ToDictionary(meter => meter.Id);
        var found = new List<(int MeterId, Finding Finding)>();
        foreach (var carrier in meters.Where(meter => meter.PlantCode is null).GroupBy(meter => meter.Carrier))
        {
            var some = carrier.Take(MostCompared).ToList();
            var series = await SeriesAsync(loop.Id, some, during, cancellationToken);
            var ids = some.ToDictionary(meter => meter.Code, meter => meter.Id);
            found.AddRange(SharedPlantCheck.Find([.. some.Select(meter => series[meter.Id])]).Select(finding => (ids[finding.Meter], finding)));
        }

        // Whether a meter's unit fits its own flow and temperatures shows over days only.
        var counted = await registers.ReadAsync(loop.Id, [.. meters.Select(meter => new MeterSpan(meter.Id, during.Start, during.End))], cancellationToken);
        if (counted.Count > 0)
        {
            var ofCounted = await SeriesAsync(loop.Id, [.. meters.Where(meter => counted.ContainsKey(meter.Id))], during, cancellationToken);
            found.AddRange(counted.Select(pair => (MeterId: pair.Key, Finding: pair.Value.JudgeUnit(ofCounted[pair.Key], parameters[byId[pair.Key].Carrier])))
                .Where(one => one.Finding is not null).Select(one => (one.MeterId, one.Finding!)));
        }

        // A virtual meter that subtracts others says what belongs together: one meter before a branch, or all that goes in, against what comes out.
        foreach (var parts in await BalancesAsync(loop.Id, during.End, cancellationToken))
        {
            if (!parts.TrueForAll(part => byId.ContainsKey(part.MeterId)))
            {
                continue;
            }

            var series = await SeriesAsync(loop.Id, [.. parts.Select(part => byId[part.MeterId])], during, cancellationToken);
            MeterSeries[] into = [.. parts.Where(part => part.FactorMillionths > 0).Select(part => series[part.MeterId])];
            MeterSeries[] outOf = [.. parts.Where(part => part.FactorMillionths < 0).Select(part => series[part.MeterId])];
            var head = parts.First(part => part.FactorMillionths > 0).MeterId;
            var ofClass = parameters[byId[head].Carrier];
            if (into.Length == 1)
            {
                found.AddRange(BalanceChecks.JudgeChildren(into[0], outOf, ofClass) is { } finding ? [(head, finding)] : []);
            }
            else
            {
                found.AddRange(BalanceChecks.JudgeLoop(loop.Slug, into, outOf, Tolerance(into, ofClass)).Select(finding => (head, finding)));
            }
        }

        var known = (await flags.ReadAsync(loop.Id, [.. found.Select(one => one.MeterId).Distinct()], during, cancellationToken))
            .Where(flag => flag.Resolution != FlagResolutionKind.NoLongerFound).ToLookup(flag => (flag.MeterId, flag.CheckName));
        await flags.AddAsync(
            loop.Id,
            [.. found.Where(one => !known[(one.MeterId, one.Finding.Check.Name)].Any(flag => flag.During.Start < one.Finding.During.End && flag.During.End > one.Finding.During.Start))
                .Select(one => new NewFlag(one.MeterId, one.Finding.During, one.Finding.Check, one.Finding.Words, one.Finding.OtherMeter))],
            cancellationToken);
    }

    // What may be lost on the way, as a share of what went in on average.
    private static Energy Tolerance(MeterSeries[] into, MeterClass parameters)
    {
        var (sum, hours) = (0m, 0);
        for (var at = 0; at < into[0].Count; at++)
        {
            sum += into.Sum(series => (decimal)(series[at]?.WattHours ?? 0));
            hours++;
        }

        return new Energy((long)(sum / Math.Max(1, hours) * parameters.MostLoss));
    }

    private async Task<List<List<VirtualMeterPart>>> BalancesAsync(int loopId, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var parts = await work.Db.VirtualMeterParts.AsNoTracking().Where(part => part.LoopId == loopId && part.FromHour <= at).ToListAsync(cancellationToken);
        return [.. parts.GroupBy(part => part.VirtualMeterId)
            .Select(versions => versions.GroupBy(part => part.Version).MaxBy(version => version.Key)!.OrderBy(part => part.MeterId).ToList())
            .Where(version => version.TrueForAll(part => Math.Abs(part.FactorMillionths) == 1_000_000)
                && version.Exists(part => part.FactorMillionths > 0) && version.Exists(part => part.FactorMillionths < 0))];
    }

    private async Task<Dictionary<int, MeterSeries>> SeriesAsync(int loopId, IReadOnlyCollection<Meter> meters, Interval during, CancellationToken cancellationToken)
    {
        var hours = await measured.ReadAsync(loopId, [.. meters.Select(meter => new MeterSpan(meter.Id, during.Start, during.End))], cancellationToken);
        return meters.ToDictionary(meter => meter.Id, meter => MeasuredHours.Series(meter.Code, during.Start, hours[meter.Id]));
    }
}
