using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using VatRate = Marketplace.Billing.VatRate;

namespace Marketplace.Web.Features.Disputes;

/// <summary>What the acts on disputes have in common: who is who, in which turn they come, and what a line comes to.</summary>
internal sealed class DisputeBook(Work work, OrderIntake intake, MarketTime market, CurrentActor current)
{
    /// <summary>One at a time acts on a member's disputes, while no file for the bank is made and nobody is reminded: what is held back is certain.</summary>
    public async Task LockAsync(int loopId, int memberId, CancellationToken cancellationToken)
    {
        await MakeBankFile.LockAsync(work.Db, loopId, cancellationToken);
        await intake.LockAsync(loopId, memberId, cancellationToken);
    }

    /// <summary>The dispute, for its member and the loop's operators. For everybody else it does not exist.</summary>
    public async Task<Dispute> FindAsync(int loopId, int disputeId, CancellationToken cancellationToken)
    {
        var dispute = await work.Db.Disputes.AsNoTracking().SingleOrDefaultAsync(dispute => dispute.LoopId == loopId && dispute.Id == disputeId, cancellationToken);
        return dispute is not null && (current.Actor.ActsFor(loopId, dispute.MemberId) || current.Actor.Operates(loopId)) ? dispute : throw new NotPermittedException("This dispute");
    }

    public bool ActsFor(int loopId, int memberId) => current.Actor.ActsFor(loopId, memberId);

    /// <summary>Whether the person writes as the operator; who acts for the member writes as the member, whatever else that person is.</summary>
    public bool WritesAsOperator(Dispute dispute) => current.Actor.IsSystem || !current.Actor.ActsFor(dispute.LoopId, dispute.MemberId);

    public async Task<DateOnly> TodayAsync(int loopId, CancellationToken cancellationToken)
    {
        var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        return loop.Calendar.DayOf(await market.NowAsync(loopId, cancellationToken));
    }

    /// <summary>What a line comes to with its tax, whichever way it goes. The document's tax is computed on the sum of its lines; for one of them it is
    /// rounded by itself.</summary>
    public static long LineCents(BillLineRow line) => Math.Abs(line.AmountCents + VatGroup.Of(VatRate.Standard(line.VatBasisPoints), line.AmountCents).TaxCents);
}
