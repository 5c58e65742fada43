using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Equipment;

/// <summary>
/// Adds metering points from a table: <c>meter,member,carrier</c>, and where wanted <c>direction</c> (takes or gives), <c>plant</c>,
/// <c>connection_kw</c> and <c>from</c> (the hour from which the point counts; without it the next one). Good rows are added, each other one is named with its line.
/// </summary>
public sealed record AddMeters(int LoopId, string Rows) : IRequest<EquipmentReport>, IOperatorAct
{
    string IOperatorAct.Subject => "meters";
}

public sealed class AddMetersValidator : AbstractValidator<AddMeters>
{
    public AddMetersValidator() => RuleFor(request => request.Rows).HoldATable();
}

internal sealed class AddMetersHandler(Work work, MarketTime marketTime) : IRequestHandler<AddMeters, EquipmentReport>
{
    private const string File = "meters";
    private const decimal LargestKw = 1_000_000m;

    public async Task<EquipmentReport> Handle(AddMeters request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        // Numbers are counted without gaps: one at a time in each loop.
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtext('market.meters'), {loopId})", cancellationToken);
        var problems = new FolderProblems();
        using var table = CsvTable.OfText(request.Rows, File, problems, "meter", "member", "carrier");
        if (table is null)
        {
            return new EquipmentReport(0, 0, problems.Kept);
        }

        var members = await db.Members.AsNoTracking().Where(member => member.LoopId == loopId).ToDictionaryAsync(member => member.Key, member => member.Id, cancellationToken);
        var plants = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId).ToDictionaryAsync(plant => plant.Code, plant => plant.OwnerId, cancellationToken);
        var meters = await db.Meters.AsNoTracking().Where(meter => meter.LoopId == loopId).ToDictionaryAsync(meter => meter.Code, cancellationToken);
        var next = MarketHour.Containing(await marketTime.NowAsync(loopId, cancellationToken)) + MarketHour.Length;
        var (added, known, id) = (new List<Meter>(), 0, meters.Count == 0 ? 0 : meters.Values.Max(meter => meter.Id));
        while (table.Read())
        {
            if (Row(table, loopId, members, plants, next, problems) is not { } meter)
            {
                continue;
            }

            if (!meters.TryGetValue(meter.Code, out var other))
            {
                meter.Id = ++id;
                meters.Add(meter.Code, meter);
                added.Add(meter);
            }
            else if (IsSame(other, meter, hasStart: table["from"].Length > 0))
            {
                known++;
            }
            else
            {
                problems.Refuse(File, table.Line, "meter", "known", $"there is a meter '{meter.Code}' already, with other values. A meter's past stays as it is: give a new point another name.");
            }
        }

        await db.BulkInsertAsync(added, cancellationToken);
        return new EquipmentReport(added.Count, known, problems.Kept);
    }

    private static bool IsSame(Meter one, Meter other, bool hasStart) =>
        (one.MemberId, one.Carrier, one.Direction, one.PlantCode, one.CapacityWatts) == (other.MemberId, other.Carrier, other.Direction, other.PlantCode, other.CapacityWatts)
        && (!hasStart || one.InServiceFrom == other.InServiceFrom);

    private static Meter? Row(
        CsvTable table, int loopId, Dictionary<string, int> members, Dictionary<string, int> plants, DateTimeOffset next, FolderProblems problems)
    {
        Meter? Refuse(string field, string rule, string message)
        {
            problems.Refuse(File, table.Line, field, rule, message);
            return null;
        }

        var (code, key, plant) = (table["meter"], table["member"], table["plant"]);
        if (!SignedBatch.IsName(code))
        {
            return Refuse("meter", "name", $"'{code}' cannot name a meter. Use 1 to 64 letters, digits, hyphens, dots or underscores.");
        }

        if (!members.TryGetValue(key, out var member))
        {
            return Refuse("member", "unknown", $"no member of this loop has the key '{key}'.");
        }

        if (!Carriers.TryParse(table["carrier"], out var carrier))
        {
            return Refuse("carrier", "unknown", $"'{table["carrier"]}' is not one of heat, cold, electricity.");
        }

        MeterDirection? direction = table["direction"] switch
        {
            "" or "takes" => MeterDirection.Consumption,
            "gives" => MeterDirection.Production,
            _ => null,
        };
        if (direction is null)
        {
            return Refuse("direction", "unknown", $"'{table["direction"]}' is not one of takes, gives.");
        }

        if (plant.Length > 0 && (!plants.TryGetValue(plant, out var owner) || owner != member))
        {
            return Refuse("plant", "unknown", $"the member '{key}' has no plant '{plant}'.");
        }

        long? watts = null;
        if (table["connection_kw"].Length > 0)
        {
            if (FieldText.Number(table["connection_kw"], out var kilowatts) is not null || kilowatts <= 0 || kilowatts > LargestKw || !decimal.IsInteger(kilowatts * 1000))
            {
                return Refuse("connection_kw", "number", $"'{table["connection_kw"]}' is not a power above 0 in whole watts, such as 11.5.");
            }

            watts = (long)(kilowatts * 1000);
        }

        var from = next;
        if (table["from"].Length > 0 && FieldText.Hour(table["from"], out from) is { } fault)
        {
            return Refuse("from", fault.Rule, fault.Message);
        }

        return from < next
            ? Refuse("from", "past", string.Create(CultureInfo.InvariantCulture, $"{Instants.Iso(from)} has begun already. The first hour that a new meter can count is {Instants.Iso(next)}."))
            : new Meter
            {
                LoopId = loopId, MemberId = member, Carrier = carrier, Direction = direction.Value, Code = code, PlantCode = plant.Length > 0 ? plant : null,
                CapacityWatts = watts, InServiceFrom = from,
            };
    }
}
