using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Metering;

/// <summary>The hours of a member's meters in an interval: the value in force and whether it has a history.</summary>
public sealed record ReadingsOf(int LoopId, int MemberId, Interval Interval) : IRequest<IReadOnlyList<MeteredHour>>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.ActsFor(LoopId, MemberId) || actor.Audits(LoopId);
}

/// <summary>One hour of one meter as it stands now.</summary>
/// <param name="Revision">0 for a first value; each later value counts one up.</param>
/// <param name="Note">How it was estimated or what its source said of it.</param>
public sealed record MeteredHour(
    int MeterId, string MeterCode, Carrier Carrier, MeterDirection Direction, DateTimeOffset Hour,
    Energy Energy, ReadingQuality Quality, int Revision, string? Note, DateTimeOffset ReceivedAt, long BatchId, int BatchPosition);

/// <summary>Who may look at everybody's readings without changing anything.</summary>
internal static class ReadingAccess
{
    public static bool Audits(this Actor actor, int loopId) =>
        actor.Roles.Any(held => held.LoopId == loopId && held.Role is Role.Auditor or Role.Technician);
}

internal sealed class ReadingsOfValidator : AbstractValidator<ReadingsOf>
{
    public ReadingsOfValidator() =>
        RuleFor(request => request.Interval).Must(interval => interval.Length <= CurrentReadings.LongestInterval)
            .WithMessage("At most 400 days can be shown at once.");
}

internal sealed class ReadingsOfHandler(Work work) : IRequestHandler<ReadingsOf, IReadOnlyList<MeteredHour>>
{
    public async Task<IReadOnlyList<MeteredHour>> Handle(ReadingsOf request, CancellationToken cancellationToken) =>
        await CurrentReadings.ReadAsync(work, request.LoopId, "m.member_id = $4", request.MemberId, request.Interval, cancellationToken);
}

/// <summary>The value in force is the highest revision.</summary>
internal static class CurrentReadings
{
    public static readonly TimeSpan LongestInterval = TimeSpan.FromDays(400);

    /// <summary>The hours in the interval, meter by meter and hour by hour.</summary>
    /// <param name="which">A condition of ours on meters m, with the id as $4.</param>
    public static async Task<List<MeteredHour>> ReadAsync(
        Work work, int loopId, string which, int id, Interval interval, CancellationToken cancellationToken, DateTimeOffset? asOf = null)
    {
        var connection = await work.ConnectionAsync(cancellationToken);
        await using var transaction = work.Db.Database.CurrentTransaction is null ? await work.Db.Database.BeginTransactionAsync(cancellationToken) : null;
        await using var batch = new NpgsqlBatch(connection, work.Transaction);
        var command = ByMeter.Add(
            batch,
            $"""
            SELECT m.id, m.code, m.carrier, m.direction, r.hour, r.energy, r.quality, r.revision, r.note, r.received_at, r.batch_id, r.batch_position
            FROM market.meters m,
            LATERAL (SELECT DISTINCT ON (v.hour) v.* FROM market.readings v
                     WHERE v.loop_id = $1 AND v.meter_id = m.id AND v.hour >= $2 AND v.hour < $3{(asOf is null ? "" : " AND v.received_at <= $5")}
                     ORDER BY v.hour DESC, v.revision DESC) r
            WHERE m.loop_id = $1 AND {which}
            """);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = interval.Start });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = interval.End });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = id });
        if (asOf is { } known)
        {
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = known });
        }

        var hours = new List<MeteredHour>();
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            hours.Add(new MeteredHour(
                reader.GetInt32(0),
                reader.GetString(1),
                (Carrier)reader.GetInt16(2),
                (MeterDirection)reader.GetInt16(3),
                reader.GetFieldValue<DateTimeOffset>(4),
                new Energy(reader.GetInt64(5)),
                (ReadingQuality)reader.GetInt16(6),
                reader.GetInt16(7),
                await reader.IsDBNullAsync(8, cancellationToken) ? null : reader.GetString(8),
                reader.GetFieldValue<DateTimeOffset>(9),
                reader.GetInt64(10),
                reader.GetInt32(11)));
        }

        hours.Sort((one, other) => one.MeterId != other.MeterId ? one.MeterId.CompareTo(other.MeterId) : one.Hour.CompareTo(other.Hour));
        return hours;
    }
}
