using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Marketplace.Native.Clp;

/// <summary>One Clp model; freed when it is disposed of.</summary>
internal sealed class ClpModel : SafeHandleZeroOrMinusOneIsInvalid
{
    public ClpModel()
        : base(ownsHandle: true)
    {
    }

    public static ClpModel New()
    {
        var model = ClpLibrary.NewModel();
        return model.IsInvalid ? throw new InvalidOperationException("Clp could not create a model") : model;
    }

    protected override bool ReleaseHandle()
    {
        ClpLibrary.DeleteModel(handle);
        return true;
    }
}

/// <summary>The few functions of Clp's C interface that the auction needs (Clp_C_Interface.h of Clp 1.17).</summary>
internal static partial class ClpLibrary
{
    private const string Library = "libClp.so.1";

    [LibraryImport(Library, EntryPoint = "Clp_newModel")]
    public static partial ClpModel NewModel();

    [LibraryImport(Library, EntryPoint = "Clp_deleteModel")]
    public static partial void DeleteModel(nint model);

    [LibraryImport(Library, EntryPoint = "Clp_setLogLevel")]
    public static partial void SetLogLevel(ClpModel model, int value);

    [LibraryImport(Library, EntryPoint = "Clp_loadProblem")]
    public static partial void LoadProblem(
        ClpModel model, int columns, int rows, int[] starts, int[] rowOf, double[] values,
        double[] columnLower, double[] columnUpper, double[] costs, double[] rowLower, double[] rowUpper);

    [LibraryImport(Library, EntryPoint = "Clp_setOptimizationDirection")]
    public static partial void SetOptimizationDirection(ClpModel model, double value);

    [LibraryImport(Library, EntryPoint = "Clp_primal")]
    public static partial int Primal(ClpModel model, int ifValuesPass);

    [LibraryImport(Library, EntryPoint = "Clp_dual")]
    public static partial int Dual(ClpModel model, int ifValuesPass);

    [LibraryImport(Library, EntryPoint = "Clp_status")]
    public static partial int Status(ClpModel model);

    [LibraryImport(Library, EntryPoint = "Clp_objectiveValue")]
    public static partial double ObjectiveValue(ClpModel model);

    [LibraryImport(Library, EntryPoint = "Clp_primalColumnSolution")]
    public static partial nint PrimalColumnSolution(ClpModel model);

    [LibraryImport(Library, EntryPoint = "Clp_dualRowSolution")]
    public static partial nint DualRowSolution(ClpModel model);

    [LibraryImport(Library, EntryPoint = "Clp_statusArray")]
    public static partial nint StatusArray(ClpModel model);
}
