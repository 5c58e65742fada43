using System.Globalization;
using FluentValidation;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Features.Sending;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Reminders;

/// <summary>Agrees with a member that everything it owes on documents now is paid in instalments, one a month. Left out is what is disputed, what is being
/// collected and what another plan pays.</summary>
/// <param name="SubmissionId">Made with the form: a form sent twice agrees one plan.</param>
/// <param name="FirstOn">The day of the first; the others on the same day of the months after it.</param>
public sealed record AgreeInstalments(int LoopId, int MemberId, Guid SubmissionId, int Count, DateOnly FirstOn) : IRequest<int>, IOperatorAct
{
    public const int MostParts = 36, FurthestDays = 90;

    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"member {MemberId}: {Count} instalments from {FirstOn:yyyy-MM-dd}");
}

/// <summary>Ends a plan that runs: what is open is due again.</summary>
public sealed record EndInstalments(int LoopId, int PlanId) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"plan {PlanId}");
}

public sealed class AgreeInstalmentsValidator : AbstractValidator<AgreeInstalments>
{
    public AgreeInstalmentsValidator()
    {
        RuleFor(request => request.SubmissionId).NotEmpty().WithMessage("Please open the page again.");
        RuleFor(request => request.Count).InclusiveBetween(2, AgreeInstalments.MostParts).WithMessage("Use 2 to 36 instalments.");
    }
}

internal sealed class AgreeInstalmentsHandler(Work work, AccountBook accounts, OrderIntake intake, DocumentOutbox outbox, MarketTime market, CurrentActor current, TimeProvider time)
    : IRequestHandler<AgreeInstalments, int>, IRequestHandler<EndInstalments, Unit>
{
    public async Task<int> Handle(AgreeInstalments request, CancellationToken cancellationToken)
    {
        var (db, loopId, memberId) = (work.Db, request.LoopId, request.MemberId);
        // No file for the bank is made meanwhile; and plans' numbers are dense.
        await MakeBankFile.LockAsync(db, loopId, cancellationToken);
        await intake.LockAsync(loopId, memberId, cancellationToken);
        if (await db.InstalmentPlans.AsNoTracking().SingleOrDefaultAsync(plan => plan.LoopId == loopId && plan.SubmissionId == request.SubmissionId, cancellationToken) is { } known)
        {
            return known.Id;
        }

        if (!await db.Members.AnyAsync(member => member.LoopId == loopId && member.Id == memberId, cancellationToken))
        {
            throw new NotPermittedException(nameof(AgreeInstalments));
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var today = loop.Calendar.DayOf(await market.NowAsync(loopId, cancellationToken));
        if (request.FirstOn < today || request.FirstOn > today.AddDays(AgreeInstalments.FurthestDays))
        {
            throw new RefusedException(nameof(request.FirstOn), "The first instalment has to be due within 90 days from today.");
        }

        var account = await accounts.SettleAsync(loopId, memberId, cancellationToken);
        var documents = await OpenAsync(db, loopId, account, cancellationToken);
        var total = documents.Sum(document => document.Cents);
        if (total < request.Count * 100L)
        {
            throw new RefusedException(total == 0 ? "Nothing is open that could be paid in instalments." : "Each instalment has to be at least 1.00. Use fewer.");
        }

        var id = (await db.InstalmentPlans.Where(plan => plan.LoopId == loopId).MaxAsync(plan => (int?)plan.Id, cancellationToken) ?? 0) + 1;
        db.InstalmentPlans.Add(new InstalmentPlan
        {
            LoopId = loopId, Id = id, MemberId = memberId, SubmissionId = request.SubmissionId, TotalCents = total, AgreedOn = today, AgreedAt = time.GetUtcNow(), AgreedBy = current.Actor.AccountId,
            GraceDays = (await ReminderTermsOn.DayAsync(db, loopId, today, cancellationToken))?.GraceDays ?? ReminderTerms.UsualGraceDays,
        });
        await db.SaveChangesAsync(cancellationToken);
        db.InstalmentParts.AddRange(Instalments.Divide(total, Instalments.Monthly(request.FirstOn, request.Count)).Select((part, i) => new InstalmentPart
        {
            LoopId = loopId, PlanId = id, Number = checked((short)(i + 1)), DueOn = part.DueOn, Cents = part.Cents,
        }));
        db.InstalmentDocuments.AddRange(documents.Select(document => new InstalmentDocument { LoopId = loopId, PlanId = id, BillId = document.BillId, Cents = document.Cents }));
        await db.SaveChangesAsync(cancellationToken);
        await outbox.QueueAsync(await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, documents[0].BillId, LetterTopic.PlanAgreed(id), cancellationToken);
        return id;
    }

    public async Task<Unit> Handle(EndInstalments request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var plan = await db.InstalmentPlans.AsNoTracking().SingleOrDefaultAsync(plan => plan.LoopId == loopId && plan.Id == request.PlanId, cancellationToken)
            ?? throw new NotPermittedException(nameof(EndInstalments));
        await intake.LockAsync(loopId, plan.MemberId, cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        await PlanEnd.WriteAsync(db, plan, InstalmentPlanState.Ended, loop.Calendar.DayOf(await market.NowAsync(loopId, cancellationToken)), cancellationToken);
        return Unit.Value;
    }

    /// <summary>What of a member's documents a new plan would pay.</summary>
    public static async Task<IReadOnlyList<(int BillId, long Cents)>> OpenAsync(MarketplaceDb db, int loopId, MemberAccount account, CancellationToken cancellationToken)
    {
        var planned = await db.InstalmentDocuments.Where(document => document.LoopId == loopId && document.Running).Join(
            db.InstalmentPlans.Where(plan => plan.LoopId == loopId && plan.MemberId == account.MemberId), document => document.PlanId, plan => plan.Id, (document, _) => document.BillId)
            .ToListAsync(cancellationToken);
        return [.. account.Documents
            .Where(document => !planned.Contains(document.Id) && account.InFileCents(document) == 0)
            .OrderBy(document => document.DueOn).ThenBy(document => document.Id)
            .Select(document => (document.Id, Cents: account.OpenCents(document) - account.DisputedCents(document)))
            .Where(document => document.Cents > 0)];
    }
}
