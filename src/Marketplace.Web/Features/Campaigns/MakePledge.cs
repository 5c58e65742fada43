using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Payments;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Campaigns;

/// <summary>What a member signs to pledge.</summary>
public sealed record PreparePledge(int LoopId, int MemberId, int CampaignId, Guid SubmissionId, Money Amount) : IRequest<SignedAct>, IGuarded
{
    public bool Permits(Actor actor) => actor.AccountId is not null && actor.ActsFor(LoopId, MemberId);
}

/// <summary>Pledges money to a campaign, from what stands to the credit of the member's account. It is held until the campaign ends.</summary>
/// <param name="SubmissionId">Made with the form: a form sent twice pledges once.</param>
public sealed record MakePledge(int LoopId, int MemberId, int CampaignId, Guid SubmissionId, Money Amount, SignatureGiven Signature) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.AccountId is not null && actor.ActsFor(LoopId, MemberId);
}

public sealed class MakePledgeValidator : AbstractValidator<MakePledge>
{
    public MakePledgeValidator() => RuleFor(pledge => pledge.Amount).Must(amount => amount > Money.Zero && amount == amount.ToWholeCents()).WithMessage("Use an amount above zero, in whole cents.");
}

internal sealed class MakePledgeHandler(Work work, CampaignBook book, OrderIntake intake, Signatures signatures, MarketTime marketTime, TimeProvider time)
    : IRequestHandler<PreparePledge, SignedAct>, IRequestHandler<MakePledge, Unit>
{
    public async Task<SignedAct> Handle(PreparePledge request, CancellationToken cancellationToken) => await ActAsync(
        await book.FindAsync(request.LoopId, request.CampaignId, cancellationToken) ?? throw new NotPermittedException(nameof(PreparePledge)),
        request.MemberId, request.SubmissionId, request.Amount, cancellationToken);

    public async Task<Unit> Handle(MakePledge request, CancellationToken cancellationToken)
    {
        var (db, loopId, memberId) = (work.Db, request.LoopId, request.MemberId);
        // Not while a file for the bank is made: it might pay out the very credit that is pledged.
        await MakeBankFile.LockAsync(db, loopId, cancellationToken);
        await book.HoldAsync(loopId, request.CampaignId, cancellationToken);
        var campaign = await book.FindAsync(loopId, request.CampaignId, cancellationToken) ?? throw new NotPermittedException(nameof(MakePledge));
        if (await db.Database.SqlQuery<int>(
            $"""SELECT number AS "Value" FROM market.campaign_pledges WHERE loop_id = {loopId} AND submission_id = {request.SubmissionId} AND member_id = {memberId} AND campaign_id = {campaign.Id}""")
            .ToListAsync(cancellationToken) is [_])
        {
            return Unit.Value;
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        if (!campaign.IsOpenAt(await marketTime.NowAsync(loopId, cancellationToken)))
        {
            throw Refused(campaign.Missing == Money.Zero ? "The target is reached: no more can be pledged." : Said.Of($"This campaign ended at {Gate.Local(loop, campaign.ClosesAt)}."), "closed");
        }

        if (memberId == campaign.OwnerId)
        {
            throw Refused("It is your own plant: its money would go from you to you.", "owner");
        }

        // The last pledge may be smaller than the least one, so that a target can be met to the cent.
        if (request.Amount > campaign.Missing || (request.Amount < campaign.LeastPledge && request.Amount != campaign.Missing))
        {
            throw Refused($"Pledge at least {(campaign.LeastPledge < campaign.Missing ? campaign.LeastPledge : campaign.Missing).Amount:0.00} and at most the {campaign.Missing.Amount:0.00} {loop.Currency} that are missing.", "amount");
        }

        await intake.LockAsync(loopId, memberId, cancellationToken);
        var free = await book.FreeCreditAsync(loopId, memberId, cancellationToken);
        if (request.Amount > free)
        {
            throw Refused($"{free.Amount:0.00} {loop.Currency} stand to the credit of your account. Pay in the rest first, with your member key as reference.", "balance");
        }

        var signature = await signatures.RequireAsync(await ActAsync(campaign, memberId, request.SubmissionId, request.Amount, cancellationToken), request.Signature, cancellationToken);
        var receipt = await book.TakeAsync(campaign, memberId, request.SubmissionId, request.Amount, cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.campaign_pledges (loop_id, campaign_id, number, submission_id, member_id, amount, receipt_id, signature_id, account_id, at)
            SELECT {loopId}, {campaign.Id}, coalesce(max(number), 0) + 1, {request.SubmissionId}, {memberId}, {request.Amount.Micro}, {receipt}, {signature.Id}, {signature.AccountId}, {time.GetUtcNow()}
            FROM market.campaign_pledges WHERE loop_id = {loopId} AND campaign_id = {campaign.Id}
            """, cancellationToken);
        return Unit.Value;
    }

    private async Task<SignedAct> ActAsync(Campaign campaign, int memberId, Guid submissionId, Money amount, CancellationToken cancellationToken)
    {
        var named = await (
            from loop in work.Db.Loops
            join member in work.Db.Members on loop.Id equals member.LoopId
            where loop.Id == campaign.LoopId && member.Id == memberId
            select new { loop.Slug, loop.Currency, member.Key }).SingleOrDefaultAsync(cancellationToken) ?? throw new NotPermittedException(nameof(PreparePledge));
        return new SignedAct(
            campaign.LoopId, memberId, string.Create(CultureInfo.InvariantCulture, $"Pledge {amount.Amount:0.00} {named.Currency} to campaign {campaign.Id} for {named.Key}"),
            CanonicalRecord.Of("pledge", 1).Add("loop", named.Slug).Add("campaign", campaign.Id).Add("member", named.Key).Add("submission", submissionId.ToString())
                .Add("amountMicro", amount.Micro).Add("currency", named.Currency).ToBytes());
    }

    private static RefusedException Refused(Said message, string bound) => new([new Problem(nameof(MakePledge.Amount), message, bound)]);
}
