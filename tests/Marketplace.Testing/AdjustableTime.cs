namespace Marketplace.Testing;

/// <summary>A clock that stands still until it is moved. Timers, which belong to the machine's own waiting, run as ever.</summary>
public sealed class AdjustableTime(DateTimeOffset start) : TimeProvider
{
    private long _utcTicks = start.UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _utcTicks), TimeSpan.Zero);

    public void SetTo(DateTimeOffset moment) => Interlocked.Exchange(ref _utcTicks, moment.UtcTicks);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _utcTicks, by.Ticks);
}
