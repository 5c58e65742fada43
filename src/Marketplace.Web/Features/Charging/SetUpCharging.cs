using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Charging;

/// <summary>Opens a group of charging points behind one transformer, with one margin for the whole day to begin with.</summary>
/// <param name="PenaltyRate">What a kWh above the allowance costs.</param>
public sealed record OpenChargingGroup(int LoopId, string Name, long MarginWatts, QuotaPricing Pricing, Price PenaltyRate) : IRequest<int>, IOperatorAct
{
    string IOperatorAct.Subject => $"charging group {Name}";
}

/// <summary>Changes a group's pricing, its penalty, or its margin at some half hours of each day, from the next period whose margin is not fixed.</summary>
/// <param name="FromSlot">The first half hour of the day with the new margin, 0 to 47.</param>
/// <param name="UntilSlot">The half hour it ends before, 1 to 48.</param>
/// <param name="MarginWatts">None leaves the margins as they are.</param>
public sealed record SetChargingTerms(int LoopId, int GroupId, int FromSlot, int UntilSlot, long? MarginWatts, QuotaPricing Pricing, Price PenaltyRate)
    : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(
        CultureInfo.InvariantCulture, $"charging group {GroupId}: {Pricing}, {PenaltyRate.MicroPerKWh}/kWh{(MarginWatts is { } watts ? $", {watts} W from half hour {FromSlot} to {UntilSlot}" : "")}");
}

/// <summary>Sets the margin of one period whose margin is not fixed yet.</summary>
/// <param name="MarginWatts">None gives the period the schedule's margin again.</param>
public sealed record OverrideMargin(int LoopId, int GroupId, DateTimeOffset Period, long? MarginWatts) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"charging group {GroupId}, {Instants.Iso(Period)}: {MarginWatts?.ToString(CultureInfo.InvariantCulture) ?? "schedule"} W");
}

/// <summary>Says which meter measures a member's charging at a group, or that it charges there no more, from the next hour whose gates are open.</summary>
/// <param name="MeterId">None: no more.</param>
public sealed record SetChargingPoint(int LoopId, int GroupId, int MemberId, int? MeterId) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"charging group {GroupId}, member {MemberId}: meter {MeterId?.ToString(CultureInfo.InvariantCulture) ?? "none"}");
}

internal static class ChargingBounds
{
    /// <summary>A gigawatt: beyond any transformer.</summary>
    public const long MostWatts = 1_000_000_000;

    public static readonly Price HighestPrice = Price.FromMicroPerKWh(1_000_000_000);

    public static IRuleBuilderOptions<T, long> WattsWithinBounds<T>(this IRuleBuilder<T, long> rule) =>
        rule.InclusiveBetween(0, MostWatts).WithMessage("Use a power from 0 to 1,000,000 kW.");

    public static IRuleBuilderOptions<T, Price> PriceWithinBounds<T>(this IRuleBuilder<T, Price> rule) =>
        rule.Must(price => price >= Price.Zero && price <= HighestPrice).WithMessage("Use a price from 0 to 1,000 for a kWh.");
}

public sealed class OpenChargingGroupValidator : AbstractValidator<OpenChargingGroup>
{
    public OpenChargingGroupValidator()
    {
        RuleFor(request => request.Name).NotEmpty().WithMessage("Give it a name.").MaximumLength(100).WithMessage("Use at most 100 characters.");
        RuleFor(request => request.MarginWatts).WattsWithinBounds();
        RuleFor(request => request.Pricing).IsInEnum().WithMessage("Choose how quotas are priced.");
        RuleFor(request => request.PenaltyRate).PriceWithinBounds();
    }
}

