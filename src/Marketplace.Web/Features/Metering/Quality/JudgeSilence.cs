using Marketplace.Data;
using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Delivery;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>By the hour: flags meters in service of which nothing was measured for longer than their class allows, once for each silence, and
/// ends the flag when a measurement has come. A second time in the same hour changes nothing. In a replay, and while
/// the market's clock stands, there is no time in which to be silent.</summary>
public sealed record JudgeSilence(int LoopId) : IRequest<SilenceChanges>, ISystemOnly, IRepeatableStep;

public sealed record SilenceChanges(int Found, int Ended);

internal sealed class JudgeSilenceHandler(Work work, MeterClasses classes, FlagBook flags, TimeProvider time) : IRequestHandler<JudgeSilence, SilenceChanges>
{
    public async Task<SilenceChanges> Handle(JudgeSilence request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var clock = await db.Clocks.AsNoTracking().SingleAsync(clock => clock.LoopId == loopId, cancellationToken);
        if (loop.Kind == LoopKind.Replay || clock.Rate == 0 || !await flags.TryLockAsync(loopId, cancellationToken))
        {
            return new SilenceChanges(0, 0);
        }

        // Hours are delivered after they are over: it is asked what was known at the last full hour.
        var now = MarketHour.Containing(clock.MarketTime(time.GetUtcNow()));
        var name = ClockChecks.Silent.Name;
        var open = await (
            from flag in db.OpenFlags
            where flag.LoopId == loopId && flag.CheckName == name
            select new { flag.FlagId, flag.MeterId, flag.Hour }).ToListAsync(cancellationToken);
        var parameters = await classes.OfAsync(loopId, cancellationToken);
        var last = await LastAsync(loopId, now, now - parameters.Values.Min(one => one.SilentAfter), cancellationToken);
        var since = last.ToDictionary(one => one.MeterId);

        // What an operator has decided about a silence is not asked again while it lasts.
        var ids = since.Keys.ToArray();
        var known = (await db.ReadingFlags.Where(flag => flag.LoopId == loopId && flag.CheckName == name && ids.Contains(flag.MeterId))
            .Select(flag => new { flag.MeterId, flag.Hour }).ToListAsync(cancellationToken)).Select(flag => (flag.MeterId, flag.Hour)).ToHashSet();
        var found = last
            .Select(one => (one.MeterId, Finding: ClockChecks.JudgeSilence(one.Code, one.End, now, parameters[one.Carrier])))
            .Where(one => one.Finding is not null && !known.Contains((one.MeterId, one.Finding.During.Start)))
            .Select(one => new NewFlag(one.MeterId, one.Finding!.During, one.Finding.Check, one.Finding.Words)).ToList();
        var over = open.Where(flag => !since.TryGetValue(flag.MeterId, out var own) || own.End > flag.Hour).Select(flag => flag.FlagId).ToArray();
        await flags.AddAsync(loopId, found, cancellationToken);
        await flags.ResolveAsync(loopId, over, FlagResolutionKind.NoLongerFound, "It sends again, or is out of service.", null, cancellationToken);
        return new SilenceChanges(found.Count, over.Length);
    }

    /// <summary>Meters in service without a measurement since an hour, with the end of their last one: for each one step down the primary key.</summary>
    private async Task<List<(int MeterId, string Code, Carrier Carrier, DateTimeOffset End)>> LastAsync(
        int loopId, DateTimeOffset now, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT m.id, m.code, m.carrier, coalesce(last.hour + interval '1 hour', date_bin('1 hour', m.in_service_from, 'epoch'))
            FROM market.meters AS m LEFT JOIN LATERAL (
                SELECT r.hour FROM market.readings AS r
                WHERE r.loop_id = m.loop_id AND r.meter_id = m.id AND r.quality <> {(short)ReadingQuality.Estimated}
                ORDER BY r.hour DESC LIMIT 1) AS last ON true
            WHERE m.loop_id = $1 AND m.in_service_from < $2 AND (m.in_service_until IS NULL OR m.in_service_until > $2)
                AND NOT EXISTS (
                    SELECT FROM market.readings AS r
                    WHERE r.loop_id = m.loop_id AND r.meter_id = m.id AND r.hour >= $3 AND r.quality <> {(short)ReadingQuality.Estimated})
            ORDER BY m.id
            """,
            await work.ConnectionAsync(cancellationToken));
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = since });
        var found = new List<(int, string, Carrier, DateTimeOffset)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add((reader.GetInt32(0), reader.GetString(1), (Carrier)reader.GetInt16(2), reader.GetFieldValue<DateTimeOffset>(3)));
        }

        return found;
    }
}
