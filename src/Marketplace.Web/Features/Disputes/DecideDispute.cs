using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FluentValidation;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Features.Sending;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Disputes;

/// <summary>The operator decides a dispute, once. What is granted comes to the member by a revision of the bill, which the operator brings about by correcting
/// the hours behind the line, or at once as a credit in the journal.</summary>
/// <param name="GrantedCents">Of what is disputed: all of it where it is upheld, none where it is rejected.</param>
public sealed record DecideDispute(int LoopId, int DisputeId, DisputeState Outcome, long GrantedCents, DisputeCure Cure, string Answer) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"dispute {DisputeId}: {Outcome}, {GrantedCents} cents by {Cure}");
}

public sealed class DecideDisputeValidator : AbstractValidator<DecideDispute>
{
    public DecideDisputeValidator()
    {
        RuleFor(request => request.Outcome).Must(outcome => outcome is DisputeState.Upheld or DisputeState.PartlyUpheld or DisputeState.Rejected).WithMessage("Choose the outcome.");
        RuleFor(request => request.Cure).Must((request, cure) => (cure == DisputeCure.None) == (request.Outcome == DisputeState.Rejected) && Enum.IsDefined(cure))
            .WithMessage("Choose how the money gets to the member.");
        RuleFor(request => request.GrantedCents).Must((request, cents) => (cents == 0) == (request.Outcome == DisputeState.Rejected) && cents >= 0).WithMessage("Enter the amount that is granted, as 12.50.");
        RuleFor(request => request.Answer).Must(text => !string.IsNullOrWhiteSpace(text)).WithMessage("Give your reasons.").MaximumLength(OpenDispute.LongestText).WithMessage("Use at most 4,000 characters.");
    }
}

internal sealed class DecideDisputeHandler(DisputeBook book, DisputeOutcomes outcomes) : IRequestHandler<DecideDispute, Unit>
{
    public async Task<Unit> Handle(DecideDispute request, CancellationToken cancellationToken)
    {
        var dispute = await book.FindAsync(request.LoopId, request.DisputeId, cancellationToken);
        if (request.Outcome == DisputeState.Upheld && request.GrantedCents != dispute.DisputedCents)
        {
            throw new RefusedException(nameof(request.GrantedCents), "Upheld means all that is disputed. For less of it, choose partly.");
        }

        if (request.Outcome == DisputeState.PartlyUpheld && request.GrantedCents >= dispute.DisputedCents)
        {
            throw new RefusedException(nameof(request.GrantedCents), "A part is less than what is disputed.");
        }

        await outcomes.WriteAsync(dispute, new DisputeOutcome(request.Outcome, request.GrantedCents, request.Cure), request.Answer.Trim(), cancellationToken);
        return Unit.Value;
    }
}

/// <summary>How a dispute ended.</summary>
internal sealed record DisputeOutcome(DisputeState State, long GrantedCents, DisputeCure Cure);

