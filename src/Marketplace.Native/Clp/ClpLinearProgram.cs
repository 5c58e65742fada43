using Marketplace.Market;

namespace Marketplace.Native.Clp;

/// <summary>Solves linear programs with COIN-OR Clp (EPL-2.0), the system's libClp.so.1. Each call has a model of its own,
/// so one instance serves any number of callers at once.</summary>
public sealed class ClpLinearProgram : ILinearProgram
{
    private const int ManyRows = 200;

    /// <inheritdoc/>
    /// <exception cref="DllNotFoundException">libClp.so.1 is not installed (Debian: coinor-libclp1).</exception>
    public LinearSolution Solve(LinearProblem problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        using var model = ClpModel.New();
        ClpLibrary.SetLogLevel(model, 0);
        var zeros = new double[problem.Columns];
        ClpLibrary.LoadProblem(
            model, problem.Columns, problem.Rows, problem.Starts, problem.RowOf, problem.Values,
            zeros, problem.Uppers, problem.Costs, problem.RightHandSide, problem.RightHandSide);
        ClpLibrary.SetOptimizationDirection(model, -1);
        // With all columns bounded the dual method can start anywhere, and takes far fewer steps where rows are many.
        var status = problem.Rows <= ManyRows ? ClpLibrary.Primal(model, 0) : ClpLibrary.Dual(model, 0);
        return new LinearSolution(
            status == 0 && ClpLibrary.Status(model) == 0,
            ClpLibrary.ObjectiveValue(model),
            Read(ClpLibrary.PrimalColumnSolution(model), problem.Columns),
            Read(ClpLibrary.DualRowSolution(model), problem.Rows),
            ReadStatus(ClpLibrary.StatusArray(model), 0, problem.Columns),
            ReadStatus(ClpLibrary.StatusArray(model), problem.Columns, problem.Rows));
    }

    private static unsafe double[] Read(nint values, int count) => new ReadOnlySpan<double>((void*)values, count).ToArray();

    /// <summary>Clp keeps a status in the low three bits: 1 basic, 2 at its upper bound, others at a lower bound, fixed or free.</summary>
    private static unsafe BasisStatus[] ReadStatus(nint array, int start, int count)
    {
        var statuses = new BasisStatus[count];
        var bytes = new ReadOnlySpan<byte>((byte*)array + start, count);
        for (var i = 0; i < count; i++)
        {
            statuses[i] = (bytes[i] & 7) switch
            {
                1 => BasisStatus.Basic,
                2 => BasisStatus.AtUpper,
                _ => BasisStatus.AtLower,
            };
        }

        return statuses;
    }
}
