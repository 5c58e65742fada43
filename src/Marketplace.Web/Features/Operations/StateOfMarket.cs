using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Operations;

/// <summary>What needs the operator first, then how the market, the ledger and the loop stand.</summary>
public sealed record StateOfMarket(int LoopId) : IRequest<MarketState>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId)
        || actor.Roles.Any(held => held.LoopId == LoopId && held.Role is Role.Technician or Role.Auditor);
}

/// <param name="Overdue">The next step that is due and not done, with how late it is on the market clock.</param>
/// <param name="EstimatedReadings">Readings of the last 24 settled hours that are estimated.</param>
/// <param name="Readings">All readings of these hours.</param>
/// <param name="OpenFlags">Readings that checks doubt and nobody has decided on, for who may look at them; 0 for others.</param>
/// <param name="SevereFlags">Of these, the ones whose values cannot be right.</param>
public sealed record MarketState(
    IReadOnlyList<HourFailure> Failures, OverdueStep? Overdue, long EstimatedReadings, long Readings, LedgerState Ledger,
    IReadOnlyList<LogIncident> LedgerAlarms, int Members, int Meters, int Plants, long OrdersToday, int OpenFlags, int SevereFlags);

public sealed record OverdueStep(HourStepKind Step, DateTimeOffset Hour, DateTimeOffset DueAt, TimeSpan Late);

/// <param name="Waiting">Batches handed in that no signed checkpoint covers yet.</param>
public sealed record LedgerState(long? SignedSize, DateTimeOffset? SignedAt, long? PublishedSize, DateTimeOffset? PublishedAt, long Waiting);

internal sealed class StateOfMarketHandler(Work work, CurrentActor current, TimeProvider time) : IRequestHandler<StateOfMarket, MarketState>
{
    public async Task<MarketState> Handle(StateOfMarket request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var clock = await db.Clocks.AsNoTracking().SingleAsync(clock => clock.LoopId == loopId, cancellationToken);
        var now = clock.MarketTime(time.GetUtcNow());
        var progress = await ProgressAsync(db, loopId, cancellationToken);
        var next = DueStep.Next(loop, progress);
        var failures = await db.HourFailures.AsNoTracking()
            .Where(failure => failure.LoopId == loopId)
            .OrderBy(failure => failure.Hour).ThenBy(failure => failure.Step)
            .Take(100)
            .ToListAsync(cancellationToken);
        var (estimated, readings) = await ReadingsAsync(db, loopId, progress.Settled, cancellationToken);
        var flags = current.Actor.Operates(loopId) || current.Actor.Audits(loopId)
            ? await db.OpenFlags.Where(flag => flag.LoopId == loopId && flag.Severity > FlagSeverity.Note).GroupBy(flag => flag.Severity)
                .ToDictionaryAsync(group => group.Key, group => group.Count(), cancellationToken)
            : [];
        var today = loop.Calendar.Day(loop.Calendar.DayOf(now));
        return new MarketState(
            failures,
            next is not null && next.DueAt < now && clock.Rate > 0 ? new OverdueStep(next.Step, next.Hour, next.DueAt, now - next.DueAt) : null,
            estimated,
            readings,
            await LedgerAsync(loopId, cancellationToken),
            await LogIncidents.StandingAsync(await work.ConnectionAsync(cancellationToken), loopId, cancellationToken),
            await db.Members.CountAsync(member => member.LoopId == loopId, cancellationToken),
            await db.Meters.CountAsync(meter => meter.LoopId == loopId && meter.InServiceUntil == null, cancellationToken),
            await db.Plants.CountAsync(plant => plant.LoopId == loopId, cancellationToken),
            await db.Books.Where(book => book.LoopId == loopId && book.Hour >= today.Start && book.Hour < today.End).SumAsync(book => (long)book.Orders, cancellationToken),
            flags.Values.Sum(),
            flags.GetValueOrDefault(FlagSeverity.Severe));
    }

    private static async Task<MarketProgress> ProgressAsync(MarketplaceDb db, int loopId, CancellationToken cancellationToken)
    {
        async Task<DateTimeOffset?> LastAsync(HourStepKind kind) => await db.HourSteps
            .Where(step => step.LoopId == loopId && step.Step == kind)
            .MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        return new MarketProgress(await LastAsync(HourStepKind.Closed), await LastAsync(HourStepKind.Cleared), await LastAsync(HourStepKind.Settled));
    }

    private static async Task<(long Estimated, long All)> ReadingsAsync(
        MarketplaceDb db, int loopId, DateTimeOffset? settled, CancellationToken cancellationToken)
    {
        if (settled is not { } last)
        {
            return (0, 0);
        }

        var from = last.AddHours(-23);
        var counted = await db.Readings
            .Where(reading => reading.LoopId == loopId && reading.Hour >= from && reading.Hour <= last)
            .GroupBy(_ => 1)
            .Select(group => new { All = group.LongCount(), Estimated = group.LongCount(reading => reading.Quality == ReadingQuality.Estimated) })
            .SingleOrDefaultAsync(cancellationToken);
        return (counted?.Estimated ?? 0, counted?.All ?? 0);
    }

    private async Task<LedgerState> LedgerAsync(int loopId, CancellationToken cancellationToken)
    {
        var connection = await work.ConnectionAsync(cancellationToken);
        var signed = await LogTables.LatestSignedAsync(connection, loopId, cancellationToken);
        var published = await LogTables.LatestPublishedAsync(connection, loopId, cancellationToken);
        var waiting = await work.Db.Database.SqlQuery<long>($"""SELECT count(*) AS "Value" FROM ledger.pending WHERE loop_id = {loopId}""").SingleAsync(cancellationToken);
        return new LedgerState(signed?.Size, signed?.SignedAt, published?.Size, published?.PublishedAt, waiting);
    }
}
