using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Campaigns;

/// <summary>The loop's campaigns, the newest first, and the plants for which a person could open one.</summary>
public sealed record ShowCampaigns(int LoopId) : IRequest<CampaignList>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

public sealed record CampaignList(IReadOnlyList<Campaign> Campaigns, IReadOnlyList<OwnPlant> OwnPlants, DateTimeOffset MarketNow);

public sealed record OwnPlant(int OwnerId, string Code, string Name);

/// <summary>A campaign with a member's own pledges in it.</summary>
public sealed record ShowCampaign(int LoopId, int Id, int? MemberId) : IRequest<CampaignView>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId) && (MemberId is not { } member || actor.ActsFor(LoopId, member));
}

/// <param name="Own">The member's pledges; the owner sees everybody's.</param>
/// <param name="Free">What the member could pledge.</param>
public sealed record CampaignView(Campaign Campaign, IReadOnlyList<Pledge> Own, IReadOnlyDictionary<int, string> Names, Money Free, DateTimeOffset MarketNow);

internal sealed class CampaignPages(Work work, CampaignBook book, MarketTime marketTime, CurrentActor current) : IRequestHandler<ShowCampaigns, CampaignList>, IRequestHandler<ShowCampaign, CampaignView>
{
    public async Task<CampaignList> Handle(ShowCampaigns request, CancellationToken cancellationToken)
    {
        int[] members = [.. current.Actor.Roles.Where(held => held.LoopId == request.LoopId).Select(held => held.MemberId).Distinct()];
        return new CampaignList(
            await book.ListAsync(request.LoopId, cancellationToken),
            await work.Db.Plants.AsNoTracking().Where(plant => plant.LoopId == request.LoopId && members.Contains(plant.OwnerId)).OrderBy(plant => plant.Name)
                .Select(plant => new OwnPlant(plant.OwnerId, plant.Code, plant.Name)).ToListAsync(cancellationToken),
            await marketTime.NowAsync(request.LoopId, cancellationToken));
    }

    public async Task<CampaignView> Handle(ShowCampaign request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var campaign = await book.FindAsync(loopId, request.Id, cancellationToken) ?? throw new NotPermittedException(nameof(ShowCampaign));
        var all = current.Actor.ActsFor(loopId, campaign.OwnerId) || current.Actor.Operates(loopId);
        var own = (await book.PledgesAsync(loopId, campaign.Id, cancellationToken)).Where(pledge => all || current.Actor.ActsFor(loopId, pledge.MemberId)).ToList();
        var ids = own.Select(pledge => pledge.MemberId).Distinct().ToList();
        return new CampaignView(
            campaign, own,
            await work.Db.Members.AsNoTracking().Where(member => member.LoopId == loopId && ids.Contains(member.Id)).ToDictionaryAsync(member => member.Id, member => member.Name, cancellationToken),
            request.MemberId is { } member ? await book.FreeCreditAsync(loopId, member, cancellationToken) : Money.Zero,
            await marketTime.NowAsync(loopId, cancellationToken));
    }
}
