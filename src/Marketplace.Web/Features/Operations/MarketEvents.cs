using Marketplace.Data;

namespace Marketplace.Web.Features.Operations;

/// <summary>A loop's market has moved, and what moved it is committed.</summary>
/// <param name="LoopId">Whose market.</param>
/// <param name="Step">The step that was done; none where orders came, went or traded.</param>
/// <param name="Hour">The delivery hour it was done for.</param>
public sealed record MarketEvent(int LoopId, HourStepKind? Step, DateTimeOffset Hour);

/// <summary>Tells the open pages of this process that a market has moved. It carries no data: who is told asks for what it shows,
/// with its own rights. A page on another node of the deployment is not told and shows the change when it is next loaded.</summary>
public sealed partial class MarketEvents(ILogger<MarketEvents> log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, List<Action<MarketEvent>>> _listeners = [];

    /// <summary>Calls <paramref name="listener"/> after each step of the loop until the subscription is disposed. It is called on the
    /// market's own thread, so it must hand its work on and return at once.</summary>
    public IDisposable Subscribe(int loopId, Action<MarketEvent> listener)
    {
        lock (_lock)
        {
            if (!_listeners.TryGetValue(loopId, out var ofLoop))
            {
                _listeners[loopId] = ofLoop = [];
            }

            ofLoop.Add(listener);
        }

        return new Subscription(this, loopId, listener);
    }

    /// <summary>Tells everybody who listens to the loop. A listener that fails hinders neither the market nor the others.</summary>
    public void Publish(MarketEvent happened)
    {
        Action<MarketEvent>[] told;
        lock (_lock)
        {
            told = _listeners.TryGetValue(happened.LoopId, out var ofLoop) ? [.. ofLoop] : [];
        }

        foreach (var listener in told)
        {
            try
            {
                listener(happened);
            }
            catch (Exception failure)
            {
                LogListener(failure, happened.Step, happened.Hour);
            }
        }
    }

    private void End(int loopId, Action<MarketEvent> listener)
    {
        lock (_lock)
        {
            if (_listeners.TryGetValue(loopId, out var ofLoop) && ofLoop.Remove(listener) && ofLoop.Count == 0)
            {
                _listeners.Remove(loopId);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A page could not be told of {Step} of {Hour}")]
    private partial void LogListener(Exception failure, HourStepKind? step, DateTimeOffset hour);

    private sealed class Subscription(MarketEvents events, int loopId, Action<MarketEvent> listener) : IDisposable
    {
        private bool _ended;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _ended, true))
            {
                events.End(loopId, listener);
            }
        }
    }
}
