using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>Which flags: what is not given is not asked for.</summary>
/// <param name="Meter">Part of a meter's code.</param>
public sealed record ExceptionFilter(FlagSeverity? Severity = null, string? CheckName = null, Carrier? Carrier = null, string? Meter = null);

/// <summary>A place in the list: after this flag.</summary>
public sealed record ExceptionPlace(FlagSeverity Severity, DateTimeOffset Hour, long FlagId)
{
    public static ExceptionPlace? Parse(string? text)
    {
        var parts = text?.Split('_') ?? [];
        return parts.Length == 3 && short.TryParse(parts[0], System.Globalization.CultureInfo.InvariantCulture, out var severity) && Enum.IsDefined((FlagSeverity)severity)
            && HourAddress.TryParse(parts[1], out var hour) && long.TryParse(parts[2], System.Globalization.CultureInfo.InvariantCulture, out var id)
            ? new ExceptionPlace((FlagSeverity)severity, hour, id) : null;
    }

    public override string ToString() => FormattableString.Invariant($"{(short)Severity}_{HourAddress.Of(Hour)}_{FlagId}");
}

/// <summary>What waits for somebody, the most urgent first and the latest first within that; a page from a place on.</summary>
public sealed record ListExceptions(int LoopId, ExceptionFilter Filter, ExceptionPlace? After = null) : IRequest<ExceptionList>, IGuarded
{
    public const int PageSize = 50;

    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.Audits(LoopId);
}

/// <param name="Open">How many are open, by severity and check, whatever the filter says.</param>
/// <param name="Next">The place after the last; null at the end.</param>
public sealed record ExceptionList(IReadOnlyList<ExceptionRow> Rows, IReadOnlyList<OpenCount> Open, ExceptionPlace? Next);

/// <summary>Open flags of one check.</summary>
public sealed record OpenCount(FlagSeverity Severity, string CheckName, int Flags);

/// <param name="MeterCode">None for what concerns the loop as a whole.</param>
public sealed record ExceptionRow(
    long FlagId, FlagSeverity Severity, string CheckName, string? MeterCode, Carrier? Carrier, Interval During, string Words, DateTimeOffset FoundAt);

internal sealed class ListExceptionsHandler(Work work) : IRequestHandler<ListExceptions, ExceptionList>
{
    public async Task<ExceptionList> Handle(ListExceptions request, CancellationToken cancellationToken)
    {
        var rows = await OpenFlags.ReadAsync(await work.ConnectionAsync(cancellationToken), request.LoopId, request.Filter, request.After, ListExceptions.PageSize + 1, cancellationToken);
        var open = await work.Db.OpenFlags.Where(flag => flag.LoopId == request.LoopId)
            .GroupBy(flag => new { flag.Severity, flag.CheckName })
            .Select(group => new OpenCount(group.Key.Severity, group.Key.CheckName, group.Count()))
            .ToListAsync(cancellationToken);
        var page = rows.Take(ListExceptions.PageSize).ToList();
        return new ExceptionList(
            page,
            [.. open.OrderByDescending(count => count.Severity).ThenBy(count => count.CheckName, StringComparer.Ordinal)],
            rows.Count > page.Count ? new ExceptionPlace(page[^1].Severity, page[^1].During.Start, page[^1].FlagId) : null);
    }
}

/// <summary>Reads the work list by its index, from a place on: the last page costs as much as the first.</summary>
internal static class OpenFlags
{
    public static async Task<List<ExceptionRow>> ReadAsync(
        NpgsqlConnection connection, int loopId, ExceptionFilter filter, ExceptionPlace? after, int most, CancellationToken cancellationToken)
    {
        // Only the conditions asked for stand in the statement, so that each has the plan of its own index.
        var conditions = new List<string> { "o.loop_id = $1" };
        await using var command = new NpgsqlCommand { Connection = connection };
        Add(loopId);
        Where(filter.Severity is { } severity, "o.severity = {0}", () => Add((short)filter.Severity!.Value));
        Where(filter.CheckName is not null, "o.check_name = {0}", () => Add(filter.CheckName));
        Where(filter.Carrier is not null, "o.carrier = {0}", () => Add((short)filter.Carrier!.Value));
        Where(!string.IsNullOrWhiteSpace(filter.Meter), "o.meter_id IN (SELECT id FROM market.meters WHERE loop_id = $1 AND strpos(lower(code), lower({0})) > 0)", () => Add(filter.Meter!.Trim()));
        if (after is not null)
        {
            var place = command.Parameters.Count;
            Add((short)after.Severity);
            Add(after.Hour);
            Add(after.FlagId);
            conditions.Add(FormattableString.Invariant($"(o.severity, o.hour, o.flag_id) < (${place + 1}, ${place + 2}, ${place + 3})"));
        }

        Add(most);
        command.CommandText =
            $"""
            SELECT o.flag_id, o.severity, o.check_name, m.code, o.carrier, f.hour, f.until_hour, f.words, f.found_at
            FROM (SELECT * FROM market.open_flags o WHERE {string.Join(" AND ", conditions)}
                  ORDER BY o.severity DESC, o.hour DESC, o.flag_id DESC LIMIT ${command.Parameters.Count.ToString(System.Globalization.CultureInfo.InvariantCulture)}) o
            JOIN market.reading_flags f ON f.loop_id = $1 AND f.id = o.flag_id
            LEFT JOIN market.meters m ON m.loop_id = $1 AND m.id = o.meter_id
            ORDER BY o.severity DESC, o.hour DESC, o.flag_id DESC
            """;
        var rows = new List<ExceptionRow>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new ExceptionRow(
                reader.GetInt64(0), (FlagSeverity)reader.GetInt16(1), reader.GetString(2),
                await reader.IsDBNullAsync(3, cancellationToken) ? null : reader.GetString(3),
                await reader.IsDBNullAsync(4, cancellationToken) ? null : (Carrier)reader.GetInt16(4),
                new Interval(reader.GetFieldValue<DateTimeOffset>(5), reader.GetFieldValue<DateTimeOffset>(6)), reader.GetString(7), reader.GetFieldValue<DateTimeOffset>(8)));
        }

        return rows;

        void Add<T>(T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });

        void Where(bool isAsked, string condition, Action add)
        {
            if (isAsked)
            {
                add();
                conditions.Add(string.Format(System.Globalization.CultureInfo.InvariantCulture, condition, "$" + command.Parameters.Count.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            }
        }
    }
}
