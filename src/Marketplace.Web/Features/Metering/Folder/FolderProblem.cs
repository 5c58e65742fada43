namespace Marketplace.Web.Features.Metering;

/// <summary>How bad a problem of an imported file is.</summary>
public enum ProblemWeight
{
    /// <summary>The row or file is used; somebody should know.</summary>
    Warning = 1,

    /// <summary>This row is left out, the others are used.</summary>
    RowRefused = 2,

    /// <summary>Nothing can be done with the folder.</summary>
    Fatal = 3,
}

/// <summary>What is wrong in an imported folder, in words for the person who made it.</summary>
/// <param name="File">The file's name in the folder; the folder's own name where that is the problem.</param>
/// <param name="Line">The line in the file, from 1 with the header; 0 for the file as a whole.</param>
/// <param name="Field">The column; empty for the row as a whole.</param>
/// <param name="Rule">The name of the rule it breaks, stable for programs.</param>
public sealed record FolderProblem(string File, int Line, string Field, string Message, string Rule, ProblemWeight Weight)
{
    /// <summary>One line: file, line, field, what is wrong and what became of the row.</summary>
    public override string ToString()
    {
        var place = (Line, Field) switch
        {
            (0, "") => File,
            (0, _) => $"{File}, {Field}",
            (_, "") => FormattableString.Invariant($"{File}, line {Line}"),
            _ => FormattableString.Invariant($"{File}, line {Line}, {Field}"),
        };
        return $"{place}: {Message}";
    }
}

/// <summary>The problems found so far. All are counted; only the first ones are kept word for word, so that a file
/// that is wrong throughout does not fill the memory.</summary>
public sealed class FolderProblems
{
    public const int MostKept = 10_000;

    private readonly List<FolderProblem> _kept = [];
    private readonly Dictionary<string, int> _byRule = new(StringComparer.Ordinal);

    public IReadOnlyList<FolderProblem> Kept => _kept;

    /// <summary>How often each rule was broken, those no longer kept word for word included.</summary>
    public IReadOnlyDictionary<string, int> ByRule => _byRule;

    public int Total { get; private set; }

    public int RowsRefused { get; private set; }

    public bool IsFatal { get; private set; }

    public void Add(string file, int line, string field, string rule, string message, ProblemWeight weight)
    {
        Total++;
        RowsRefused += weight == ProblemWeight.RowRefused ? 1 : 0;
        IsFatal |= weight == ProblemWeight.Fatal;
        _byRule[rule] = _byRule.GetValueOrDefault(rule) + 1;
        if (_kept.Count < MostKept || weight == ProblemWeight.Fatal)
        {
            _kept.Add(new FolderProblem(file, line, field, message, rule, weight));
        }
    }

    public void Warn(string file, int line, string field, string rule, string message) =>
        Add(file, line, field, rule, message, ProblemWeight.Warning);

    public void Refuse(string file, int line, string field, string rule, string message) =>
        Add(file, line, field, rule, message, ProblemWeight.RowRefused);

    public void Fail(string file, int line, string field, string rule, string message) =>
        Add(file, line, field, rule, message, ProblemWeight.Fatal);
}
