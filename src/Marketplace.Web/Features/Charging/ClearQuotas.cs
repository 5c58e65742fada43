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

/// <summary>Brings the bids and offers of a period together, checks the result independently, and publishes it with its money. Doing it twice changes nothing.</summary>
public sealed record ClearQuotas(int LoopId, int GroupId, DateTimeOffset Period) : IRequest<Unit>, ISystemOnly, IRepeatableStep;

/// <summary>Publishes a halted period without trades: quotas stand as they were shared out, and all deposits return.</summary>
public sealed record CancelQuotaTrades(int LoopId, int GroupId, DateTimeOffset Period, string Reason) : IRequest<Unit>, IOperatorAct
{
    public string Subject => string.Create(CultureInfo.InvariantCulture, $"charging group {GroupId}, {Instants.Iso(Period)}");
}

public sealed class CancelQuotaTradesValidator : AbstractValidator<CancelQuotaTrades>
{
    public CancelQuotaTradesValidator() =>
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Say why; members will read it.").MaximumLength(500).WithMessage("Use at most 500 characters.");
}

internal sealed class ClearQuotasHandler(Work work, ChargingGate gate, ChargingJournal journal, MarketTime marketTime, TimeProvider time)
    : IRequestHandler<ClearQuotas, Unit>, IRequestHandler<CancelQuotaTrades, Unit>
{
    public Task<Unit> Handle(ClearQuotas request, CancellationToken cancellationToken) =>
        PublishAsync(request.LoopId, request.GroupId, request.Period, null, cancellationToken);

    public async Task<Unit> Handle(CancelQuotaTrades request, CancellationToken cancellationToken)
    {
        var (db, loopId, groupId, period) = (work.Db, request.LoopId, request.GroupId, request.Period);
        if (!await db.ChargingFailures.AnyAsync(
            failure => failure.LoopId == loopId && failure.GroupId == groupId && failure.Period == period && failure.Step == ChargingStepKind.Cleared, cancellationToken))
        {
            throw new RefusedException("This period is not halted.");
        }

        await PublishAsync(loopId, groupId, period, request.Reason.Trim(), cancellationToken);
        await db.ChargingFailures
            .Where(failure => failure.LoopId == loopId && failure.GroupId == groupId && failure.Period == period && failure.Step == ChargingStepKind.Cleared)
            .ExecuteDeleteAsync(cancellationToken);
        return Unit.Value;
    }

    private async Task<Unit> PublishAsync(int loopId, int groupId, DateTimeOffset period, string? cancelled, CancellationToken cancellationToken)
    {
        var db = work.Db;
        await gate.ShutAsync(loopId, groupId, period, cancellationToken);
        var steps = await db.ChargingSteps
            .Where(step => step.LoopId == loopId && step.GroupId == groupId && step.Period == period)
            .Select(step => step.Step)
            .ToListAsync(cancellationToken);
        if (steps.Contains(ChargingStepKind.Cleared))
        {
            return Unit.Value;
        }

        if (!steps.Contains(ChargingStepKind.Allocated) || await marketTime.NowAsync(loopId, cancellationToken) < QuotaGates.Of(period).OrdersUntil)
        {
            throw new RefusedException($"Bids and offers for {Instants.Iso(period)} are still taken.");
        }

        var allocation = await db.ChargingAllocations.AsNoTracking()
            .SingleAsync(row => row.LoopId == loopId && row.GroupId == groupId && row.Period == period, cancellationToken);
        var slug = await db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
        var placed = await db.ChargingOrders.AsNoTracking()
            .Where(order => order.LoopId == loopId && order.GroupId == groupId && order.Period == period && order.WithdrawnAt == null)
            .OrderBy(order => order.Id)
            .ToListAsync(cancellationToken);
        var result = cancelled is null ? Cleared(placed, allocation.Pricing) : new QuotaResult([], null, []);
        await db.BulkInsertAsync(
            [.. result.Trades.Index().Select(trade => new ChargingTrade
            {
                LoopId = loopId, GroupId = groupId, Period = period, Number = trade.Index,
                BidId = placed[trade.Item.Buy].Id, OfferId = placed[trade.Item.Sell].Id, Energy = trade.Item.Energy, Price = trade.Item.Price,
            })],
            cancellationToken);
        var nets = result.Nets.Where(net => net.Energy != Energy.Zero || net.Tokens != Money.Zero).Select(net => new ChargingNet
        {
            LoopId = loopId, GroupId = groupId, Period = period, MemberId = int.Parse(net.Party, CultureInfo.InvariantCulture),
            Energy = net.Energy, Amount = net.Tokens,
        }).ToList();
        await db.BulkInsertAsync(nets, cancellationToken);
        await PostAsync(loopId, groupId, period, placed, nets, keepOffers: cancelled is null, cancellationToken);
        await ChargingRecord.CommitAsync(
            work, loopId, groupId, period, ChargingStepKind.Cleared, ChargingRecord.Clearing(slug, groupId, period, placed, result, cancelled), time.GetUtcNow(), cancellationToken);
        return Unit.Value;
    }

    private static QuotaResult Cleared(List<ChargingOrder> placed, QuotaPricing pricing)
    {
        // A deposit covers each; who stands on both sides was refused at entry.
        QuotaOrder[] orders = [.. placed.Select(order => new QuotaOrder(
            order.MemberId.ToString(CultureInfo.InvariantCulture), order.Side == OrderSide.Buy ? Side.Buy : Side.Sell, order.Energy, order.Limit))];
        var result = QuotaAuction.Clear(orders, pricing);
        var findings = QuotaCheck.Check(orders, pricing, result);
        return findings.Count == 0
            ? result
            : throw new BrokenInvariantException("a quota auction passes its independent check", string.Join(" ", findings));
    }

    /// <summary>Buyers pay from their deposits, and the rest of these returns; sellers' deposits stay until their use is metered.</summary>
    private async Task PostAsync(
        int loopId, int groupId, DateTimeOffset period, List<ChargingOrder> placed, List<ChargingNet> nets, bool keepOffers, CancellationToken cancellationToken)
    {
        var hour = MarketHour.Containing(period);
        var reference = ChargingJournal.Reference(groupId, period, settlement: false);
        var members = placed.Select(order => order.MemberId).Distinct().Order().ToList();
        var accounts = await journal.AccountsAsync(loopId, members, cancellationToken);
        var transfers = new List<Transfer>();
        foreach (var net in nets)
        {
            transfers.AddRange(accounts.Move(
                hour, TransferKind.QuotaTrade, null, accounts[net.Energy > Energy.Zero ? AccountKind.QuotaDeposit : AccountKind.Unbilled, net.MemberId],
                accounts[AccountKind.QuotaMarket], net.Amount.Micro, reference));
        }

        foreach (var member in members)
        {
            var held = placed.Where(order => order.MemberId == member && (order.Side == OrderSide.Buy || !keepOffers)).Sum(order => order.Deposit.Micro);
            var paid = nets.Where(net => net.MemberId == member && net.Energy > Energy.Zero).Sum(net => net.Amount.Micro);
            var (returned, due) = PowerQuotas.Settle(Money.FromMicro(held), Money.FromMicro(paid));
            if (due > Money.Zero)
            {
                throw new BrokenInvariantException("a deposit covers its bid", $"{due} are missing in {Instants.Iso(period)}");
            }

            transfers.AddRange(accounts.Move(
                hour, TransferKind.QuotaDepositReturned, null, accounts[AccountKind.QuotaDeposit, member], accounts[AccountKind.Unbilled, member], returned.Micro, reference));
        }

        await journal.PostAsync(transfers, cancellationToken);
    }
}
