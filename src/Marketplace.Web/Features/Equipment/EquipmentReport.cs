using FluentValidation;
using Marketplace.Web.Features.Metering;

namespace Marketplace.Web.Features.Equipment;

/// <summary>What became of a table that somebody gave.</summary>
/// <param name="Added">Rows taken in.</param>
/// <param name="Known">Rows that were there already, just so.</param>
/// <param name="Problems">What is wrong with the others, each with its line.</param>
public sealed record EquipmentReport(int Added, int Known, IReadOnlyList<FolderProblem> Problems)
{
    /// <summary>The header and the lines that were refused: what is to be put right and given again.</summary>
    public string Left(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        if (Problems.Any(problem => problem.Weight == ProblemWeight.Fatal))
        {
            return text;
        }

        var refused = Problems.Where(problem => problem.Weight == ProblemWeight.RowRefused && problem.Line > 1 && problem.Line <= lines.Length).Select(problem => problem.Line).Distinct().Order().ToList();
        return refused.Count == 0 ? "" : string.Join('\n', refused.Select(line => lines[line - 1]).Prepend(lines.First(line => !string.IsNullOrWhiteSpace(line)))) + "\n";
    }
}

/// <summary>How much may be given at once.</summary>
internal static class EquipmentBounds
{
    /// <summary>Some fifty thousand rows.</summary>
    public const int LongestText = 4 * 1024 * 1024;

    public static void HoldATable<T>(this IRuleBuilder<T, string> rows) => rows.NotEmpty().WithMessage("Give at least one row under the header.")
        .MaximumLength(LongestText).WithMessage("Give at most 4 MB at once.");
}
