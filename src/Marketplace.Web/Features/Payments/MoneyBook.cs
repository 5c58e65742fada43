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
    public async Task<MoneyReceipt> RecordAsync(MoneyReceipt receipt, AccountKind from, CancellationToken cancellationToken)
    {
        var (db, loopId, memberId) = (work.Db, receipt.LoopId, receipt.MemberId);
        await intake.LockAsync(loopId, memberId, cancellationToken);
        var known = await db.MoneyReceipts.AsNoTracking().SingleOrDefaultAsync(
            other => other.LoopId == loopId && other.SubmissionId == receipt.SubmissionId, cancellationToken);
        if (known is not null)
        {
            return (known.MemberId, known.Kind, known.Amount, known.TakesBackId) == (memberId, receipt.Kind, receipt.Amount, receipt.TakesBackId)
                ? known
                : throw new RefusedException("This form was used for another movement of money. Open the page again.");
        }

        (receipt.At, receipt.RecordedBy) = (time.GetUtcNow(), current.Actor.AccountId);
        db.MoneyReceipts.Add(receipt);
        await db.SaveChangesAsync(cancellationToken);
        var accounts = await journal.AccountsAsync(loopId, [memberId], cancellationToken, [AccountKind.Unassigned]);
        var (kind, account) = receipt.Kind.IsDeposit() ? (TransferKind.Deposit, AccountKind.Deposit) : (TransferKind.Payment, AccountKind.Receivable);
        var hour = MarketHour.Containing(await marketTime.NowAsync(loopId, cancellationToken));
        // Receipts count downwards from zero: documents count upwards, and both are references of transfers.
        await journal.PostAsync(
            [.. accounts.Move(hour, kind, null, accounts[from], accounts[account, memberId], receipt.Kind.Sign() * receipt.Amount.Micro, -receipt.Id)], cancellationToken);
        if (!receipt.Kind.IsDeposit())
        {
            await accountBook.SettleAsync(loopId, memberId, cancellationToken);
        }

        return receipt;
    }

    /// <summary>Sets off credits against what is owed, for each member of the loop that has both.</summary>
    /// <returns>How many allocations were made.</returns>
    public async Task<int> SettleAllAsync(int loopId, CancellationToken cancellationToken)
    {
        var owing = (await OpenEntries.ReadAsync(work.Db, loopId, owed: true, null, cancellationToken)).Select(entry => entry.MemberId).ToHashSet();
        var credited = (await OpenEntries.ReadAsync(work.Db, loopId, owed: false, null, cancellationToken)).Select(entry => entry.MemberId).ToHashSet();
        // Prepaid money is a credit that no document shows.
        credited.UnionWith(await PrepaidMembers.ReadAsync(work.Db, loopId, cancellationToken));
        var made = 0;
        foreach (var member in owing.Intersect(credited).Order())
        {
            await intake.LockAsync(loopId, member, cancellationToken);
            made += (await accountBook.SettleAsync(loopId, member, cancellationToken)).Items.Further.Count;
        }

        return made;
    }
}
