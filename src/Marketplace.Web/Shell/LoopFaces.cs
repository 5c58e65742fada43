using System.Collections.Frozen;
using System.Data.Common;
using Marketplace.Data;
using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Shell;

/// <summary>What every page shows of a loop.</summary>
/// <param name="Id">The loop's id in claims.</param>
/// <param name="Slug">Its name in addresses.</param>
/// <param name="Name">Its name for people.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Zone">Its time zone.</param>
public sealed record LoopFace(int Id, string Slug, string Name, string Currency, TimeZoneInfo Zone)
{
    /// <summary>The address under which all pages of the loop live.</summary>
    public string Path => "/loops/" + Slug;

    /// <summary>The loop's way of writing quantities in a culture.</summary>
    public Format Format(System.Globalization.CultureInfo culture) => new(Currency, Zone, culture);
}

/// <summary>The market clock of a loop at one moment.</summary>
/// <param name="Now">Market time.</param>
/// <param name="Rate">Market seconds in a real second; 0 when the clock stands.</param>
/// <param name="GateCloses">When, in market time, orders for <paramref name="Delivery"/> end.</param>
/// <param name="Delivery">The next market hour that still takes orders.</param>
public sealed record ClockFace(DateTimeOffset Now, int Rate, DateTimeOffset GateCloses, Interval Delivery)
{
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    /// <summary>The clock at a market time.</summary>
    public static ClockFace At(DateTimeOffset now, int rate, TimeSpan gateClosure)
    {
        // The first hour whose gate is still ahead: strictly after now + closure.
        var reach = (now + gateClosure).ToUniversalTime();
        var delivery = new DateTimeOffset(reach.Ticks - (reach.Ticks % s_hour.Ticks), TimeSpan.Zero) + s_hour;
        return new ClockFace(now, rate, delivery - gateClosure, new Interval(delivery, delivery + s_hour));
    }
}

/// <summary>The few facts about loops that the frame of every page needs, kept in memory: asked for in each render, read from
/// the database at most every few seconds. If the database does not answer, the last known facts stay, so that an error
/// page can still be shown.</summary>
public sealed class LoopFaces(IDbContextFactory<MarketplaceDb> databases, TimeProvider time, ILogger<LoopFaces> log) : IDisposable
{
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _reading = new(1, 1);
    private FrozenDictionary<int, (LoopFace Face, MarketClock? Clock, TimeSpan GateClosure)> _known = FrozenDictionary<int, (LoopFace, MarketClock?, TimeSpan)>.Empty;
    private DateTimeOffset _readAt = DateTimeOffset.MinValue;

    /// <summary>The loop, or nothing if there is none of that id.</summary>
    public LoopFace? Find(int loopId) => _known.TryGetValue(loopId, out var known) ? known.Face : null;

    /// <summary>The loop of that address, or nothing.</summary>
    public LoopFace? Find(string slug) => _known.Values.FirstOrDefault(known => known.Face.Slug == slug).Face;

    /// <summary>The loop's market clock now, or nothing if it has none yet.</summary>
    public ClockFace? Clock(int loopId) =>
        _known.TryGetValue(loopId, out var known) && known.Clock is { } clock ? ClockFace.At(clock.MarketTime(time.GetUtcNow()), clock.Rate, known.GateClosure) : null;

    /// <summary>Reads the loops again if what is known is old. Runs before a page does.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() - _readAt < s_fresh)
        {
            return;
        }

        await _reading.WaitAsync(cancellationToken);
        try
        {
            if (time.GetUtcNow() - _readAt < s_fresh)
            {
                return;
            }

            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var loops = await db.Set<Loop>().AsNoTracking().ToListAsync(cancellationToken);
            var clocks = await db.Set<MarketClock>().AsNoTracking().ToDictionaryAsync(clock => clock.LoopId, cancellationToken);
            _known = loops.ToFrozenDictionary(loop => loop.Id, loop => (
                new LoopFace(loop.Id, loop.Slug, loop.Name, loop.Currency, TimeZoneInfo.FindSystemTimeZoneById(loop.TimeZone)),
                clocks.GetValueOrDefault(loop.Id),
                TimeSpan.FromMinutes(loop.GateClosureMinutes)));
            _readAt = time.GetUtcNow();
        }
        catch (DbException fault)
        {
            log.LogWarning(fault, "The loops could not be read; pages show what was known before");
            _readAt = time.GetUtcNow();
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reading.Dispose();
}
