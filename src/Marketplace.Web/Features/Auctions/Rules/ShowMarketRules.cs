using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Auctions.Rules;

/// <summary>The rules of a loop's market. Everybody may know them.</summary>
public sealed record ShowMarketRules(int LoopId) : IRequest<MarketRulesView>, IPublic;

/// <param name="Open">The hours whose gate is open, the next one first; none when the market has ended.</param>
/// <param name="InForce">What holds for the next hour.</param>
/// <param name="History">All that was ever set, the latest first.</param>
/// <param name="Halt">What keeps hours from being cleared now.</param>
/// <param name="FirstUncleared">The first hour that a halt could keep.</param>
public sealed record MarketRulesView(
    IReadOnlyList<Interval> Open, MarketRules InForce, IReadOnlyList<MarketRules> History, MarketHalt? Halt, DateTimeOffset FirstUncleared, int GateClosureMinutes);

internal sealed class ShowMarketRulesHandler(MarketplaceDb db, MarketTime marketTime) : IRequestHandler<ShowMarketRules, MarketRulesView>
{
    /// <summary>A week: rules are set ahead of the hours for which orders are taken.</summary>
    private const int HoursAhead = 7 * 24;

    public async Task<MarketRulesView> Handle(ShowMarketRules request, CancellationToken cancellationToken)
    {
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var now = await marketTime.NowAsync(loop.Id, cancellationToken);
        async Task<DateTimeOffset?> LastAsync(HourStepKind kind) => await db.HourSteps
            .Where(step => step.LoopId == loop.Id && step.Step == kind)
            .MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        var first = MarketHour.FirstOpen(loop, now, await LastAsync(HourStepKind.Closed));
        var uncleared = await LastAsync(HourStepKind.Cleared) is { } cleared ? cleared + MarketHour.Length : loop.FirstHour;
        var history = await db.MarketRules.AsNoTracking()
            .Where(rules => rules.LoopId == loop.Id)
            .OrderByDescending(rules => rules.Version)
            .ToListAsync(cancellationToken);
        return new MarketRulesView(
            [.. new Interval(first, first.AddHours(HoursAhead)).Steps(MarketHour.Length).Where(hour => loop.EndsAt is not { } end || hour < end).Select(MarketMoment.HourOf)],
            await HourRules.OfAsync(db, loop.Id, first, cancellationToken),
            history,
            await db.MarketHalts.AsNoTracking().SingleOrDefaultAsync(halt => halt.LoopId == loop.Id && halt.EndedAt == null, cancellationToken),
            uncleared,
            loop.GateClosureMinutes);
    }
}
