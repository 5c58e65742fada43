using System.Globalization;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Members;

/// <summary>
/// Erases a person at their request: who they are, and the secrets that open their entries on the ledger. What the law has the
/// loop keep (bills, and the readings and positions they are made of) stays under the member's key, which names nobody; it can
/// be looked up, but nobody can prove any more what its commitments stood for. It cannot be undone.
/// </summary>
public sealed record EraseMember(int LoopId, int MemberId) : IRequest<ErasedMember>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"member {MemberId}");
}

/// <summary>What was erased and what is kept.</summary>
/// <param name="Secrets">Months whose records nobody can prove any more.</param>
/// <param name="KeptBills">Bills and statements that the law has the loop keep.</param>
public sealed record ErasedMember(int Secrets, int KeptBills);

internal sealed class EraseMemberHandler(Work work, MarketTime marketTime, Privacy.CopyFolder copies) : IRequestHandler<EraseMember, ErasedMember>
{
    public async Task<ErasedMember> Handle(EraseMember request, CancellationToken cancellationToken)
    {
        var (loopId, memberId) = (request.LoopId, request.MemberId);
        var db = work.Db;
        await LastOperator.LockAsync(work, loopId, cancellationToken);
        var member = await db.Members.SingleOrDefaultAsync(member => member.LoopId == loopId && member.Id == memberId, cancellationToken)
            ?? throw new NotPermittedException(nameof(EraseMember));

        // No further records: otherwise the next reading would make a new secret.
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        await db.Meters.Where(meter => meter.LoopId == loopId && meter.MemberId == memberId && (meter.InServiceUntil == null || meter.InServiceUntil > now))
            .ExecuteUpdateAsync(meters => meters.SetProperty(meter => meter.InServiceUntil, now), cancellationToken);
        await db.Memberships.Where(membership => membership.LoopId == loopId && membership.MemberId == memberId).ExecuteDeleteAsync(cancellationToken);
        await db.MemberRoles.Where(role => role.LoopId == loopId && role.MemberId == memberId).ExecuteDeleteAsync(cancellationToken);
        await db.Invitations.Where(invitation => invitation.LoopId == loopId && invitation.MemberId == memberId).ExecuteDeleteAsync(cancellationToken);
        // Templates carry names that people chose, files what they wrote; standing orders must not go on without them.
        await db.StandingOrders.Where(order => order.LoopId == loopId && order.MemberId == memberId && order.EndedAt == null)
            .ExecuteUpdateAsync(orders => orders.SetProperty(order => order.EndedAt, now), cancellationToken);
        await db.StandingOrders.Where(order => order.LoopId == loopId && order.MemberId == memberId && order.TemplateId != null)
            .ExecuteUpdateAsync(orders => orders.SetProperty(order => order.TemplateId, (long?)null), cancellationToken);
        await db.OrderTemplates.Where(template => template.LoopId == loopId && template.MemberId == memberId).ExecuteDeleteAsync(cancellationToken);
        await db.OrderUploads.Where(upload => upload.LoopId == loopId && upload.MemberId == memberId).ExecuteDeleteAsync(cancellationToken);
        await db.ContractNotes.Where(note => note.LoopId == loopId && note.MemberId == memberId).ExecuteDeleteAsync(cancellationToken);
        await db.DealNotes.Where(note => note.LoopId == loopId && note.MemberId == memberId).ExecuteDeleteAsync(cancellationToken);
        // Of disputes the amounts stay, as those of bills; what was written and sent goes.
        var disputes = db.Disputes.Where(dispute => dispute.LoopId == loopId && dispute.MemberId == memberId).Select(dispute => dispute.Id);
        await db.DisputeMessages.Where(message => message.LoopId == loopId && disputes.Contains(message.DisputeId)).ExecuteDeleteAsync(cancellationToken);
        await db.DisputeFiles.Where(file => file.LoopId == loopId && disputes.Contains(file.DisputeId)).ExecuteDeleteAsync(cancellationToken);
        var meters = db.Meters.Where(meter => meter.LoopId == loopId && meter.MemberId == memberId).Select(meter => meter.Id);
        await db.ReadingPhotos
            .Where(photo => photo.LoopId == loopId && db.ManualReadings.Any(reading => reading.LoopId == loopId && reading.Id == photo.ReadingId && meters.Contains(reading.MeterId)))
            .ExecuteDeleteAsync(cancellationToken);
        await db.MeterTests.Where(test => test.LoopId == loopId && meters.Contains(test.MeterId)).ExecuteUpdateAsync(rows => rows.SetProperty(test => test.Reason, ""), cancellationToken);
        // Issued documents keep their parties as long as the law has them kept; nothing further is addressed to anybody.
        await db.BillRecipients.Where(recipient => recipient.LoopId == loopId && recipient.MemberId == memberId).ExecuteDeleteAsync(cancellationToken);
        // Letters that wait must not go out; who was written to is nobody's business any more.
        await db.Database.ExecuteSqlAsync($"DELETE FROM market.document_letters WHERE loop_id = {loopId} AND member_id = {memberId}", cancellationToken);
        await db.Database.ExecuteSqlAsync($"DELETE FROM market.consumption_letters WHERE loop_id = {loopId} AND member_id = {memberId}", cancellationToken);
        await db.Database.ExecuteSqlAsync($"DELETE FROM market.notifications WHERE loop_id = {loopId} AND member_id = {memberId}", cancellationToken);
        await db.Database.ExecuteSqlAsync($"DELETE FROM market.access_grants WHERE loop_id = {loopId} AND member_id = {memberId}", cancellationToken);
        // What was written in discussions, and a name under which the members voted to admit it.
        await db.Database.ExecuteSqlAsync(
            $"""
            DELETE FROM market.proposal_comments c WHERE c.loop_id = {loopId} AND (c.member_id = {memberId} OR c.number = -1
                AND EXISTS (SELECT FROM market.proposals p WHERE p.loop_id = c.loop_id AND p.number = c.proposal AND p.change::jsonb ->> 'Key' = {member.Key}))
            """, cancellationToken);
        // Copies that hold something of the member go, whoever asked for them; the files with them, once it is certain.
        var gone = await db.Database.SqlQuery<Guid>(
            $"""DELETE FROM market.personal_copies WHERE loop_id = {loopId} AND {memberId} = ANY (members) RETURNING id AS "Value" """).ToListAsync(cancellationToken);
        work.AfterCommit(_ =>
        {
            gone.ForEach(copies.Delete);
            return Task.CompletedTask;
        });
        member.Name = member.Key;
        member.Attributes = null;
        await db.SaveChangesAsync(cancellationToken);
        await LastOperator.RefuseIfGoneAsync(work, loopId, cancellationToken);

        // A seed would give the destroyed secrets back to whoever has it.
        await db.Loops.Where(loop => loop.Id == loopId && loop.Seed != null)
            .ExecuteUpdateAsync(loops => loops.SetProperty(loop => loop.Seed, (byte[]?)null), cancellationToken);
        var secrets = await RecordSecrets.DestroyAsync(await work.ConnectionAsync(cancellationToken), loopId, memberId, cancellationToken);
        return new ErasedMember(
            secrets, await db.Bills.CountAsync(bill => bill.LoopId == loopId && bill.MemberId == memberId, cancellationToken));
    }
}
