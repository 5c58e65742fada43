using System.Collections.Concurrent;

namespace Marketplace.Web.Features.Ledger;

/// <summary>When this host last looked after each log, and when it had last gone over all of it. Forgotten with the process: another look is due at once then.</summary>
public sealed class LookMemory
{
    private readonly ConcurrentDictionary<int, LogLook> _looks = new();

    /// <summary>The last look at a log; none since this host started.</summary>
    public LogLook? Of(int loopId) => _looks.GetValueOrDefault(loopId);

    /// <param name="isWhole">Whether the look reached the end of the log.</param>
    public void Remember(int loopId, DateTimeOffset at, bool isWhole, string? problem) => _looks.AddOrUpdate(
        loopId, _ => new LogLook(at, isWhole ? at : null, problem), (_, last) => new LogLook(at, isWhole ? at : last.WholeAt, problem));
}

/// <param name="WholeAt">When the end of the log was last reached.</param>
/// <param name="Problem">What the last look found; none where all was as signed.</param>
public sealed record LogLook(DateTimeOffset At, DateTimeOffset? WholeAt, string? Problem);
