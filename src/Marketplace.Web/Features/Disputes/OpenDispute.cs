using FluentValidation;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Features.Reminders;
using Marketplace.Web.Features.Sending;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Disputes;

/// <summary>A member says that a line of a document is wrong, and by how much. Until it is decided that amount is neither reminded of nor collected.</summary>
/// <param name="Number">The document's.</param>
/// <param name="SubmissionId">Made with the form: a form sent twice opens one dispute.</param>
/// <param name="DisputedCents">At most what the line comes to with tax.</param>
public sealed record OpenDispute(int LoopId, string Number, short Line, Guid SubmissionId, long DisputedCents, string Reason) : IRequest<int>, IGuarded, IChange
{
    public const int LongestText = 4000;

    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>The member takes a dispute back.</summary>
public sealed record WithdrawDispute(int LoopId, int DisputeId) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

public sealed class OpenDisputeValidator : AbstractValidator<OpenDispute>
{
    public OpenDisputeValidator()
    {
        RuleFor(request => request.SubmissionId).NotEmpty().WithMessage("Please open the page again.");
        RuleFor(request => request.Line).GreaterThan((short)0).WithMessage("Choose the line that is wrong.");
        RuleFor(request => request.DisputedCents).GreaterThan(0).WithMessage("Enter by how much it is wrong, as 12.50.");
        RuleFor(request => request.Reason).Must(text => !string.IsNullOrWhiteSpace(text)).WithMessage("Say what is wrong.").MaximumLength(OpenDispute.LongestText).WithMessage("Use at most 4,000 characters.");
    }
}

internal sealed class OpenDisputeHandler(Work work, DisputeBook book, DisputeOutcomes outcomes, DocumentOutbox outbox, CurrentActor current, TimeProvider time)
    : IRequestHandler<OpenDispute, int>, IRequestHandler<WithdrawDispute, Unit>
{
    /// <summary>As many as an operator could answer with care.</summary>
    private const int MostOpen = 20;

    public async Task<int> Handle(OpenDispute request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var bill = await db.Bills.AsNoTracking().SingleOrDefaultAsync(bill => bill.LoopId == loopId && bill.Number == request.Number, cancellationToken);
        if (bill is null || !current.Actor.ActsFor(loopId, bill.MemberId))
        {
            throw new NotPermittedException(nameof(OpenDispute));
        }

        await book.LockAsync(loopId, bill.MemberId, cancellationToken);
        if (await db.Disputes.AsNoTracking().SingleOrDefaultAsync(dispute => dispute.LoopId == loopId && dispute.SubmissionId == request.SubmissionId, cancellationToken) is { } known)
        {
            return known.MemberId == bill.MemberId ? known.Id : throw new NotPermittedException(nameof(OpenDispute));
        }

        var line = await db.BillLines.AsNoTracking().SingleOrDefaultAsync(line => line.LoopId == loopId && line.BillId == bill.Id && line.Line == request.Line, cancellationToken)
            ?? throw new RefusedException(nameof(request.Line), "Choose the line that is wrong.");
        await RefuseAsync(bill, line, request, cancellationToken);
        var today = await book.TodayAsync(loopId, cancellationToken);
        var now = time.GetUtcNow();
        var id = (await db.Disputes.Where(dispute => dispute.LoopId == loopId).MaxAsync(dispute => (int?)dispute.Id, cancellationToken) ?? 0) + 1;
        db.Disputes.Add(new Dispute
        {
            LoopId = loopId, Id = id, BillId = bill.Id, Line = line.Line, MemberId = bill.MemberId, SubmissionId = request.SubmissionId, DisputedCents = request.DisputedCents,
            OpenedAt = now, OpenedOn = today, OpenedBy = current.Actor.AccountId,
            AnswerBy = today.AddDays((await ReminderTermsOn.DayAsync(db, loopId, today, cancellationToken))?.AnswerDays ?? ReminderTerms.UsualAnswerDays),
        });
        await db.SaveChangesAsync(cancellationToken);
        db.DisputeMessages.Add(new DisputeMessage { LoopId = loopId, DisputeId = id, SubmissionId = request.SubmissionId, By = current.Actor.AccountId, At = now, Text = request.Reason.Trim() });
        await db.SaveChangesAsync(cancellationToken);
        await outbox.QueueToOperatorsAsync(await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, bill.Id, LetterTopic.Disputed(id), cancellationToken);
        return id;
    }

    public async Task<Unit> Handle(WithdrawDispute request, CancellationToken cancellationToken)
    {
        var dispute = await book.FindAsync(request.LoopId, request.DisputeId, cancellationToken);
        if (!current.Actor.ActsFor(request.LoopId, dispute.MemberId))
        {
            throw new NotPermittedException(nameof(WithdrawDispute));
        }

        await outcomes.WriteAsync(dispute, new DisputeOutcome(DisputeState.Withdrawn, 0, DisputeCure.None), "", cancellationToken);
        return Unit.Value;
    }

    private async Task RefuseAsync(Data.Bill bill, BillLineRow line, OpenDispute request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, bill.LoopId);
        if (bill.Kind == DocumentKind.CreditNote || await db.Bills.AnyAsync(other => other.LoopId == loopId && other.CorrectsId == bill.Id, cancellationToken))
        {
            throw new RefusedException("This document was taken back. Dispute the one that took its place.");
        }

        if (request.DisputedCents > DisputeBook.LineCents(line))
        {
            throw new RefusedException(nameof(request.DisputedCents), "That is more than the line comes to with tax.");
        }

        if (await db.Disputes.AnyAsync(dispute => dispute.LoopId == loopId && dispute.BillId == bill.Id && dispute.Line == line.Line && dispute.State == DisputeState.Open, cancellationToken))
        {
            throw new RefusedException("This line is disputed already. Write to that dispute.");
        }

        if (await db.Disputes.CountAsync(dispute => dispute.LoopId == loopId && dispute.MemberId == bill.MemberId && dispute.State == DisputeState.Open, cancellationToken) >= MostOpen)
        {
            throw new RefusedException("Twenty disputes are open already. Please wait for their outcome.");
        }
    }
}
