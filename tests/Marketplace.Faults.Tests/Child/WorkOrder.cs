using System.Text.Json;

namespace Marketplace.Faults.Tests.Child;

/// <summary>Where the process is to kill itself.</summary>
/// <param name="Step">The activity's name.</param>
/// <param name="Phase">Before it, after it, or some time after its start.</param>
/// <param name="Occurrence">The how manieth time; 1 is the first.</param>
/// <param name="Microseconds">How long after the start, for <see cref="KillPhase.During"/>.</param>
public sealed record KillPoint(string Step, KillPhase Phase, int Occurrence, int Microseconds)
{
    public override string ToString() => FormattableString.Invariant($"{Phase} {Step}, time {Occurrence}{(Phase == KillPhase.During ? $", {Microseconds} µs in" : "")}");
}

public enum KillPhase
{
    Before,
    During,
    After,
}

/// <summary>What a child process is to do.</summary>
/// <param name="Name">Its batches begin with this; the same name hands in the same batches.</param>
/// <param name="Batches">How many in all, those of earlier processes of the same name included.</param>
/// <param name="Shared">A second name whose batches it hands in between its own; another process may do so too.</param>
/// <param name="IsStubborn">Whether it tries again where the database refuses, and leaves publishing to the host's own services.</param>
/// <param name="PauseEvery">After so many batches the stubborn one waits for a line on its input; 0 for never.</param>
/// <param name="Serves">Whether it serves the log when it is done, until its input ends.</param>
public sealed record WorkOrder(int LoopId, int Seed, string Name, int Batches, int MostRecords, string? Shared, bool IsStubborn, bool Serves, KillPoint? Kill, int PauseEvery = 0)
{
    public const string Variable = "MARKETPLACE_FAULTS_WORK";

    public static WorkOrder Read() =>
        JsonSerializer.Deserialize<WorkOrder>(Environment.GetEnvironmentVariable(Variable) ?? throw new InvalidOperationException($"{Variable} says what to do"))!;
}
