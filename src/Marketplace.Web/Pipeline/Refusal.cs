using FluentValidation.Results;

namespace Marketplace.Web.Pipeline;

/// <summary>One thing that is wrong with what somebody asked for, in words for that person.</summary>
/// <param name="Field">The field it concerns; empty for the request as a whole.</param>
/// <param name="Said">What is wrong, and what to do.</param>
/// <param name="Bound">The limit that was passed, in a word for programs: gate, capacity, deposit, …</param>
public sealed record Problem(string Field, Said Said, string? Bound = null)
{
    /// <summary>For whoever reads it now, in the own language.</summary>
    public string Message => Said.ToString();
}

/// <summary>An expected refusal: the request was understood and is not carried out. Its transaction is rolled back. Its message is
/// English, for logs and records; <see cref="Problems"/> are for people.</summary>
public sealed class RefusedException(IReadOnlyList<Problem> problems) : Exception(string.Join(" ", problems.Select(problem => problem.Said.English)))
{
    public RefusedException(Said message)
        : this([new Problem("", message)])
    {
    }

    public RefusedException(string field, Said message)
        : this([new Problem(field, message)])
    {
    }

    public RefusedException(IEnumerable<ValidationFailure> failures)
        : this([.. failures.Select(failure => new Problem(failure.PropertyName, failure.ErrorMessage))])
    {
    }

    public IReadOnlyList<Problem> Problems { get; } = problems;
}

/// <summary>The actor may not do this. Pages answer as if the thing did not exist.</summary>
public sealed class NotPermittedException(string request) : Exception($"{request} is not permitted to this person");

/// <summary>A rule that must always hold does not. The work stops and nothing of it is kept.</summary>
public sealed class BrokenInvariantException(string invariant, string detail) : Exception($"Invariant broken: {invariant}. {detail}")
{
    public string Invariant { get; } = invariant;
}

/// <summary>A value, or why there is none.</summary>
public sealed record Attempt<T>(T? Value, IReadOnlyList<Problem> Problems)
{
    public bool Succeeded => Problems.Count == 0;
}
