using System.Diagnostics;
using Marketplace.Data;

namespace Marketplace.Faults.Tests.Child;

/// <summary>Kills this process with SIGKILL at a step of the ledger, as traced.</summary>
internal static class StepKiller
{
    /// <summary>The steps of the caller, whose transaction the door writes into.</summary>
    public static readonly ActivitySource Caller = new(CallersSource);

    /// <summary>The caller commits its record and the commitment.</summary>
    public const string CallersCommit = "caller.commit";

    private const string CallersSource = "Faults";

    public static void Arm(KillPoint point)
    {
        var seen = 0;
        ActivitySource.AddActivityListener(new ActivityListener
        {
            ShouldListenTo = source => source.Name is LedgerTrace.Source or CallersSource,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = activity =>
            {
                if (activity.OperationName == point.Step && point.Phase != KillPhase.After && Interlocked.Increment(ref seen) == point.Occurrence)
                {
                    if (point.Phase == KillPhase.Before)
                    {
                        Die();
                    }
                    else
                    {
                        var start = Stopwatch.GetTimestamp();
                        new Thread(() => DieAt(start, point.Microseconds)) { Priority = ThreadPriority.Highest }.Start();
                    }
                }
            },
            ActivityStopped = activity =>
            {
                if (activity.OperationName == point.Step && point.Phase == KillPhase.After && Interlocked.Increment(ref seen) == point.Occurrence)
                {
                    Die();
                }
            },
        });
    }

    private static void DieAt(long start, int microseconds)
    {
        var wait = default(SpinWait);
        while (Stopwatch.GetElapsedTime(start).TotalMicroseconds < microseconds)
        {
            wait.SpinOnce(sleep1Threshold: -1);
        }

        Die();
    }

    private static void Die()
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }
}
