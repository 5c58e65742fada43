using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Deals;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>What covers a member's orders, and what they bind already.</summary>
/// <param name="Owed">Not yet billed (with VAT) and billed but not paid; below zero the loop owes the member.</param>
/// <param name="Deposit">What the member has deposited.</param>
/// <param name="Limit">How far it may go beyond: the operator's limit for it, or the loop's default.</param>
/// <param name="LimitIsOwn">Whether the operator set the limit for this member.</param>
/// <param name="Bound">What the open orders could cost at worst.</param>
public sealed record CreditStanding(Money Owed, Money Deposit, Money Limit, bool LimitIsOwn, Money Bound)
{
    /// <summary>What a further order may cost at worst.</summary>
    public Money Free => Deposit + Limit - Owed - Bound;

    /// <summary>The bound that a refusal names: the last thing that gives way.</summary>
    public string BoundName => Limit > Money.Zero ? "operator-limit" : Deposit > Money.Zero ? "deposit" : "balance";
}

/// <summary>Knows what members owe, have deposited and may go beyond.</summary>
public sealed class CreditBook(MarketplaceDb db)
{
    /// <summary>A member's credit before an order that is being placed. Nobody else may place for it meanwhile.</summary>
    public async Task<CreditStanding> OfAsync(Loop loop, int memberId, Tariffs tariffs, CancellationToken cancellationToken)
    {
        var loopId = loop.Id;
        var billedUntil = await db.Bills.Where(bill => bill.LoopId == loopId && bill.MemberId == memberId).MaxAsync(bill => (DateTimeOffset?)bill.PeriodEnd, cancellationToken) ?? loop.FirstHour;
        // The same sums as the journal's account of the member: both are written by the settlement of the hour, in one transaction.
        // Positions have the member first in their key, so that this does not grow with the loop.
        var unbilled = await db.Database.SqlQuery<long>($"""
            SELECT coalesce(sum(traded_amount + imbalance_amount + network_fee), 0)::bigint AS "Value" FROM market.positions
            WHERE loop_id = {loopId} AND member_id = {memberId} AND hour >= {billedUntil}
            """).SingleAsync(cancellationToken);
        var billedCents = await db.Bills.Where(bill => bill.LoopId == loopId && bill.MemberId == memberId)
            .SumAsync(bill => bill.Kind == Billing.DocumentKind.CreditNote ? -bill.TotalCents : bill.TotalCents, cancellationToken);
        var receipts = (await db.MoneyReceipts
            .Where(receipt => receipt.LoopId == loopId && receipt.MemberId == memberId)
            .Select(receipt => new { receipt.Kind, receipt.Amount })
            .ToListAsync(cancellationToken)).ToLookup(receipt => receipt.Kind, receipt => receipt.Amount.Micro);
        var own = await db.MemberCredits
            .Where(credit => credit.LoopId == loopId && credit.MemberId == memberId)
            .Select(credit => (Money?)credit.Limit)
            .SingleOrDefaultAsync(cancellationToken);
        var settled = await db.HourSteps
            .Where(step => step.LoopId == loopId && step.Step == HourStepKind.Settled)
            .MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken) ?? loop.FirstHour.AddHours(-1);
        var open = await db.Orders.AsNoTracking()
            .Where(order => order.LoopId == loopId && order.MemberId == memberId && order.Hour > settled && order.WithdrawnAt == null)
            .Select(order => new { order.Hour, order.Carrier, order.Side, order.Quantity, order.Limit })
            .ToListAsync(cancellationToken);
        var bound = open.Aggregate(Money.Zero, (sum, order) => sum + tariffs.WorstCost(order.Hour, order.Carrier, order.Side, order.Quantity, order.Limit))
            + await DealExposure.OfMemberAsync(db, loop, memberId, tariffs, settled, cancellationToken);
        var owed = Money.FromMicro(unbilled > 0 ? tariffs.WithVat(unbilled, billedUntil) : unbilled)
            + Money.FromCents(billedCents) - Money.FromMicro(
                receipts.Where(receipt => !receipt.Key.IsDeposit()).Sum(receipt => receipt.Key.Sign() * receipt.Sum()));
        var deposit = Money.FromMicro(receipts[ReceiptKind.Deposit].Sum() - receipts[ReceiptKind.DepositReturned].Sum());
        return new CreditStanding(owed, deposit, own ?? loop.DefaultCreditLimit, own is not null, bound);
    }

    public async Task<Tariffs> TariffsAsync(int loopId, CancellationToken cancellationToken) =>
        new(await db.Tariffs.AsNoTracking().Where(tariff => tariff.LoopId == loopId).OrderByDescending(tariff => tariff.Version).ToListAsync(cancellationToken));

    /// <summary>What to say when an order could cost more than is free.</summary>
    public static Problem Refusal(CreditStanding credit, Money cost, Energy quantity, string currency)
    {
        Said In(Money money) => $"{Math.Round(money.Amount, 2, MidpointRounding.ToNegativeInfinity):0.00} {currency}";
        var fits = cost <= Money.Zero || credit.Free <= Money.Zero ? 0 : (long)((Int128)quantity.WattHours * credit.Free.Micro / cost.Micro);
        var bound = credit.BoundName switch
        {
            "operator-limit" when credit.Deposit > Money.Zero => Said.Of($"the operator's limit of {In(credit.Limit)} and your deposit of {In(credit.Deposit)}"),
            "operator-limit" => Said.Of($"the operator's limit of {In(credit.Limit)}"),
            "deposit" => Said.Of($"your deposit of {In(credit.Deposit)}"),
            _ => "your balance: you have no deposit, and the operator has set no limit for you",
        };
        var owed = credit.Owed >= Money.Zero ? Said.Of($"You owe {In(credit.Owed)}") : Said.Of($"The loop owes you {In(-credit.Owed)}");
        var advice = fits > 0
            ? Said.Of($"At this limit {Energy.FromWh(fits).KilowattHours:0.###} kWh would fit.")
            : "Withdraw open orders, pay what is due, or ask your operator.";
        return new Problem(
            "Quantity",
            $"This could cost {In(cost)} with network fee and VAT, more than {bound}. {owed}, your open orders could cost {In(credit.Bound)}; {In(Money.FromMicro(Math.Max(0, credit.Free.Micro)))} is free. {advice}",
            credit.BoundName);
    }
}

/// <summary>The tariffs of a loop, newest first.</summary>
public sealed class Tariffs(IReadOnlyList<Tariff> newestFirst)
{
    /// <summary>What an order could cost its member at worst: a purchase at its limit with network fee and VAT, an offer below zero what
    /// it would pay to be rid of the energy.</summary>
    public Money WorstCost(DateTimeOffset hour, Carrier carrier, OrderSide side, Energy quantity, Price limit)
    {
        if (side == OrderSide.Sell)
        {
            return Price.FromMicroPerKWh(Math.Max(0, -limit.MicroPerKWh)).Of(quantity);
        }

        var fee = At(hour)?.NetworkFee(carrier) ?? Price.Zero;
        return Money.FromMicro(WithVat((Price.Max(limit, Price.Zero) + fee).Of(quantity).Micro, hour));
    }

    public long WithVat(long micro, DateTimeOffset hour) =>
        Rounding.DivideAwayFromZero((Int128)micro * (10_000 + (At(hour)?.VatBasisPoints ?? 0)), 10_000);

    private Tariff? At(DateTimeOffset hour) => newestFirst.FirstOrDefault(tariff => tariff.ValidFrom <= hour) ?? (newestFirst.Count == 0 ? null : newestFirst[^1]);
}
