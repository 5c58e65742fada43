using Marketplace.Data;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>Who may see a document: whoever acts for its member, and the loop's operator. For everybody else it does not exist.</summary>
internal sealed class BillAccess(Work work, CurrentActor current, GrantedAccess grants)
{
    /// <param name="openTo">What a member's grant has to hold so that somebody else may look too; none by default.</param>
    public async Task<Bill> FindAsync(int loopId, string number, CancellationToken cancellationToken, GrantScope openTo = GrantScope.None)
    {
        var bill = await work.Db.Bills.AsNoTracking().SingleOrDefaultAsync(bill => bill.LoopId == loopId && bill.Number == number, cancellationToken);
        return bill is not null && (current.Actor.ActsFor(loopId, bill.MemberId) || current.Actor.Operates(loopId)
                || await grants.PermitsAsync(current.Actor, loopId, openTo, bill.MemberId, cancellationToken))
            ? bill
            : throw new NotPermittedException("This document");
    }
}
