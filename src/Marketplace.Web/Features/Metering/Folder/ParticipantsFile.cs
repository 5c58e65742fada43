namespace Marketplace.Web.Features.Metering;

internal static class ParticipantsFile
{
    private const string File = ReplayFolder.ParticipantsName;
    private const int LongestName = 64;

    /// <summary>The participants, or null where the file is of no use: then everybody in the readings is a consumer.</summary>
    public static IReadOnlyList<FolderParticipant>? Read(string folder, FolderProblems problems)
    {
        using var table = CsvTable.Open(folder, File, problems, ProblemWeight.Warning, "building");
        if (table is null)
        {
            problems.Warn(File, 0, "", "no-participants", "without participants every building in the readings is taken as a consumer.");
            return null;
        }

        if (!table.Has("role"))
        {
            problems.Warn(File, 1, "role", "missing-column", "the column 'role' is missing; everybody is taken as a consumer.");
        }

        var participants = new Dictionary<string, FolderParticipant>(StringComparer.Ordinal);
        while (table.Read())
        {
            var participant = Row(table, problems);
            if (participant is null)
            {
                continue;
            }

            if (participants.TryAdd(participant.Building, participant))
            {
                continue;
            }

            var first = participants[participant.Building];
            var isSame = first.RoleText == participant.RoleText && first.Attributes.All(attribute => participant.Attributes.GetValueOrDefault(attribute.Key) == attribute.Value);
            problems.Refuse(File, table.Line, "building", isSame ? "repeated" : "contradicted", FormattableString.Invariant(
                $"'{participant.Building}' already stands on line {first.Line}{(isSame ? "" : ", with other values; the first is kept")}."));
        }

        return [.. participants.Values];
    }

    private static FolderParticipant? Row(CsvTable table, FolderProblems problems)
    {
        var building = table["building"];
        if (building.Length is 0 or > LongestName || building.Any(char.IsControl))
        {
            problems.Refuse(File, table.Line, "building", "building-name", FormattableString.Invariant($"a building's name has 1 to {LongestName} characters."));
            return null;
        }

        var text = table["role"];
        var role = text.ToLowerInvariant() switch
        {
            "consumer" => FolderRole.Consumer,
            "producer" => FolderRole.Producer,
            "prosumer" => FolderRole.Prosumer,
            "storage" => FolderRole.Storage,
            _ => (FolderRole?)null,
        };
        if (role is null && table.Has("role"))
        {
            problems.Warn(File, table.Line, "role", "free-text-role", text.Length == 0
                ? $"'{building}' has no role; it is taken as a consumer."
                : $"'{text}' is not consumer, producer, prosumer or storage; '{building}' is taken as a consumer and the text is kept.");
        }

        var attributes = table.Header
            .Where(column => column.Length > 0 && !column.Equals("building", StringComparison.OrdinalIgnoreCase) && !column.Equals("role", StringComparison.OrdinalIgnoreCase))
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .ToDictionary(column => column, column => table[column], StringComparer.Ordinal);
        return new FolderParticipant(table.Line, building, role ?? FolderRole.Consumer, text.Length == 0 ? "consumer" : text, attributes);
    }
}