/// <summary>Writes the outcome of a dispute down: on the dispute, on the ledger and, where it is a credit, in the journal.</summary>
internal sealed class DisputeOutcomes(
    Work work, DisputeBook book, Journal journal, AccountBook accounts, DocumentOutbox outbox, MarketTime market, Sequencer sequencer, CurrentActor current, TimeProvider time)
{
    /// <param name="found">As it was read before the lock.</param>
    /// <param name="answer">The operator's reasons; empty where the member takes the dispute back.</param>
    public async Task WriteAsync(Dispute found, DisputeOutcome outcome, string answer, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, found.LoopId);
        await book.LockAsync(loopId, found.MemberId, cancellationToken);
        var dispute = await db.Disputes.SingleAsync(row => row.LoopId == loopId && row.Id == found.Id, cancellationToken);
        if (dispute.State != DisputeState.Open)
        {
            // The same form sent twice.
            if (dispute.State == outcome.State && dispute.GrantedCents == outcome.GrantedCents && dispute.Cure == outcome.Cure)
            {
                return;
            }

            throw new RefusedException("This dispute has ended already.");
        }

        if (outcome.Cure == DisputeCure.Revision && await db.Bills.AnyAsync(bill => bill.LoopId == loopId && bill.CorrectsId == dispute.BillId, cancellationToken))
        {
            throw new RefusedException(nameof(DecideDispute.Cure), "This bill was taken back already: nothing of it can be revised. Grant a credit, or reject and refer to the new bill.");
        }

        var now = time.GetUtcNow();
        (dispute.State, dispute.GrantedCents, dispute.Cure) = (outcome.State, outcome.GrantedCents, outcome.Cure);
        (dispute.DecidedAt, dispute.DecidedOn, dispute.DecidedBy) = (now, await book.TodayAsync(loopId, cancellationToken), current.Actor.AccountId);
        if (answer.Length > 0)
        {
            db.DisputeMessages.Add(new DisputeMessage
            {
                LoopId = loopId, DisputeId = dispute.Id, SubmissionId = Guid.NewGuid(), FromOperator = true, By = current.Actor.AccountId, At = now, Text = answer,
            });
        }

        var files = await db.DisputeFiles.AsNoTracking().Where(file => file.LoopId == loopId && file.DisputeId == dispute.Id).OrderBy(file => file.Id).Select(file => file.Sha256).ToListAsync(cancellationToken);
        dispute.Canonical = await CanonicalAsync(dispute, answer, files, cancellationToken);
        var appended = await LedgerDoor.AppendAsync(
            await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, DisputeRecords.KeyOf(dispute.Id), [DisputeRecords.RecordOf(dispute)!], cancellationToken);
        (dispute.BatchId, dispute.BatchPosition) = (appended.BatchId, appended.Positions[0]);
        await db.SaveChangesAsync(cancellationToken);
        if (outcome.Cure == DisputeCure.Credit)
        {
            await CreditAsync(dispute, cancellationToken);
        }

        if (outcome.State != DisputeState.Withdrawn)
        {
            await outbox.QueueAsync(await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, dispute.BillId, LetterTopic.Decided(dispute.Id), cancellationToken);
        }

        work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
    }

    /// <summary>The credit has the dispute's number for a key: there cannot be two.</summary>
    private async Task CreditAsync(Dispute dispute, CancellationToken cancellationToken)
    {
        var (loopId, memberId) = (dispute.LoopId, dispute.MemberId);
        work.Db.GoodwillCredits.Add(new GoodwillCredit
        {
            LoopId = loopId, DisputeId = dispute.Id, MemberId = memberId, BillId = dispute.BillId, Cents = dispute.GrantedCents, GivenOn = dispute.DecidedOn!.Value, GivenAt = dispute.DecidedAt!.Value,
        });
        await work.Db.SaveChangesAsync(cancellationToken);
        var found = await journal.AccountsAsync(loopId, [memberId], cancellationToken, [AccountKind.Goodwill]);
        // Below zero, as receipts: documents count upwards, and both are references of transfers.
        await journal.PostAsync(
            [.. found.Move(
                MarketHour.Containing(await market.NowAsync(loopId, cancellationToken)), TransferKind.Goodwill, null, found[AccountKind.Goodwill], found[AccountKind.Receivable, memberId],
                Money.FromCents(dispute.GrantedCents).Micro, -dispute.Id)],
            cancellationToken);
        await accounts.SettleAsync(loopId, memberId, cancellationToken);
    }

    private async Task<byte[]> CanonicalAsync(Dispute dispute, string answer, IReadOnlyList<byte[]> files, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var slug = await db.Loops.Where(loop => loop.Id == dispute.LoopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
        var member = await db.Members.Where(member => member.LoopId == dispute.LoopId && member.Id == dispute.MemberId).Select(member => member.Key).SingleAsync(cancellationToken);
        var bill = await db.Bills.Where(bill => bill.LoopId == dispute.LoopId && bill.Id == dispute.BillId).Select(bill => bill.Number).SingleAsync(cancellationToken);
        // What was written is bound by its hash: it can be erased, and the record stays.
        var record = CanonicalRecord.Of("disputeOutcome", DisputeRecords.Version)
            .Add("loop", slug).Add("number", dispute.Id).Add("member", member).Add("bill", bill).Add("line", dispute.Line)
            .Add("opened", dispute.OpenedAt).Add("disputedCents", dispute.DisputedCents).Add("answerBy", dispute.AnswerBy)
            .Add("outcome", dispute.State.ToString()).Add("decided", dispute.DecidedAt!.Value).Add("grantedCents", dispute.GrantedCents).Add("cure", dispute.Cure.ToString())
            .Add("answerSha256", answer.Length == 0 ? "" : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(answer))));
        foreach (var file in files)
        {
            record.Add("fileSha256", Convert.ToHexStringLower(file));
        }

        return record.ToBytes();
    }
}
