using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Settlement;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Charging;

/// <summary>The money of charging quotas in the journal. All transfers of a period carry its hour, so that deposits held and returned
/// fall into one billing period; what then stands on the member's unbilled account is what trades and penalties come to.</summary>
public sealed class ChargingJournal(Journal journal, MarketplaceDb db)
{
    private static readonly AccountKind[] OfTheLoop = [AccountKind.QuotaMarket, AccountKind.QuotaPenalties];
    private static readonly AccountKind[] OfAMember = [AccountKind.QuotaDeposit];
    private static readonly short[] Kinds =
        [(short)TransferKind.QuotaDeposit, (short)TransferKind.QuotaDepositReturned, (short)TransferKind.QuotaTrade, (short)TransferKind.QuotaPenalty];

    public Task<JournalAccounts> AccountsAsync(int loopId, IReadOnlyCollection<int> members, CancellationToken cancellationToken) =>
        journal.AccountsAsync(loopId, members, cancellationToken, OfTheLoop, OfAMember);

    public Task PostAsync(IReadOnlyCollection<Transfer> transfers, CancellationToken cancellationToken) => journal.PostAsync(transfers, cancellationToken);

    /// <summary>Holds an order's deposit, or gives back that of one withdrawn.</summary>
    public async Task HoldAsync(ChargingOrder order, bool back, CancellationToken cancellationToken)
    {
        var accounts = await AccountsAsync(order.LoopId, [order.MemberId], cancellationToken);
        await PostAsync(
            [.. accounts.Move(
                MarketHour.Containing(order.Period), TransferKind.QuotaDeposit, null, accounts[AccountKind.Unbilled, order.MemberId],
                accounts[AccountKind.QuotaDeposit, order.MemberId], back ? -order.Deposit.Micro : order.Deposit.Micro, -order.Id)],
            cancellationToken);
    }

    /// <summary>What a member owes for quotas, deposits held included.</summary>
    public async Task<Money> OwedAsync(int loopId, int memberId, CancellationToken cancellationToken) => Money.FromMicro(
        await db.Database.SqlQuery<long>($"""
            SELECT coalesce(sum(CASE WHEN t.debit_account = a.id THEN t.amount ELSE -t.amount END), 0)::bigint AS "Value"
            FROM market.accounts a
            JOIN market.transfers t ON t.loop_id = a.loop_id AND (t.debit_account = a.id OR t.credit_account = a.id) AND t.kind = ANY ({Kinds})
            WHERE a.loop_id = {loopId} AND a.member_id = {memberId} AND a.kind = {(short)AccountKind.Unbilled}
            """).SingleAsync(cancellationToken));

    /// <summary>Names a period's transfers of a group within their hour: both periods and the settlement each have a number, below zero,
    /// because documents count upwards.</summary>
    public static long Reference(int groupId, DateTimeOffset period, bool settlement) =>
        -((long)groupId * 3) - (settlement ? 2 : period == MarketHour.Containing(period) ? 0 : 1);

    /// <summary>Where periods of an hour charge different rates, the lower counts: which of them a kWh fell into is not measured.</summary>
    internal static Price Lower(IEnumerable<ChargingAllocation> periods) => periods.Select(period => period.PenaltyRate).Min();
}
