using Marketplace.Contracts;
using Marketplace.Contracts.CrowdSales;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Campaigns;

/// <summary>Ends the campaigns of a loop that have reached their target or their deadline. Done again it changes nothing.</summary>
/// <returns>How many it ended.</returns>
public sealed record EndCampaigns(int LoopId) : IRequest<int>, ISystemOnly;

/// <summary>Ends one campaign, wholly or not at all: the money goes to the plant's owner and the shares to those who pledged, or everything goes back.</summary>
public sealed record EndCampaign(int LoopId, int CampaignId) : IRequest<bool>, ISystemOnly, IChange;

internal sealed class EndCampaignsHandler(MarketplaceDb db, Requests requests, MarketTime marketTime) : IRequestHandler<EndCampaigns, int>
{
    public async Task<int> Handle(EndCampaigns request, CancellationToken cancellationToken)
    {
        var now = await marketTime.NowAsync(request.LoopId, cancellationToken);
        var ended = 0;
        foreach (var id in await db.Database.SqlQuery<int>(
            $"""
            SELECT c.id AS "Value" FROM market.campaigns c
            WHERE c.loop_id = {request.LoopId} AND NOT EXISTS (SELECT FROM market.campaign_results r WHERE r.loop_id = c.loop_id AND r.campaign_id = c.id)
              AND (c.closes_at <= {now} OR c.target <= (SELECT sum(amount) FROM market.campaign_pledges g WHERE g.loop_id = c.loop_id AND g.campaign_id = c.id))
            ORDER BY 1
            """).ToListAsync(cancellationToken))
        {
            ended += await requests.Send(new EndCampaign(request.LoopId, id), Actor.System, cancellationToken) ? 1 : 0;
        }

        return ended;
    }
}

internal sealed class EndCampaignHandler(Work work, CampaignBook book, MarketTime marketTime, TimeProvider time) : IRequestHandler<EndCampaign, bool>
{
    public async Task<bool> Handle(EndCampaign request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await book.HoldAsync(loopId, request.CampaignId, cancellationToken);
        var campaign = await book.FindAsync(loopId, request.CampaignId, cancellationToken) ?? throw new NotPermittedException(nameof(EndCampaign));
        if (campaign.Reached is not null || (campaign.Missing > Money.Zero && await marketTime.NowAsync(loopId, cancellationToken) < campaign.ClosesAt))
        {
            return false;
        }

        var pledges = await book.PledgesAsync(loopId, campaign.Id, cancellationToken);
        var (reached, words) = await CanBeHadAsync(campaign, cancellationToken);
        if (reached)
        {
            await book.HandOverAsync(campaign, cancellationToken);
            await ShareOutAsync(campaign, pledges, cancellationToken);
        }
        else
        {
            // Members wait for their turn in the order of their numbers, so that two ends never wait for each other.
            foreach (var pledge in pledges.OrderBy(pledge => pledge.MemberId).ThenBy(pledge => pledge.Number))
            {
                await book.GiveBackAsync(campaign, pledge, cancellationToken);
            }
        }

        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO market.campaign_results (loop_id, campaign_id, reached, pledged, words, at)
            VALUES ({loopId}, {campaign.Id}, {reached}, {campaign.Pledged.Micro}, {words}, {time.GetUtcNow()})
            """, cancellationToken);
        return true;
    }

    private async Task<(bool Reached, string Words)> CanBeHadAsync(Campaign campaign, CancellationToken cancellationToken)
    {
        if (campaign.Missing > Money.Zero)
        {
            return (false, "");
        }

        var given = await work.Db.PlantShares.Where(share => share.LoopId == campaign.LoopId && share.PlantCode == campaign.PlantCode).SumAsync(share => (long)share.ShareMillionths, cancellationToken);
        return campaign.Kind == CampaignKind.Equity && given + campaign.Assumptions.ShareMillionths > RevenueShareClause.Whole
            ? (false, "Shares of the plant were given away meanwhile, so that what was offered is not there any more.")
            : (true, "");
    }

    private async Task ShareOutAsync(Campaign campaign, IReadOnlyList<Pledge> pledges, CancellationToken cancellationToken)
    {
        if (campaign.Kind != CampaignKind.Equity)
        {
            return;
        }

        var paid = pledges.GroupBy(pledge => pledge.MemberId).ToDictionary(own => own.Key, own => own.Sum(pledge => pledge.Amount.Cents));
        var held = await work.Db.PlantShares.Where(share => share.LoopId == campaign.LoopId && share.PlantCode == campaign.PlantCode).ToDictionaryAsync(share => share.MemberId, cancellationToken);
        foreach (var stake in ShareOut.Of(campaign.Assumptions.ShareMillionths, paid))
        {
            if (!held.TryGetValue(stake.Party, out var share))
            {
                share = new PlantShare { LoopId = campaign.LoopId, PlantCode = campaign.PlantCode, MemberId = stake.Party };
                work.Db.PlantShares.Add(share);
            }

            share.ShareMillionths = checked(share.ShareMillionths + stake.ShareMillionths);
            share.Invested += Money.FromCents(paid[stake.Party]);
        }

        await work.Db.SaveChangesAsync(cancellationToken);
    }
}
