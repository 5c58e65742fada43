using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Loops;

/// <summary>Which time it is in a loop's market, and how far the market has come.</summary>
public sealed record ShowMarketClock(int LoopId) : IRequest<MarketMoment>, IPublic;

/// <param name="Now">Market time; of a market that has ended, its end.</param>
/// <param name="Rate">Market seconds in a real second; 0 when the clock stands.</param>
/// <param name="LastClosed">The last hour whose gate has closed.</param>
/// <param name="LastCleared">The last hour with a published result.</param>
/// <param name="LastSettled">The last hour whose metered energy is settled.</param>
public sealed record MarketMoment(
    DateTimeOffset Now, int Rate, DateTimeOffset FirstHour, DateTimeOffset? EndsAt, int GateClosureMinutes,
    DateTimeOffset? LastClosed, DateTimeOffset? LastCleared, DateTimeOffset? LastSettled)
{
    /// <summary>The hour in which energy flows now.</summary>
    public Interval Hour => HourOf(MarketHour.Containing(Now));

    /// <summary>The next hour that still takes orders; null when the market has ended.</summary>
    public Interval? NextOpen
    {
        get
        {
            var hour = MarketHour.Containing(Now);
            while (GateOf(hour) <= Now || hour <= LastClosed)
            {
                hour += MarketHour.Length;
            }

            return EndsAt is { } end && hour >= end ? null : HourOf(hour);
        }
    }

    public DateTimeOffset GateOf(DateTimeOffset hour) => hour.AddMinutes(-GateClosureMinutes);

    /// <summary>The last day of which something is known: today, or the market's last day.</summary>
    public DateOnly Today(LoopCalendar calendar) => calendar.DayOf(Now);

    public static Interval HourOf(DateTimeOffset start) => new(start, start + MarketHour.Length);
}

internal sealed class ShowMarketClockHandler(MarketplaceDb db, TimeProvider time) : IRequestHandler<ShowMarketClock, MarketMoment>
{
    public async Task<MarketMoment> Handle(ShowMarketClock request, CancellationToken cancellationToken)
    {
        var found = await (
            from loop in db.Loops
            where loop.Id == request.LoopId
            join clock in db.Clocks on loop.Id equals clock.LoopId
            select new
            {
                loop.FirstHour,
                loop.EndsAt,
                loop.GateClosureMinutes,
                clock,
                closed = db.HourSteps.Where(step => step.LoopId == loop.Id && step.Step == HourStepKind.Closed).Max(step => (DateTimeOffset?)step.Hour),
                cleared = db.HourSteps.Where(step => step.LoopId == loop.Id && step.Step == HourStepKind.Cleared).Max(step => (DateTimeOffset?)step.Hour),
                settled = db.HourSteps.Where(step => step.LoopId == loop.Id && step.Step == HourStepKind.Settled).Max(step => (DateTimeOffset?)step.Hour),
            }).AsNoTracking().SingleAsync(cancellationToken);
        var now = found.clock.MarketTime(time.GetUtcNow());
        if (found.EndsAt is { } end && now >= end)
        {
            // Nothing happens after the end; what is shown as "now" is the last hour that was.
            now = end.AddTicks(-1);
        }

        return new MarketMoment(
            now, found.clock.Rate, found.FirstHour, found.EndsAt, found.GateClosureMinutes, found.closed, found.cleared, found.settled);
    }
}
