using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Equipment;

/// <summary>
/// Tells a loop what hours to come are like, from a table as a replay's site_hourly.csv has it: <c>timestamp_utc</c>, <c>import_price_eur_per_kwh</c> (in the loop's
/// currency) and, where known, <c>air_temp_c</c>, <c>ghi_w_m2</c> and <c>grid_carbon_kg_per_kwh</c>. An hour can be told again until its gate closes; after that it stays as it was cleared with.
/// </summary>
public sealed record KnowHours(int LoopId, string Rows) : IRequest<EquipmentReport>, IOperatorAct
{
    string IOperatorAct.Subject => "prices and weather of hours";
}

/// <summary>Until when a loop knows its hours without a gap.</summary>
/// <param name="Next">The next hour whose gate closes.</param>
/// <param name="Until">The first hour from there on that is not known.</param>
public sealed record KnownHours(DateTimeOffset Next, DateTimeOffset Until);

public sealed record ShowKnownHours(int LoopId) : IRequest<KnownHours>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

public sealed class KnowHoursValidator : AbstractValidator<KnowHours>
{
    public KnowHoursValidator() => RuleFor(request => request.Rows).HoldATable();
}

internal sealed class KnowHoursHandler(Work work, MarketTime marketTime) : IRequestHandler<KnowHours, EquipmentReport>, IRequestHandler<ShowKnownHours, KnownHours>
{
    private const string File = "hours";

    public async Task<EquipmentReport> Handle(KnowHours request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        if (loop.Kind != LoopKind.Live)
        {
            throw new RefusedException("The hours of a replay and of the demonstration come from where they come from; only a live loop is told them.");
        }

        var problems = new FolderProblems();
        using var table = CsvTable.OfText(request.Rows, File, problems, "timestamp_utc");
        if (table is null || SiteFile.Of(table, ProblemWeight.Fatal, problems) is not { } site || problems.IsFatal)
        {
            return new EquipmentReport(0, 0, problems.Kept);
        }

        if (site.Currency != loop.Currency)
        {
            problems.Fail(File, 1, $"import_price_{site.Currency?.ToLowerInvariant()}_per_kwh", "currency", $"this loop counts in {loop.Currency}: the column is import_price_{loop.Currency.ToLowerInvariant()}_per_kwh.");
            return new EquipmentReport(0, 0, problems.Kept);
        }

        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var told = new List<FolderConditions>();
        foreach (var row in site.Rows)
        {
            if (MarketHour.GateOf(loop, row.Hour) > now)
            {
                told.Add(row);
            }
            else
            {
                problems.Refuse(File, row.Line, "timestamp_utc", "closed", $"the gate of {Instants.Iso(row.Hour)} has closed: what it was cleared with stays.");
            }
        }

        var changed = await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.conditions AS c (loop_id, hour, air_temp_c, ghi_wm2, import_price, carbon_grams_per_k_wh)
            SELECT {loopId}, t.* FROM unnest({told.Select(row => row.Hour).ToArray()}, {told.Select(row => row.AirTempC).ToArray()}, {told.Select(row => row.GhiWm2).ToArray()},
                                             {told.Select(row => row.ImportPrice.MicroPerKWh).ToArray()}, {told.Select(row => row.CarbonGramsPerKWh).ToArray()}) AS t
            ON CONFLICT (loop_id, hour) DO UPDATE
            SET air_temp_c = excluded.air_temp_c, ghi_wm2 = excluded.ghi_wm2, import_price = excluded.import_price, carbon_grams_per_k_wh = excluded.carbon_grams_per_k_wh
            WHERE (c.air_temp_c, c.ghi_wm2, c.import_price, c.carbon_grams_per_k_wh) IS DISTINCT FROM (excluded.air_temp_c, excluded.ghi_wm2, excluded.import_price, excluded.carbon_grams_per_k_wh)
            """, cancellationToken);
        return new EquipmentReport(changed, told.Count - changed, problems.Kept);
    }

    public async Task<KnownHours> Handle(ShowKnownHours request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var next = MarketHour.Containing(now);
        while (MarketHour.GateOf(loop, next) <= now)
        {
            next += MarketHour.Length;
        }

        next = next < loop.FirstHour ? loop.FirstHour : next;
        var hours = await db.Conditions.Where(row => row.LoopId == loopId && row.Hour >= next).OrderBy(row => row.Hour).Select(row => row.Hour).Take(10_000).ToListAsync(cancellationToken);
        var until = next;
        foreach (var hour in hours.TakeWhile(hour => hour == until))
        {
            until = hour + MarketHour.Length;
        }

        return new KnownHours(next, until);
    }
}
