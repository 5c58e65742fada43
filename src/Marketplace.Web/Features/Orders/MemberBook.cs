using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Orders;

/// <summary>One order on its way in.</summary>
/// <param name="SubmissionId">Names the submission: the same one places nothing twice.</param>
public sealed record OrderToPlace(
    Guid SubmissionId, DateTimeOffset Hour, Carrier Carrier, OrderSide Side, Energy Quantity, Price Limit, string? PlantCode = null);

/// <summary>What a member has in the market and what bounds it. Orders are tried against it one after the other; each that fits
/// counts for the next, so that a file of thousands is judged without asking the database again.</summary>
public sealed class MemberBook
{
    private readonly Dictionary<(DateTimeOffset Hour, Carrier Carrier), Level> _levels = [];
    private readonly Dictionary<(DateTimeOffset Hour, Carrier Carrier, string Plant), long> _offeredWh = [];

    public required Loop Loop { get; init; }

    public required Tariffs Tariffs { get; init; }

    public required CreditStanding Credit { get; set; }

    /// <summary>Carriers that the member's meters take, with the most their connections carry in an hour; null where nothing limits it.</summary>
    public required IReadOnlyDictionary<Carrier, long?> TakesWh { get; init; }

    public required IReadOnlyDictionary<string, Plant> Plants { get; init; }

    public required IReadOnlyList<DayOfStanding> Standing { get; init; }

    /// <summary>Counts an order that is in the market already.</summary>
    public void Add(DateTimeOffset hour, Carrier carrier, OrderSide side, Energy quantity, Price limit, string? plantCode)
    {
        var level = _levels.GetValueOrDefault((hour, carrier)) ?? (_levels[(hour, carrier)] = new Level());
        if (side == OrderSide.Buy)
        {
            level.BoughtWh += quantity.WattHours;
            level.HighestBuy = level.HighestBuy is { } highest ? Price.Max(highest, limit) : limit;
            return;
        }

        level.LowestSale = level.LowestSale is { } lowest ? Price.Min(lowest, limit) : limit;
        var plant = (hour, carrier, plantCode ?? "");
        _offeredWh[plant] = _offeredWh.GetValueOrDefault(plant) + quantity.WattHours;
    }

    /// <summary>Takes an order in, or says why not.</summary>
    public Problem? TryAdd(OrderToPlace order)
    {
        if (((order.Side == OrderSide.Buy ? FaultOfPurchase(order) : FaultOfOffer(order)) ?? Crossing(order)) is { } fault)
        {
            return fault;
        }

        var cost = Tariffs.WorstCost(order.Hour, order.Carrier, order.Side, order.Quantity, order.Limit);
        if (cost > Money.Zero && cost > Credit.Free)
        {
            return CreditBook.Refusal(Credit, cost, order.Quantity, Loop.Currency);
        }

        Credit = Credit with { Bound = Credit.Bound + cost };
        Add(order.Hour, order.Carrier, order.Side, order.Quantity, order.Limit, order.PlantCode);
        return null;
    }

    /// <summary>Who buys has a meter that can take it.</summary>
    private Problem? FaultOfPurchase(OrderToPlace order)
    {
        if (!TakesWh.TryGetValue(order.Carrier, out var capacity))
        {
            return new Problem("Carrier", $"You have no meter that takes {order.Carrier} from the loop.", "meter");
        }

        var bought = _levels.GetValueOrDefault((order.Hour, order.Carrier))?.BoughtWh ?? 0;
        return capacity is { } most && bought + order.Quantity.WattHours > most
            ? new Problem(
                "Quantity",
                bought == 0
                    ? Said.Of($"Your connection carries at most {KWh(most)} kWh of {order.Carrier} in an hour.")
                    : Said.Of($"Your connection carries at most {KWh(most)} kWh of {order.Carrier} in an hour. With {KWh(bought)} kWh already ordered for this hour, {KWh(Math.Max(0, most - bought))} kWh more would fit."),
                "capacity")
            : null;
    }

    /// <summary>Who sells has a plant that can give it.</summary>
    private Problem? FaultOfOffer(OrderToPlace order)
    {
        if (order.PlantCode is null || !Plants.TryGetValue(order.PlantCode, out var plant) || !plant.Sells(order.Carrier))
        {
            return new Problem("PlantCode", $"None of your plants with this name sells {order.Carrier} by offer.", "plant");
        }

        if (order.Quantity.WattHours > plant.CapacityWatts)
        {
            return new Problem("Quantity", $"{plant.DisplayName} can give at most {KWh(plant.CapacityWatts)} kWh in an hour.", "capacity");
        }

        var offered = _offeredWh.GetValueOrDefault((order.Hour, order.Carrier, order.PlantCode));
        return offered + order.Quantity.WattHours > plant.CapacityWatts
            ? new Problem(
                "Quantity",
                $"With {KWh(offered)} kWh already offered for this hour, {plant.DisplayName} can give {KWh(Math.Max(0, plant.CapacityWatts - offered))} kWh more.",
                "capacity")
            : null;
    }

    private Problem? Crossing(OrderToPlace order)
    {
        var level = _levels.GetValueOrDefault((order.Hour, order.Carrier));
        var hourOfDay = StandingTerms.HourOfDay(Loop, order.Hour);
        var opposite = Standing
            .Where(standing => standing.Order.Carrier == order.Carrier && standing.Order.Side != order.Side)
            .Select(standing => standing.Hours[hourOfDay]?.Limit)
            .Append(order.Side == OrderSide.Buy ? level?.LowestSale : level?.HighestBuy)
            .OfType<Price>();
        return opposite.Any(limit => order.Side == OrderSide.Buy ? order.Limit >= limit : limit >= order.Limit)
            ? new Problem(
                "Limit", "This would trade with your own order on the other side of the same hour. Change the price limit, or withdraw the other order.", "own-order")
            : null;
    }

    private static Said KWh(long wattHours) => $"{Energy.FromWh(wattHours).KilowattHours:0.###}";

    private sealed class Level
    {
        public long BoughtWh { get; set; }

        public Price? HighestBuy { get; set; }

        public Price? LowestSale { get; set; }
    }
}
