using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Orders;

/// <summary>The preview of a form as a sentence: the same on the page, with and without a script.</summary>
internal static class LikelyText
{
    /// <summary>Null while the form does not name an hour, a carrier and a limit.</summary>
    public static async Task<string?> OfAsync(
        Requests requests, LoopView loop, IStringLocalizer<Texts> texts, string? hourText, string? carrierText, OrderSide side, string? limitText,
        CancellationToken cancellationToken)
    {
        var format = loop.Format();
        if (!HourAddress.TryParse(hourText, out var hour) || !Carriers.TryParse(carrierText, out var carrier)
            || QuantityText.Cents(limitText, "", format.PriceUnit, []) is not { } limit)
        {
            return null;
        }

        var prices = await requests.Send(new LikelyAcceptance(loop.Id, carrier, hour), cancellationToken);
        if (prices.Prices.Count == 0)
        {
            return texts["Likely.None"];
        }

        return texts[
            side == OrderSide.Buy ? "Likely.Buy" : "Likely.Sell",
            format.Count(prices.Days(side, limit)), format.Count(prices.Prices.Count), format.PriceNumber(prices.Prices.Min()), format.Price(prices.Prices.Max()),
            format.Hour(MarketMoment.HourOf(hour))];
    }
}