public sealed class SetChargingTermsValidator : AbstractValidator<SetChargingTerms>
{
    public SetChargingTermsValidator()
    {
        RuleFor(request => request.FromSlot).InclusiveBetween(0, ChargingPeriods.OfADay - 1).WithMessage("Choose when the margin begins.");
        RuleFor(request => request.UntilSlot).InclusiveBetween(1, ChargingPeriods.OfADay).WithMessage("Choose when the margin ends.")
            .GreaterThan(request => request.FromSlot).WithMessage("The margin must end after it begins.");
        RuleFor(request => request.MarginWatts!.Value).WattsWithinBounds().When(request => request.MarginWatts is not null).OverridePropertyName(nameof(SetChargingTerms.MarginWatts));
        RuleFor(request => request.Pricing).IsInEnum().WithMessage("Choose how quotas are priced.");
        RuleFor(request => request.PenaltyRate).PriceWithinBounds();
    }
}

public sealed class OverrideMarginValidator : AbstractValidator<OverrideMargin>
{
    public OverrideMarginValidator()
    {
        RuleFor(request => request.Period).Must(ChargingPeriods.IsStart).WithMessage("Choose a half hour.");
        RuleFor(request => request.MarginWatts!.Value).WattsWithinBounds().When(request => request.MarginWatts is not null).OverridePropertyName(nameof(OverrideMargin.MarginWatts));
    }
}

