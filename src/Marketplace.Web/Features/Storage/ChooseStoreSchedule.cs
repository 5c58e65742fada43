using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Storage;

/// <summary>An owner says who decides when a store charges: its own rule and its owner's offers, or the market. It holds from the next day on
/// whose first gate is open, and keeps the share that was offered when it was said. Saying what holds already changes nothing.</summary>
/// <param name="OwnerShareMillionths">The owner's share as it was read: terms that changed meanwhile are refused.</param>
public sealed record ChooseStoreSchedule(int LoopId, int MemberId, string PlantCode, bool ByMarket, int OwnerShareMillionths) : IRequest<DateTimeOffset>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

internal sealed class ChooseStoreScheduleHandler(Work work, MarketTime marketTime, TimeProvider time) : IRequestHandler<ChooseStoreSchedule, DateTimeOffset>
{
    public async Task<DateTimeOffset> Handle(ChooseStoreSchedule request, CancellationToken cancellationToken)
    {
        var (db, loopId, code) = (work.Db, request.LoopId, request.PlantCode);
        await db.Database.ExecuteSqlAsync($"SELECT 1 FROM market.plants WHERE loop_id = {loopId} AND code = {code} FOR UPDATE", cancellationToken);
        var plant = await db.Plants.AsNoTracking().SingleOrDefaultAsync(plant => plant.LoopId == loopId && plant.Code == code, cancellationToken);
        if (plant is null || plant.OwnerId != request.MemberId || PlantDefinition.Read(plant.Definition).Store is null)
        {
            throw new NotPermittedException("This store");
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var from = await StoreChoices.NextDayAsync(db, marketTime, loop, cancellationToken);
        var last = await db.StoreChoices.AsNoTracking()
            .Where(choice => choice.LoopId == loopId && choice.PlantCode == code)
            .OrderByDescending(choice => choice.Version).FirstOrDefaultAsync(cancellationToken);
        if (request.ByMarket == (last?.ByMarket ?? false) && (!request.ByMarket || last!.OwnerShareMillionths == request.OwnerShareMillionths))
        {
            return last?.ValidFrom ?? from;
        }

        var offered = await StoreChoices.OfferedShareAsync(db, loopId, cancellationToken);
        if (request.ByMarket && request.OwnerShareMillionths != offered)
        {
            throw new RefusedException($"The loop's terms have changed meanwhile: owners now keep {offered / 10_000m:0.##} %. Look again and choose.");
        }

        var made = new StoreChoice
        {
            LoopId = loopId,
            PlantCode = code,
            Version = (last?.Version ?? 0) + 1,
            ValidFrom = from,
            ByMarket = request.ByMarket,
            OwnerShareMillionths = request.ByMarket ? offered : StoreTerms.WholeMillionths,
            ChosenAt = time.GetUtcNow(),
        };
        var key = string.Create(CultureInfo.InvariantCulture, $"store/{code}/{made.Version}");
        var record = CanonicalRecord.Of("storeChoice", 1)
            .Add("loop", loop.Slug)
            .Add("plant", code)
            .Add("version", made.Version)
            .Add("validFrom", made.ValidFrom)
            .Add("scheduledBy", made.ByMarket ? "market" : "owner")
            .Add("ownerShareMillionths", made.OwnerShareMillionths);
        await LedgerDoor.AppendAsync(
            await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, key,
            [new LedgerRecord(RecordKind.Acceptance, 1, key, record.ToBytes(), request.MemberId, DateOnly.FromDateTime(made.ValidFrom.UtcDateTime))], cancellationToken);
        await db.BulkInsertAsync([made], cancellationToken);
        return from;
    }
}

/// <summary>What owners keep who let the market schedule their stores. Choices already made keep theirs.</summary>
public sealed record SetStoreTerms(int LoopId, int OwnerShareMillionths) : IRequest<Unit>, IOperatorAct
{
    public string Subject => string.Create(CultureInfo.InvariantCulture, $"owner's share {OwnerShareMillionths} millionths");
}

public sealed class SetStoreTermsValidator : AbstractValidator<SetStoreTerms>
{
    public SetStoreTermsValidator() => RuleFor(request => request.OwnerShareMillionths).InclusiveBetween(0, StoreTerms.WholeMillionths)
        .WithMessage("Enter a share between 0 and 100 %.");
}

internal sealed class SetStoreTermsHandler(Work work, TimeProvider time) : IRequestHandler<SetStoreTerms, Unit>
{
    public async Task<Unit> Handle(SetStoreTerms request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        await db.Database.ExecuteSqlAsync($"SELECT 1 FROM market.loops WHERE id = {request.LoopId} FOR UPDATE", cancellationToken);
        var last = await db.StoreTerms.Where(terms => terms.LoopId == request.LoopId).MaxAsync(terms => (int?)terms.Version, cancellationToken) ?? 0;
        await db.BulkInsertAsync(
            [new StoreTerms { LoopId = request.LoopId, Version = last + 1, OwnerShareMillionths = request.OwnerShareMillionths, SetAt = time.GetUtcNow() }],
            cancellationToken);
        return Unit.Value;
    }
}

/// <summary>Who schedules which store, and on which terms.</summary>
public static class StoreChoices
{
    /// <summary>The choices in force at an hour, one for each store that has any.</summary>
    public static async Task<List<StoreChoice>> AtAsync(MarketplaceDb db, int loopId, DateTimeOffset hour, CancellationToken cancellationToken) =>
        [.. (await db.StoreChoices.AsNoTracking()
            .Where(choice => choice.LoopId == loopId && choice.ValidFrom <= hour)
            .ToListAsync(cancellationToken)).GroupBy(choice => choice.PlantCode).Select(versions => versions.MaxBy(choice => choice.Version)!)];

    /// <summary>The share that is offered to owners now.</summary>
    public static async Task<int> OfferedShareAsync(MarketplaceDb db, int loopId, CancellationToken cancellationToken) =>
        await db.StoreTerms.Where(terms => terms.LoopId == loopId)
            .OrderByDescending(terms => terms.Version).Select(terms => (int?)terms.OwnerShareMillionths)
            .FirstOrDefaultAsync(cancellationToken) ?? StoreTerms.DefaultOwnerShareMillionths;

    /// <summary>The start of the first local day none of whose gates has closed.</summary>
    public static async Task<DateTimeOffset> NextDayAsync(MarketplaceDb db, MarketTime marketTime, Loop loop, CancellationToken cancellationToken)
    {
        var closed = await db.HourSteps
            .Where(step => step.LoopId == loop.Id && step.Step == HourStepKind.Closed)
            .MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        var open = MarketHour.FirstOpen(loop, await marketTime.NowAsync(loop.Id, cancellationToken), closed);
        var calendar = loop.Calendar;
        var today = calendar.DayOf(open);
        return calendar.StartOf(today) == open ? open : calendar.StartOf(today.AddDays(1));
    }
}
