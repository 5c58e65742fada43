using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>The one way in which money that moved between a member and the loop is written down: the receipt, its transfer in the journal,
/// and which documents it settles, in the caller's transaction.</summary>
public sealed class MoneyBook(Work work, Journal journal, AccountBook accountBook, OrderIntake intake, MarketTime marketTime, CurrentActor current, TimeProvider time)
{
    /// <summary>Records a receipt; one whose submission is known already changes nothing.</summary>
    /// <param name="receipt">Without id, time and person.</param>
    /// <param name="from">Where the journal has the money: at the bank, or there unassigned.</param>
    /// <returns>The receipt as it is kept.</returns>
    public async Task<MoneyReceipt> RecordAsync(MoneyReceipt receipt, AccountKind from, CancellationToken cancellationToken) =>
        (await RecordAsync(receipt.LoopId, [receipt], from, cancellationToken))[0];

    /// <summary>The same for many receipts of a loop, in their order, with as many queries as for one. Each member's account is settled once.</summary>
    public async Task<IReadOnlyList<MoneyReceipt>> RecordAsync(int loopId, IReadOnlyList<MoneyReceipt> receipts, AccountKind from, CancellationToken cancellationToken)
    {
        if (receipts.Count == 0)
        {
            return [];
        }

        var db = work.Db;
        await intake.LockAsync(loopId, [.. receipts.Select(receipt => receipt.MemberId)], cancellationToken);
        var submissions = receipts.Select(receipt => receipt.SubmissionId).ToArray();
        var known = await db.MoneyReceipts.AsNoTracking().Where(other => other.LoopId == loopId && submissions.Contains(other.SubmissionId))
            .ToDictionaryAsync(other => other.SubmissionId, cancellationToken);
        var fresh = receipts.Where(receipt => !known.ContainsKey(receipt.SubmissionId)).ToList();
        if (fresh.Count > 0)
        {
            foreach (var receipt in fresh)
            {
                (receipt.At, receipt.RecordedBy) = (time.GetUtcNow(), current.Actor.AccountId);
            }

            db.MoneyReceipts.AddRange(fresh);
            await db.SaveChangesAsync(cancellationToken);
            await PostAsync(loopId, fresh, from, cancellationToken);
            await accountBook.SettleAsync(loopId, [.. fresh.Where(receipt => !receipt.Kind.IsDeposit()).Select(receipt => receipt.MemberId).Distinct().Order()], cancellationToken);
        }

        return [.. receipts.Select(receipt => !known.TryGetValue(receipt.SubmissionId, out var before) ? receipt
            : (before.MemberId, before.Kind, before.Amount, before.TakesBackId) == (receipt.MemberId, receipt.Kind, receipt.Amount, receipt.TakesBackId) ? before
            : throw new RefusedException("This form was used for another movement of money. Open the page again."))];
    }

    /// <summary>Sets off credits against what is owed, for each member of the loop that has both.</summary>
    /// <returns>How many allocations were made.</returns>
    public async Task<int> SettleAllAsync(int loopId, CancellationToken cancellationToken)
    {
        var owing = (await OpenEntries.ReadAsync(work.Db, loopId, owed: true, null, cancellationToken)).Select(entry => entry.MemberId).ToHashSet();
        var credited = (await OpenEntries.ReadAsync(work.Db, loopId, owed: false, null, cancellationToken)).Select(entry => entry.MemberId).ToHashSet();
        // Prepaid money is a credit that no document shows.
        credited.UnionWith(await PrepaidMembers.ReadAsync(work.Db, loopId, cancellationToken));
        var both = owing.Intersect(credited).Order().ToList();
        await intake.LockAsync(loopId, both, cancellationToken);
        return await accountBook.SettleAsync(loopId, both, cancellationToken);
    }

    private async Task PostAsync(int loopId, List<MoneyReceipt> receipts, AccountKind from, CancellationToken cancellationToken)
    {
        var accounts = await journal.AccountsAsync(loopId, [.. receipts.Select(receipt => receipt.MemberId).Distinct()], cancellationToken, [AccountKind.Unassigned]);
        var hour = MarketHour.Containing(await marketTime.NowAsync(loopId, cancellationToken));
        await journal.PostAsync(
            [.. receipts.SelectMany(receipt =>
            {
                var (kind, account) = receipt.Kind.IsDeposit() ? (TransferKind.Deposit, AccountKind.Deposit) : (TransferKind.Payment, AccountKind.Receivable);
                // Receipts count downwards from zero: documents count upwards, and both are references of transfers.
                return accounts.Move(hour, kind, null, accounts[from], accounts[account, receipt.MemberId], receipt.Kind.Sign() * receipt.Amount.Micro, -receipt.Id);
            })],
            cancellationToken);
    }
}
