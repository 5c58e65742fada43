namespace Marketplace.Web.Features.Metering;

internal static class PlantsFile
{
    private const string File = ReplayFolder.PlantsName;

    private static readonly string[] Columns =
        ["plant", "owner", "kind", "carrier_in", "carrier_out", "capacity_kw", "efficiency_or_cop", "cost_per_kwh"];

    /// <summary>The rows as text; null where the folder has no such file.</summary>
    public static IReadOnlyList<FolderPlant>? Read(string folder, FolderProblems problems)
    {
        if (!System.IO.File.Exists(Path.Combine(folder, File)))
        {
            return null;
        }

        // Plants that were meant to be there and are silently replaced by defaults would be another district.
        using var table = CsvTable.Open(folder, File, problems, ProblemWeight.Fatal, Columns);
        if (table is null)
        {
            return null;
        }

        var plants = new Dictionary<string, FolderPlant>(StringComparer.Ordinal);
        while (table.Read())
        {
            var plant = new FolderPlant(
                table.Line, table["plant"], table["owner"], table["kind"], table["carrier_in"], table["carrier_out"],
                table["capacity_kw"], table["efficiency_or_cop"], table["cost_per_kwh"]);
            if (!plants.TryAdd(plant.Plant, plant))
            {
                var first = plants[plant.Plant];
                var isSame = first == plant with { Line = first.Line };
                problems.Refuse(File, table.Line, "plant", isSame ? "repeated" : "contradicted", FormattableString.Invariant(
                    $"'{plant.Plant}' already stands on line {first.Line}{(isSame ? "" : ", with other values; the first is kept")}."));
            }
        }

        return [.. plants.Values];
    }
}
