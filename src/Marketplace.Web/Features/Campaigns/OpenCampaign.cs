using FluentValidation;
using Marketplace.Contracts;
using Marketplace.Contracts.CrowdSales;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Campaigns;

/// <summary>The owner of a plant asks the loop's members for money.</summary>
/// <param name="SubmissionId">Made with the form: a form sent twice opens one campaign.</param>
/// <param name="Days">How long it runs, in days of the loop's clock.</param>
public sealed record OpenCampaign(
    int LoopId, int MemberId, Guid SubmissionId, string PlantCode, CampaignKind Kind, string Title, string Words, Money Target, Money LeastPledge, ReturnAssumptions Assumptions, int Days)
    : IRequest<int>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.ActsFor(LoopId, MemberId);
}

public sealed class OpenCampaignValidator : AbstractValidator<OpenCampaign>
{
    private static readonly Money Largest = Money.FromCents(1_000_000_000);

    public OpenCampaignValidator()
    {
        RuleFor(campaign => campaign.Kind).IsInEnum().WithMessage("Choose what those who pledge get.");
        RuleFor(campaign => campaign.Title).Must(title => title.Trim().Length is >= 3 and <= 120).WithMessage("Use a title of 3 to 120 characters.");
        RuleFor(campaign => campaign.Words).Must(words => words.Trim().Length is >= 20 and <= 4000).WithMessage("Say in 20 to 4000 characters what the money is for, and what could go wrong.");
        RuleFor(campaign => campaign.Target).Must(IsAmount).WithMessage("Use an amount in whole cents, up to 10,000,000.");
        RuleFor(campaign => campaign.LeastPledge).Must(IsAmount).WithMessage("Use an amount in whole cents.");
        RuleFor(campaign => campaign.LeastPledge).Must((campaign, least) => least <= campaign.Target).WithMessage("The least pledge cannot be more than the target.");
        RuleFor(campaign => campaign.Days).InclusiveBetween(1, 180).WithMessage("Use 1 to 180 days.");
        RuleFor(campaign => campaign.Assumptions.Years).InclusiveBetween(1, 50).OverridePropertyName("Years").WithMessage("Use 1 to 50 years.");
        RuleFor(campaign => campaign.Assumptions.RevenuePerYear).Must(revenue => revenue >= Money.Zero && revenue <= Largest).OverridePropertyName("RevenuePerYear").WithMessage("Use an amount of zero or more.");
        RuleFor(campaign => campaign.Assumptions.ShareMillionths).InclusiveBetween(1, RevenueShareClause.Whole).When(campaign => campaign.Kind == CampaignKind.Equity)
            .OverridePropertyName("Share").WithMessage("Say which part of the revenue all pledges together get: above 0 and up to 100 %.");
        RuleFor(campaign => campaign.Assumptions.InterestBasisPoints).InclusiveBetween(0, 3000).When(campaign => campaign.Kind == CampaignKind.Loan)
            .OverridePropertyName("Interest").WithMessage("Use a rate from 0 to 30 % a year.");
    }

    private static bool IsAmount(Money amount) => amount > Money.Zero && amount <= Largest && amount == amount.ToWholeCents();
}

internal sealed class OpenCampaignHandler(Work work, MarketTime marketTime, CurrentActor current) : IRequestHandler<OpenCampaign, int>
{
    public async Task<int> Handle(OpenCampaign request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"campaigns/" + loopId}, 0))", cancellationToken);
        if (await db.Database.SqlQuery<int>($"""SELECT id AS "Value" FROM market.campaigns WHERE loop_id = {loopId} AND submission_id = {request.SubmissionId} AND owner_id = {request.MemberId}""")
            .ToListAsync(cancellationToken) is [var before])
        {
            return before;
        }

        if (!await db.Plants.AnyAsync(plant => plant.LoopId == loopId && plant.Code == request.PlantCode && plant.OwnerId == request.MemberId, cancellationToken))
        {
            throw new RefusedException(nameof(request.PlantCode), "Choose one of your own plants.");
        }

        var share = request.Kind == CampaignKind.Equity ? request.Assumptions.ShareMillionths : 0;
        if (share > 0)
        {
            var given = await SharesGivenAsync(loopId, request.PlantCode, cancellationToken);
            if (given + share > RevenueShareClause.Whole)
            {
                throw new RefusedException("Share", $"Of this plant's revenue {given / 10_000m:0.####} % is given away or on offer already; at most {(RevenueShareClause.Whole - given) / 10_000m:0.####} % is left.");
            }
        }

        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var id = (await db.Database.SqlQuery<int?>($"""SELECT max(id) AS "Value" FROM market.campaigns WHERE loop_id = {loopId}""").SingleAsync(cancellationToken) ?? 0) + 1;
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.campaigns (loop_id, id, submission_id, plant_code, owner_id, kind, title, words, target, least_pledge, revenue_per_year, share_millionths, interest_basis_points,
                years, opens_at, closes_at, opened_by)
            VALUES ({loopId}, {id}, {request.SubmissionId}, {request.PlantCode}, {request.MemberId}, {(short)request.Kind}, {request.Title.Trim()}, {request.Words.Trim()}, {request.Target.Micro},
                {request.LeastPledge.Micro}, {request.Assumptions.RevenuePerYear.Micro}, {share}, {(request.Kind == CampaignKind.Loan ? request.Assumptions.InterestBasisPoints : 0)},
                {request.Assumptions.Years}, {now}, {now.AddDays(request.Days)}, {current.Actor.AccountId})
            """, cancellationToken);
        return id;
    }

    private Task<long> SharesGivenAsync(int loopId, string plant, CancellationToken cancellationToken) => work.Db.Database.SqlQuery<long>(
        $"""
        SELECT (coalesce((SELECT sum(share_millionths) FROM market.plant_shares WHERE loop_id = {loopId} AND plant_code = {plant}), 0)
              + coalesce((SELECT sum(c.share_millionths) FROM market.campaigns c WHERE c.loop_id = {loopId} AND c.plant_code = {plant} AND c.kind = 1
                          AND NOT EXISTS (SELECT FROM market.campaign_results r WHERE r.loop_id = c.loop_id AND r.campaign_id = c.id)), 0))::bigint AS "Value"
        """).SingleAsync(cancellationToken);
}
