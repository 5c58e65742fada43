using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>A rule that a result breaks: which rule, at which node, order, converter or connection, and how.</summary>
public sealed record Finding(string Rule, string Where, string What)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => $"{Rule}: {Where}: {What}";
}

/// <summary>What a check found; nothing means that the result is right.</summary>
/// <param name="Findings">Every broken rule.</param>
/// <param name="Checks">The same as figures.</param>
/// <param name="Welfare">The welfare, recomputed.</param>
public sealed record CheckReport(IReadOnlyList<Finding> Findings, ClearingChecks Checks, Money Welfare)
{
    /// <summary>Whether nothing was found.</summary>
    public bool Holds => Findings.Count == 0;
}
