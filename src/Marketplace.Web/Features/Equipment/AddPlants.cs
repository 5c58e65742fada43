using FluentValidation;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Replica;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Equipment;

/// <summary>
/// Adds plants from a table as a replay's plants.csv has it (<c>plant,owner,kind,carrier_in,carrier_out,capacity_kw,efficiency_or_cop,cost_per_kwh</c>),
/// with a <c>name</c> for people where wanted. They bid from the next hour whose gate is open. Good rows are added, each other one is named with its line.
/// </summary>
public sealed record AddPlants(int LoopId, string Rows) : IRequest<EquipmentReport>, IOperatorAct
{
    string IOperatorAct.Subject => "plants";
}

public sealed class AddPlantsValidator : AbstractValidator<AddPlants>
{
    public AddPlantsValidator() => RuleFor(request => request.Rows).HoldATable();
}

internal sealed class AddPlantsHandler(Work work) : IRequestHandler<AddPlants, EquipmentReport>
{
    private const string File = "plants";
    private const int LongestName = 80;

    private static readonly string[] Columns = ["plant", "owner", "kind", "carrier_in", "carrier_out", "capacity_kw", "efficiency_or_cop", "cost_per_kwh"];

    public async Task<EquipmentReport> Handle(AddPlants request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtext('market.plants'), {loopId})", cancellationToken);
        var problems = new FolderProblems();
        using var table = CsvTable.OfText(request.Rows, File, problems, Columns);
        if (table is null)
        {
            return new EquipmentReport(0, 0, problems.Kept);
        }

        var members = await db.Members.AsNoTracking().Where(member => member.LoopId == loopId).ToDictionaryAsync(member => member.Key, member => member.Id, cancellationToken);
        var plants = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId).ToDictionaryAsync(plant => plant.Code, plant => plant.Definition, cancellationToken);
        var (added, known) = (new List<PlantRecord>(), 0);
        while (table.Read())
        {
            var reading = PlantRows.Read(new PlantRow(
                table["plant"], table["owner"], table["kind"], table["carrier_in"], table["carrier_out"], table["capacity_kw"], table["efficiency_or_cop"], table["cost_per_kwh"]));
            if (reading.Plant is not { } plant)
            {
                problems.Refuse(File, table.Line, reading.Error!.Field, "plant", reading.Error.Message + ".");
            }
            else if (!SignedBatch.IsName(plant.Id))
            {
                problems.Refuse(File, table.Line, "plant", "name", $"'{plant.Id}' cannot name a plant. Use 1 to 64 letters, digits, hyphens, dots or underscores.");
            }
            else if (!members.TryGetValue(plant.Owner, out var owner))
            {
                problems.Refuse(File, table.Line, "owner", "unknown", $"no member of this loop has the key '{plant.Owner}'.");
            }
            else if (table["name"].Length > LongestName)
            {
                problems.Refuse(File, table.Line, "name", "long", $"a name has at most {LongestName} letters.");
            }
            else
            {
                plant = table["name"].Length > 0 ? plant with { DisplayName = table["name"] } : plant;
                var definition = PlantDefinition.Write(plant);
                if (!plants.TryGetValue(plant.Id, out var other))
                {
                    plants.Add(plant.Id, definition);
                    added.Add(new PlantRecord { LoopId = loopId, Code = plant.Id, Name = plant.DisplayName, OwnerId = owner, Definition = definition });
                    Note(problems, table.Line, reading.Note);
                }
                else if (other == definition)
                {
                    known++;
                }
                else
                {
                    problems.Refuse(File, table.Line, "plant", "known", $"there is a plant '{plant.Id}' already, with other values.");
                }
            }
        }

        await db.BulkInsertAsync(added, cancellationToken);
        return new EquipmentReport(added.Count, known, problems.Kept);
    }

    private static void Note(FolderProblems problems, int line, string? note)
    {
        if (note is not null)
        {
            problems.Warn(File, line, "", "assumed", note + ".");
        }
    }
}
