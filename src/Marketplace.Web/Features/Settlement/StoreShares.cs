using Marketplace.Data;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Settlement;

/// <summary>Shares what a store earns, and what it pays, between its owner and the loop while the market schedules it.</summary>
public static class StoreShares
{
    /// <param name="plans">The market's plans for the hour: a store without one is its owner's alone.</param>
    public static List<StoreShare> Of(int loopId, DateTimeOffset hour, IReadOnlyList<Position> positions, IReadOnlyList<StorePlan> plans) =>
        [.. from plan in plans
            orderby plan.PlantCode
            from ofStore in positions.Where(position => position.PlantCode == plan.PlantCode).GroupBy(position => position.MemberId)
            let result = -ofStore.Aggregate(
                Money.Zero, (sum, position) => sum + position.TradedAmount + position.ImbalanceAmount + position.NetworkFee + position.WishPremium)
            where result != Money.Zero
            select new StoreShare
            {
                LoopId = loopId, PlantCode = plan.PlantCode, Hour = hour, MemberId = ofStore.Key,
                OwnerShareMillionths = plan.OwnerShareMillionths, Result = result, Amount = OfTheLoop(result, plan),
            }];

    /// <summary>The loop's part of what a store earned in an hour: what is not its owner's.</summary>
    public static Money OfTheLoop(Money result, StorePlan plan) =>
        result - Money.FromMicro(Rounding.DivideAwayFromZero((Int128)result.Micro * plan.OwnerShareMillionths, StoreTerms.WholeMillionths));

    /// <summary>One transfer for each owner.</summary>
    public static IEnumerable<Transfer> Transfers(DateTimeOffset hour, IReadOnlyList<StoreShare> shares, JournalAccounts accounts) =>
        shares.GroupBy(share => share.MemberId).SelectMany(own => accounts.Move(
            hour, TransferKind.StoreShare, null, accounts[AccountKind.Unbilled, own.Key], accounts[AccountKind.StoreShares], own.Sum(share => share.Amount.Micro)));
}
