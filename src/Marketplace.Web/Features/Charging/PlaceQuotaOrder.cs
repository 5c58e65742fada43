using FluentValidation;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Charging;

/// <summary>Bids for quota of a period, or offers one's own. Its deposit is held at once.</summary>
/// <param name="SubmissionId">Made with the form: a form sent twice places one order.</param>
public sealed record PlaceQuotaOrder(
    int LoopId, int GroupId, int MemberId, Guid SubmissionId, DateTimeOffset Period, OrderSide Side, Energy Energy, Price Limit) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

/// <summary>Takes a bid or an offer back before the gate; its deposit returns.</summary>
public sealed record WithdrawQuotaOrder(int LoopId, int MemberId, long OrderId) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

public sealed class PlaceQuotaOrderValidator : AbstractValidator<PlaceQuotaOrder>
{
    public PlaceQuotaOrderValidator()
    {
        RuleFor(request => request.Period).Must(ChargingPeriods.IsStart).WithMessage("Choose a half hour.");
        RuleFor(request => request.Side).IsInEnum().WithMessage("Choose whether to buy or to sell.");
        RuleFor(request => request.Energy).Must(energy => energy > Energy.Zero && energy.WattHours <= ChargingBounds.MostWatts).WithMessage("Enter an amount above zero.");
        RuleFor(request => request.Limit).PriceWithinBounds();
    }
}

internal sealed class PlaceQuotaOrderHandler(Work work, ChargingGate gate, ChargingJournal journal, OrderIntake intake, CreditBook credit, TimeProvider time)
    : IRequestHandler<PlaceQuotaOrder, Unit>, IRequestHandler<WithdrawQuotaOrder, Unit>
{
    public async Task<Unit> Handle(PlaceQuotaOrder request, CancellationToken cancellationToken)
    {
        var (db, loopId, groupId, memberId, period) = (work.Db, request.LoopId, request.GroupId, request.MemberId, request.Period);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        await StateDemandHandler.PointAsync(db, loopId, groupId, memberId, period, cancellationToken);
        await intake.LockAsync(loopId, memberId, cancellationToken);
        if (await db.ChargingOrders.AnyAsync(order => order.LoopId == loopId && order.SubmissionId == request.SubmissionId, cancellationToken))
        {
            return Unit.Value;
        }

        await gate.PassOrderAsync(loop, groupId, period, cancellationToken);
        var allocation = await db.ChargingAllocations.AsNoTracking()
            .SingleOrDefaultAsync(row => row.LoopId == loopId && row.GroupId == groupId && row.Period == period, cancellationToken)
            ?? throw new RefusedException(nameof(request.Period), "The quotas of this period are not published yet; bids and offers are taken from then on.");
        var mine = await db.ChargingOrders.AsNoTracking()
            .Where(order => order.LoopId == loopId && order.GroupId == groupId && order.Period == period && order.MemberId == memberId && order.WithdrawnAt == null)
            .ToListAsync(cancellationToken);
        if (mine.Exists(order => order.Side != request.Side))
        {
            throw new RefusedException(nameof(request.Side), "In one period you either buy or sell. Withdraw your other order first.");
        }

        if (request.Side == OrderSide.Sell)
        {
            await RequireOwnedAsync(request, Energy.FromWh(mine.Sum(order => order.Energy.WattHours)), cancellationToken);
        }

        var deposit = QuotaAuction.Deposit(new QuotaOrder("", request.Side == OrderSide.Buy ? Side.Buy : Side.Sell, request.Energy, request.Limit), allocation.PenaltyRate);
        await RequireCoveredAsync(loop, memberId, deposit, cancellationToken);
        var placed = new ChargingOrder
        {
            LoopId = loopId, SubmissionId = request.SubmissionId, GroupId = groupId, Period = period, MemberId = memberId, Side = request.Side,
            Energy = request.Energy, Limit = request.Limit, Deposit = deposit, PlacedAt = time.GetUtcNow(),
        };
        db.ChargingOrders.Add(placed);
        await db.SaveChangesAsync(cancellationToken);
        await journal.HoldAsync(placed, back: false, cancellationToken);
        return Unit.Value;
    }

    public async Task<Unit> Handle(WithdrawQuotaOrder request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        await intake.LockAsync(request.LoopId, request.MemberId, cancellationToken);
        var order = await db.ChargingOrders.SingleOrDefaultAsync(
            order => order.LoopId == request.LoopId && order.MemberId == request.MemberId && order.Id == request.OrderId, cancellationToken)
            ?? throw new RefusedException("There is no such order of yours.");
        if (order.WithdrawnAt is not null)
        {
            return Unit.Value;
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        await gate.PassOrderAsync(loop, order.GroupId, order.Period, cancellationToken);
        order.WithdrawnAt = time.GetUtcNow();
        await db.SaveChangesAsync(cancellationToken);
        await journal.HoldAsync(order, back: true, cancellationToken);
        return Unit.Value;
    }

    /// <summary>Nobody sells more quota than it has.</summary>
    private async Task RequireOwnedAsync(PlaceQuotaOrder request, Energy offered, CancellationToken cancellationToken)
    {
        var quota = Energy.FromWh(await work.Db.ChargingQuotas
            .Where(row => row.LoopId == request.LoopId && row.GroupId == request.GroupId && row.Period == request.Period && row.MemberId == request.MemberId)
            .Select(row => (long)(object)row.Energy)
            .SingleOrDefaultAsync(cancellationToken));
        if (offered + request.Energy > quota)
        {
            throw new RefusedException([new Problem(
                nameof(request.Energy),
                $"Your quota is {quota.KilowattHours:0.###} kWh and you offer {offered.KilowattHours:0.###} kWh of it already; at most {(quota - offered).KilowattHours:0.###} kWh can be offered.",
                "quota")]);
        }
    }

    private async Task RequireCoveredAsync(Loop loop, int memberId, Money deposit, CancellationToken cancellationToken)
    {
        var standing = await credit.OfAsync(loop, memberId, await credit.TariffsAsync(loop.Id, cancellationToken), cancellationToken);
        var free = standing.Free - await journal.OwedAsync(loop.Id, memberId, cancellationToken);
        if (deposit > free)
        {
            Said In(Money money) => $"{Math.Round(money.Amount, 2, MidpointRounding.ToNegativeInfinity):0.00} {loop.Currency}";
            throw new RefusedException([new Problem(
                nameof(PlaceQuotaOrder.Energy),
                $"This needs a deposit of {In(deposit)}; {In(free.IsNegative ? Money.Zero : free)} of your credit is free. Order less, withdraw other orders, pay what is due, or ask your operator.",
                standing.BoundName)]);
        }
    }
}