internal sealed class SetUpChargingHandler(Work work, MarketTime marketTime, CurrentActor current, TimeProvider time)
    : IRequestHandler<OpenChargingGroup, int>, IRequestHandler<SetChargingTerms, Unit>, IRequestHandler<OverrideMargin, Unit>, IRequestHandler<SetChargingPoint, Unit>
{
    public async Task<int> Handle(OpenChargingGroup request, CancellationToken cancellationToken)
    {
        var (db, loopId, name) = (work.Db, request.LoopId, request.Name.Trim());
        await LockAsync(loopId, cancellationToken);
        if (await db.ChargingGroups.AnyAsync(group => group.LoopId == loopId && group.Name == name, cancellationToken))
        {
            throw new RefusedException(nameof(request.Name), "There is a group of this name already.");
        }

        var id = (await db.ChargingGroups.Where(group => group.LoopId == loopId).MaxAsync(group => (int?)group.Id, cancellationToken) ?? 0) + 1;
        var first = ChargingPeriods.FirstHour(await marketTime.NowAsync(loopId, cancellationToken));
        db.ChargingGroups.Add(new ChargingGroup { LoopId = loopId, Id = id, Name = name, FirstHour = first, CreatedAt = time.GetUtcNow() });
        await db.SaveChangesAsync(cancellationToken);
        await AddTermsAsync(loopId, id, 1, first, request.Pricing, request.PenaltyRate, [.. Enumerable.Repeat(request.MarginWatts, ChargingPeriods.OfADay)], cancellationToken);
        return id;
    }

    public async Task<Unit> Handle(SetChargingTerms request, CancellationToken cancellationToken)
    {
        var (db, loopId, groupId) = (work.Db, request.LoopId, request.GroupId);
        await LockAsync(loopId, cancellationToken);
        var last = await db.ChargingTerms.AsNoTracking()
            .Where(terms => terms.LoopId == loopId && terms.GroupId == groupId)
            .OrderByDescending(terms => terms.Version)
            .FirstOrDefaultAsync(cancellationToken) ?? throw new NotPermittedException(nameof(SetChargingTerms));
        long[] margins = [.. last.MarginWatts.Select((watts, slot) =>
            request.MarginWatts is { } margin && slot >= request.FromSlot && slot < request.UntilSlot ? margin : watts)];
        var first = ChargingPeriods.FirstWith(await marketTime.NowAsync(loopId, cancellationToken), gates => gates.Margin);
        await AddTermsAsync(
            loopId, groupId, last.Version + 1, first < last.ValidFrom ? last.ValidFrom : first, request.Pricing, request.PenaltyRate, margins, cancellationToken);
        return Unit.Value;
    }

    public async Task<Unit> Handle(OverrideMargin request, CancellationToken cancellationToken)
    {
        var (db, loopId, groupId) = (work.Db, request.LoopId, request.GroupId);
        await LockAsync(loopId, cancellationToken);
        if (!await db.ChargingGroups.AnyAsync(group => group.LoopId == loopId && group.Id == groupId, cancellationToken))
        {
            throw new NotPermittedException(nameof(OverrideMargin));
        }

        if (await marketTime.NowAsync(loopId, cancellationToken) >= QuotaGates.Of(request.Period).Margin)
        {
            throw new RefusedException([new Problem(nameof(request.Period), "The margin of this period is fixed half an hour before it begins. Choose a later one.", "gate")]);
        }

        await db.ChargingOverrides
            .Where(margin => margin.LoopId == loopId && margin.GroupId == groupId && margin.Period == request.Period)
            .ExecuteDeleteAsync(cancellationToken);
        if (request.MarginWatts is { } watts)
        {
            db.ChargingOverrides.Add(new ChargingOverride { LoopId = loopId, GroupId = groupId, Period = request.Period, MarginWatts = watts, SetAt = time.GetUtcNow() });
            await db.SaveChangesAsync(cancellationToken);
        }

        return Unit.Value;
    }

    public async Task<Unit> Handle(SetChargingPoint request, CancellationToken cancellationToken)
    {
        var (db, loopId, groupId, memberId) = (work.Db, request.LoopId, request.GroupId, request.MemberId);
        await LockAsync(loopId, cancellationToken);
        var group = await db.ChargingGroups.AsNoTracking().SingleOrDefaultAsync(group => group.LoopId == loopId && group.Id == groupId, cancellationToken)
            ?? throw new NotPermittedException(nameof(SetChargingPoint));
        var now = ChargingPeriods.FirstHour(await marketTime.NowAsync(loopId, cancellationToken));
        var from = now < group.FirstHour ? group.FirstHour : now;
        var standing = await db.ChargingPoints.SingleOrDefaultAsync(
            point => point.LoopId == loopId && point.GroupId == groupId && point.MemberId == memberId && point.UntilHour == null, cancellationToken);
        if (standing?.MeterId == request.MeterId)
        {
            return Unit.Value;
        }

        if (standing is not null)
        {
            // One that never came into force leaves nothing behind.
            if (standing.FromHour >= from)
            {
                db.ChargingPoints.Remove(standing);
            }
            else
            {
                standing.UntilHour = from;
            }

            await db.SaveChangesAsync(cancellationToken);
        }

        if (request.MeterId is { } meterId)
        {
            if (!await db.Meters.AnyAsync(
                meter => meter.LoopId == loopId && meter.Id == meterId && meter.MemberId == memberId && meter.Carrier == Carrier.Electricity
                    && meter.Direction == MeterDirection.Consumption && meter.InServiceUntil == null, cancellationToken))
            {
                throw new RefusedException(nameof(request.MeterId), "Choose a meter of this member that takes electricity.");
            }

            if (await db.ChargingPoints.AnyAsync(point => point.LoopId == loopId && point.MeterId == meterId && point.UntilHour == null, cancellationToken))
            {
                throw new RefusedException(nameof(request.MeterId), "This meter measures charging at another group already.");
            }

            db.ChargingPoints.Add(new ChargingPoint { LoopId = loopId, GroupId = groupId, MemberId = memberId, MeterId = meterId, FromHour = from });
            await db.SaveChangesAsync(cancellationToken);
        }

        return Unit.Value;
    }

    private async Task AddTermsAsync(
        int loopId, int groupId, int version, DateTimeOffset validFrom, QuotaPricing pricing, Price penaltyRate, long[] margins, CancellationToken cancellationToken)
    {
        work.Db.ChargingTerms.Add(new ChargingTerms
        {
            LoopId = loopId, GroupId = groupId, Version = version, ValidFrom = validFrom, Pricing = pricing, PenaltyRate = penaltyRate,
            MarginWatts = margins, SetBy = current.Actor.AccountId, SetAt = time.GetUtcNow(),
        });
        await work.Db.SaveChangesAsync(cancellationToken);
    }

    private Task<int> LockAsync(int loopId, CancellationToken cancellationToken) =>
        work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"charging groups/" + loopId.ToString(CultureInfo.InvariantCulture)}, 0))", cancellationToken);
}
