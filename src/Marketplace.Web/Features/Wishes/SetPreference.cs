using FluentValidation;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Wishes;

/// <summary>Says what a member asks of the energy it buys, from the next hour on whose gate is open.</summary>
/// <param name="Premium">Paid on top of the price for each kWh that is met.</param>
public sealed record SetPreference(int LoopId, int MemberId, Carrier Carrier, Preference Wish, Price Premium) : IRequest<DateTimeOffset>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

public sealed class SetPreferenceValidator : AbstractValidator<SetPreference>
{
    /// <summary>Beyond this a premium is a typing mistake.</summary>
    public static readonly Price HighestPremium = Price.FromMicroPerKWh(1_000_000);

    public SetPreferenceValidator()
    {
        RuleFor(request => request.Carrier).IsInEnum().WithMessage("Choose heat, cold or electricity.");
        RuleFor(request => request.Wish).IsInEnum().WithMessage("Choose what you ask for.");
        RuleFor(request => request.Premium).Must(premium => premium >= Price.Zero && premium <= HighestPremium)
            .WithMessage("Enter a premium between 0 and 100 hundredths of the currency per kWh.");
        RuleFor(request => request.Premium).Must((request, premium) => premium == Price.Zero || request.Wish != Preference.Cheapest)
            .WithMessage("Whoever asks for nothing but the price pays no premium.");
    }
}

internal sealed class SetPreferenceHandler(Work work, MarketTime marketTime, TimeProvider time) : IRequestHandler<SetPreference, DateTimeOffset>
{
    public async Task<DateTimeOffset> Handle(SetPreference request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        await db.Database.ExecuteSqlAsync($"SELECT 1 FROM market.members WHERE loop_id = {request.LoopId} AND id = {request.MemberId} FOR UPDATE", cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var closed = await db.HourSteps
            .Where(step => step.LoopId == loop.Id && step.Step == HourStepKind.Closed)
            .MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        var from = MarketHour.FirstOpen(loop, await marketTime.NowAsync(loop.Id, cancellationToken), closed);
        var last = await db.MemberPreferences
            .Where(wish => wish.LoopId == loop.Id && wish.MemberId == request.MemberId && wish.Carrier == request.Carrier)
            .MaxAsync(wish => (int?)wish.Version, cancellationToken) ?? 0;
        db.MemberPreferences.Add(new MemberPreference
        {
            LoopId = loop.Id,
            MemberId = request.MemberId,
            Carrier = request.Carrier,
            Version = last + 1,
            ValidFrom = from,
            Wish = request.Wish,
            Premium = request.Premium,
            SetAt = time.GetUtcNow(),
        });
        await db.SaveChangesAsync(cancellationToken);
        return from;
    }
}
