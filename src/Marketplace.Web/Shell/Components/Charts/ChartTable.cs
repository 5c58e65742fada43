using Marketplace.Web.Features.Loops;

namespace Marketplace.Web.Shell.Components.Charts;

/// <summary>The values of a picture as a table: what is shown on request beside it and what is kept as CSV are the same rows.</summary>
/// <param name="Columns">The first names the row.</param>
/// <param name="Rows">As many cells as there are columns.</param>
public sealed record ChartTable(IReadOnlyList<ChartColumn> Columns, IReadOnlyList<IReadOnlyList<ChartCell>> Rows)
{
    /// <summary>As CSV: invariant numbers, instants in UTC.</summary>
    public CsvText Csv()
    {
        var csv = new CsvText([.. Columns.Select(column => column.Unit is null ? column.Words : $"{column.Words} ({column.Unit})")]);
        foreach (var row in Rows)
        {
            csv.Row([.. row.Select(cell => cell.Value ?? cell.Words)]);
        }

        return csv;
    }
}

/// <summary>A column.</summary>
/// <param name="Words">What stands in it.</param>
/// <param name="Unit">The unit of its numbers.</param>
/// <param name="IsNumber">Whether it is set to the right.</param>
public sealed record ChartColumn(string Words, string? Unit = null, bool IsNumber = true);

/// <summary>A value.</summary>
/// <param name="Words">As people read it.</param>
/// <param name="Value">As programs read it, where that differs.</param>
/// <param name="Estimated">Whether it was not measured.</param>
public sealed record ChartCell(string Words, string? Value = null, bool Estimated = false)
{
    /// <summary>Nothing is known.</summary>
    public static ChartCell None { get; } = new("", "");
}
