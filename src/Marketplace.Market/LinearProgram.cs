namespace Marketplace.Market;

/// <summary>Maximise cost · x where A x = rhs (one row a node) and 0 ≤ x ≤ upper. Columns are sparse:
/// the entries of column j stand at positions <c>Starts[j]</c> to <c>Starts[j + 1] - 1</c> of <paramref name="RowOf"/> and <paramref name="Values"/>.</summary>
/// <param name="Costs">Gain per unit of each column.</param>
/// <param name="Uppers">Upper bound of each column.</param>
/// <param name="Starts">One more entry than there are columns.</param>
/// <param name="RowOf">Row of each entry.</param>
/// <param name="Values">Value of each entry.</param>
/// <param name="RightHandSide">One value a row.</param>
public sealed record LinearProblem(double[] Costs, double[] Uppers, int[] Starts, int[] RowOf, double[] Values, double[] RightHandSide)
{
    /// <summary>Number of columns.</summary>
    public int Columns => Costs.Length;

    /// <summary>Number of rows.</summary>
    public int Rows => RightHandSide.Length;
}

/// <summary>Where a column or row stands in the solution that the solver stopped at.</summary>
public enum BasisStatus
{
    /// <summary>At its lower bound (or free at zero).</summary>
    AtLower,

    /// <summary>At its upper bound.</summary>
    AtUpper,

    /// <summary>In the basis.</summary>
    Basic,
}

/// <summary>What the solver found, in floating point: a place to start from, never the result.</summary>
/// <param name="Optimal">Whether the solver claims an optimum.</param>
/// <param name="Objective">Its value.</param>
/// <param name="Values">Value of each column.</param>
/// <param name="RowPrices">Dual of each row: what one more unit of the right-hand side would gain, sign as the solver gives it.</param>
/// <param name="Columns">Status of each column.</param>
/// <param name="Rows">Status of each row's slack.</param>
public sealed record LinearSolution(bool Optimal, double Objective, double[] Values, double[] RowPrices, BasisStatus[] Columns, BasisStatus[] Rows);

/// <summary>The boundary to a linear programming solver. Implementations keep no state between calls and may be used by several callers at once.</summary>
public interface ILinearProgram
{
    /// <summary>Solves one problem.</summary>
    LinearSolution Solve(LinearProblem problem);
}
