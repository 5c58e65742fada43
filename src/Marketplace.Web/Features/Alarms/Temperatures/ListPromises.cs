using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Alarms.Temperatures;

/// <summary>What is promised at each meter, the last set, and what became of it this month.</summary>
public sealed record ListPromises(int LoopId) : IRequest<IReadOnlyList<MeterPromise>>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.Audits(LoopId);
}

/// <param name="Terms">The last set, which may begin later.</param>
/// <param name="Month">The hours of this month that are over.</param>
public sealed record MeterPromise(string MeterCode, TemperatureTerms Terms, PromiseReport Month);

internal sealed class ListPromisesHandler(Work work, MarketTime marketTime, SubstationTemperatures temperatures) : IRequestHandler<ListPromises, IReadOnlyList<MeterPromise>>
{
    public async Task<IReadOnlyList<MeterPromise>> Handle(ListPromises request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var terms = (await db.TemperatureTerms.AsNoTracking().Where(terms => terms.LoopId == loopId).ToListAsync(cancellationToken))
            .GroupBy(terms => terms.MeterId).Select(meter => meter.MaxBy(version => version.Version)!).Where(last => last.PromisesAnything).ToList();
        var ids = terms.Select(last => last.MeterId).ToArray();
        var codes = await db.Meters.Where(meter => meter.LoopId == loopId && ids.Contains(meter.Id)).ToDictionaryAsync(meter => meter.Id, meter => meter.Code, cancellationToken);
        var now = MarketHour.Containing(await marketTime.NowAsync(loopId, cancellationToken));
        var calendar = (await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken)).Calendar;
        var start = calendar.Month(calendar.DayOf(now)).Start.ToUniversalTime();
        if (start >= now)
        {
            return [.. terms.Select(last => new MeterPromise(codes[last.MeterId], last, new PromiseReport(0, 0, 0, []))).OrderBy(promise => promise.MeterCode, StringComparer.Ordinal)];
        }

        var month = new Interval(start, now);
        var found = await temperatures.ReadAsync(loopId, ids, month, cancellationToken);
        return [.. terms
            .Select(last => new MeterPromise(codes[last.MeterId], last, found.TryGetValue(last.MeterId, out var own) ? own.Judge(month) : new PromiseReport(0, 0, 0, [])))
            .OrderBy(promise => promise.MeterCode, StringComparer.Ordinal)];
    }
}
