using Marketplace.Billing;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>What billing has to know of plants: which are stores, who owns them, who has a share in what they earn.</summary>
internal sealed class PlantsOfPeriod(IReadOnlyDictionary<string, int> owners, IReadOnlySet<string> stores, ILookup<string, Stake> stakes)
{
    public IReadOnlySet<string> Stores { get; } = stores;

    public static async Task<PlantsOfPeriod> ReadAsync(MarketplaceDb db, int loopId, CancellationToken cancellationToken)
    {
        var plants = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId)
            .Select(plant => new { plant.Code, plant.OwnerId, plant.Definition }).ToListAsync(cancellationToken);
        var shares = await db.PlantShares.AsNoTracking().Where(share => share.LoopId == loopId)
            .Select(share => new { share.PlantCode, share.MemberId, share.ShareMillionths }).ToListAsync(cancellationToken);
        return new PlantsOfPeriod(
            plants.ToDictionary(plant => plant.Code, plant => plant.OwnerId),
            plants.Where(plant => PlantDefinition.Read(plant.Definition).Kind == PlantKind.Store).Select(plant => plant.Code).ToHashSet(StringComparer.Ordinal),
            shares.ToLookup(share => share.PlantCode, share => new Stake(share.MemberId, share.ShareMillionths)));
    }

    /// <summary>Members with all those to whom shares of plants' revenue tie them, directly or through others.</summary>
    public int[] WithPartners(IEnumerable<int> members)
    {
        var known = members.ToHashSet();
        for (var grew = true; grew;)
        {
            grew = false;
            foreach (var plant in stakes)
            {
                var parties = plant.Select(stake => stake.Party).Append(owners[plant.Key]).ToList();
                if (parties.Exists(known.Contains) && !parties.TrueForAll(known.Contains))
                {
                    known.UnionWith(parties);
                    grew = true;
                }
            }
        }

        return [.. known.Order()];
    }

    /// <summary>The revenue shares of the period, and a check that each position belongs to the owner of a known plant.</summary>
    /// <param name="charges">What the loop shares of a store is not the store's revenue.</param>
    public IReadOnlyList<RevenueShare> Shares(IReadOnlyList<PositionSum> positions, IReadOnlyList<ChargeSum> charges)
    {
        var shares = new List<RevenueShare>();
        foreach (var ofPlant in positions.Where(sum => sum.Plant.Length > 0).GroupBy(sum => sum.Plant).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            if (!owners.TryGetValue(ofPlant.Key, out var owner))
            {
                throw new BrokenInvariantException("every settled plant is a plant of the loop", $"No plant '{ofPlant.Key}'");
            }

            if (!stakes.Contains(ofPlant.Key))
            {
                continue;
            }

            var revenue = -ofPlant.Aggregate(Money.Zero, (sum, position) => sum + position.Total)
                - charges.Where(charge => charge.Plant == ofPlant.Key).Aggregate(Money.Zero, (sum, charge) => sum + charge.Amount);
            foreach (var result in RevenueShareClause.Evaluate(revenue, owner, [.. stakes[ofPlant.Key]]))
            {
                var stake = stakes[ofPlant.Key].Single(stake => stake.Party == result.Party);
                shares.Add(new RevenueShare(ofPlant.Key, owner, result.Party, stake.ShareMillionths, revenue, result.Amount));
            }
        }

        return shares;
    }
}
