namespace Marketplace.Web.Shell.Components;

/// <summary>Where a step stands.</summary>
public enum StepState
{
    /// <summary>To come.</summary>
    Next,

    /// <summary>Being done.</summary>
    Now,

    /// <summary>Done.</summary>
    Done,

    /// <summary>Went wrong.</summary>
    Failed,
}

/// <summary>One step of <see cref="Steps"/>.</summary>
public sealed record Step(string Title, StepState State, string? Note = null, string? Href = null);
