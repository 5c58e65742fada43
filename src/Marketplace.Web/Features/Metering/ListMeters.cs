using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Metering;

/// <summary>The meters and how well they deliver: all of the loop for those who run or audit it, their own for everybody else.</summary>
/// <param name="Search">Part of a meter's code or of its member's name.</param>
/// <param name="OnlyFaulty">Only meters with a missing or estimated hour in the window.</param>
/// <param name="Page">From 1.</param>
public sealed record ListMeters(int LoopId, string? Search = null, bool OnlyFaulty = false, int Page = 1) : IRequest<MeterList>, IGuarded
{
    public const int PageSize = 50;

    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>A page of meters.</summary>
/// <param name="Window">The last seven days of the market, or since its first hour: what missing and estimated refer to.</param>
public sealed record MeterList(IReadOnlyList<MeterRow> Meters, int Total, Interval Window);

/// <param name="Last">The last hour with a value; null before the first.</param>
/// <param name="Expected">Hours in the window in which the meter was in service.</param>
/// <param name="Missing">Of these, the ones without any value.</param>
/// <param name="Estimated">Of these, the ones whose value in force is an estimate.</param>
public sealed record MeterRow(
    int Id, string Code, Carrier Carrier, MeterDirection Direction, int MemberId, string MemberName,
    DateTimeOffset? Last, int Expected, int Missing, int Estimated)
{
    public decimal EstimatedShare => Expected == 0 ? 0 : (decimal)Estimated / Expected;
}

internal sealed class ListMetersHandler(Work work, CurrentActor current, MarketTime marketTime) : IRequestHandler<ListMeters, MeterList>
{
    public async Task<MeterList> Handle(ListMeters request, CancellationToken cancellationToken)
    {
        var window = await WindowAsync(request.LoopId, cancellationToken);
        var actor = current.Actor;
        var own = actor.Operates(request.LoopId) || actor.Audits(request.LoopId)
            ? null
            : actor.Roles.Where(held => held.LoopId == request.LoopId).Select(held => held.MemberId).Distinct().ToArray();

        await using var command = new NpgsqlCommand(
            """
            WITH wanted AS (
                SELECT m.id, m.code, m.carrier, m.direction, m.member_id, b.name,
                       greatest(0, ceil(extract(epoch FROM least($3, coalesce(m.in_service_until, $3)) - greatest($2, m.in_service_from)) / 3600))::int AS expected
                FROM market.meters m JOIN market.members b ON b.loop_id = m.loop_id AND b.id = m.member_id
                WHERE m.loop_id = $1 AND ($9 OR m.member_id = ANY ($10)) AND ($4 = '' OR m.code ILIKE $4 OR b.name ILIKE $4)),
            counted AS (
                SELECT w.*, c.present, c.estimated FROM wanted w,
                LATERAL (
                    SELECT count(*)::int AS present, (count(*) FILTER (WHERE v.quality = $5))::int AS estimated
                    FROM (SELECT DISTINCT ON (r.hour) r.hour, r.quality FROM market.readings r
                          WHERE r.loop_id = $1 AND r.meter_id = w.id AND r.hour >= $2 AND r.hour < $3
                          ORDER BY r.hour, r.revision DESC) v) c),
            paged AS (
                SELECT *, count(*) OVER ()::int AS total FROM counted
                WHERE NOT $6 OR present < expected OR estimated > 0
                ORDER BY id LIMIT $7 OFFSET $8)
            SELECT p.id, p.code, p.carrier, p.direction, p.member_id, p.name,
                   (SELECT max(r.hour) FROM market.readings r WHERE r.loop_id = $1 AND r.meter_id = p.id),
                   p.expected, greatest(0, p.expected - p.present), p.estimated, p.total
            FROM paged p ORDER BY p.id
            """,
            await work.ConnectionAsync(cancellationToken));
        Add(request.LoopId);
        Add(window.Start);
        Add(window.End);
        Add(Pattern(request.Search));
        Add((short)ReadingQuality.Estimated);
        Add(request.OnlyFaulty);
        Add(ListMeters.PageSize);
        Add((Math.Max(1, request.Page) - 1) * ListMeters.PageSize);
        Add(own is null);
        Add(own ?? []);

        var rows = new List<MeterRow>();
        var total = 0;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            total = reader.GetInt32(10);
            rows.Add(new MeterRow(
                reader.GetInt32(0),
                reader.GetString(1),
                (Carrier)reader.GetInt16(2),
                (MeterDirection)reader.GetInt16(3),
                reader.GetInt32(4),
                reader.GetString(5),
                await reader.IsDBNullAsync(6, cancellationToken) ? null : reader.GetFieldValue<DateTimeOffset>(6),
                reader.GetInt32(7),
                reader.GetInt32(8),
                reader.GetInt32(9)));
        }

        return new MeterList(rows, total, window);

        void Add<T>(T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
    }

    private async Task<Interval> WindowAsync(int loopId, CancellationToken cancellationToken)
    {
        var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var end = MarketHour.Containing(await marketTime.NowAsync(loopId, cancellationToken));
        end = loop.EndsAt < end ? loop.EndsAt.Value : end;
        var start = loop.FirstHour > end.AddDays(-7) ? loop.FirstHour : end.AddDays(-7);
        return new Interval(start < end ? start : end.AddHours(-1), end);
    }

    // What a person types is text, not a pattern.
    private static string Pattern(string? search) => string.IsNullOrWhiteSpace(search)
        ? ""
        : "%" + search.Trim().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";
}
