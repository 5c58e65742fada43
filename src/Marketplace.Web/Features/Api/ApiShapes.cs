using System.ComponentModel;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;

namespace Marketplace.Web.Features.Api;

/// <summary>The bodies of the interface. Energy is whole watt-hours, prices are whole millionths of the loop's currency per kWh.</summary>
public sealed record ApiLoop(string Slug, string Name, string Currency, string TimeZone, bool MayTrade, IReadOnlyList<ApiMember> Members, ApiLinks Links);

public sealed record ApiMember(int Id, string Name, IReadOnlyList<string> Roles);

/// <param name="Prices">Published prices of a day, for anybody.</param>
/// <param name="Auction">An hour's anchored book and result, for anybody: put the hour and <c>book.json</c> or <c>result.json</c> in.</param>
public sealed record ApiLinks(string Clock, string Prices, string PricesCsv, string Auction);

/// <param name="MarketNow">Which time it is in the market.</param>
/// <param name="Rate">Market seconds in a real second; 0 when the clock stands.</param>
/// <param name="OpenHours">Hours that take orders, the next one first.</param>
public sealed record ApiClock(DateTimeOffset MarketNow, int Rate, DateTimeOffset? LastClosedHour, DateTimeOffset? LastClearedHour, IReadOnlyList<ApiGate> OpenHours);

public sealed record ApiGate(DateTimeOffset Hour, DateTimeOffset GateCloses);

/// <summary>An order to place.</summary>
public sealed record ApiNewOrder(
    [property: Description("Start of the delivery hour, UTC, e.g. 2026-11-22T06:00:00Z")] DateTimeOffset Hour,
    [property: Description("heat, cold or electricity")] string Carrier,
    [property: Description("buy or sell")] string Side,
    long QuantityWh,
    long LimitMicroPerKWh,
    [property: Description("The plant that delivers; only to sell")] string? Plant = null);

/// <param name="Orders">At most 1,000.</param>
public sealed record ApiBatch(IReadOnlyList<ApiNewOrder> Orders);

/// <param name="Outcome">placed, already-there or refused.</param>
public sealed record ApiBatchItem(int Index, string Outcome, long? Id, ApiFault? Error);

public sealed record ApiBatchResult(int Placed, int AlreadyThere, int Refused, IReadOnlyList<ApiBatchItem> Items);

public sealed record ApiPlaced(long Id);

/// <param name="State">open, closed, accepted, partly-accepted, not-accepted or withdrawn.</param>
public sealed record ApiOrder(
    long Id, DateTimeOffset Hour, string Carrier, string Side, long QuantityWh, long LimitMicroPerKWh, string? Plant, string State,
    long? AcceptedWh, long? PriceMicroPerKWh, DateTimeOffset PlacedAt, DateTimeOffset? WithdrawnAt)
{
    public static ApiOrder Of(OwnOrder own)
    {
        var order = own.Order;
        var state = own switch
        {
            { Order.WithdrawnAt: not null } => "withdrawn",
            { GateClosed: false } => "open",
            { Price: null } => "closed",
            _ when own.Accepted is not { } accepted || accepted == Energy.Zero => "not-accepted",
            _ => own.Accepted == order.Quantity ? "accepted" : "partly-accepted",
        };
        return new ApiOrder(
            order.Id, order.Hour, order.Carrier.Name(), ApiWords.Of(order.Side), order.Quantity.WattHours, order.Limit.MicroPerKWh, order.PlantCode, state,
            own.Accepted?.WattHours, own.Price?.MicroPerKWh, order.PlacedAt, order.WithdrawnAt);
    }
}

public sealed record ApiTemplateHour(int HourOfDay, long QuantityWh, long LimitMicroPerKWh);

public sealed record ApiNewTemplate(string Name, string Carrier, string Side, IReadOnlyList<ApiTemplateHour> Hours, string? Plant = null);

public sealed record ApiTemplate(long Id, string Name, string Carrier, string Side, string? Plant, IReadOnlyList<ApiTemplateHour> Hours, bool Standing)
{
    public static ApiTemplate Of(TemplateView template) => new(
        template.Id, template.Name, template.Carrier.Name(), ApiWords.Of(template.Side), template.PlantCode,
        [.. template.Hours.Select(hour => new ApiTemplateHour(hour.HourOfDay, hour.Quantity.WattHours, hour.Limit.MicroPerKWh))], template.Followed);
}

/// <param name="From">The first day, in loop time.</param>
/// <param name="Until">The last day, itself included.</param>
public sealed record ApiApply(DateOnly From, DateOnly Until);

public sealed record ApiApplied(int Placed, int AlreadyThere, int Refused, IReadOnlyList<ApiAppliedHour> Hours);

public sealed record ApiAppliedHour(DateTimeOffset Hour, string Outcome, long? Id, ApiFault? Error);

/// <summary>The terms of a standing purchase: a template to follow, or a limit with a quantity (none: as forecast).</summary>
public sealed record ApiStandingTerms(long? LimitMicroPerKWh = null, long? QuantityWh = null, long? TemplateId = null);

public sealed record ApiStanding(long Id, string Carrier, string Side, string? Plant, long? TemplateId, long? QuantityWh, long LimitMicroPerKWh, DateTimeOffset PlacedAt);

/// <summary>What covers the member's orders, in millionths of the currency.</summary>
public sealed record ApiCredit(long FreeMicro, long OpenOrdersMicro, long OwedMicro, long DepositMicro, long LimitMicro);

/// <param name="Days">On how many of the days an order at the limit would have been accepted.</param>
public sealed record ApiLikely(int Days, int OfDays, long? LowestMicroPerKWh, long? HighestMicroPerKWh);

internal static class ApiWords
{
    public static string Of(OrderSide side) => side == OrderSide.Buy ? "buy" : "sell";

    public static string Of(IntakeOutcome outcome) => outcome switch
    {
        IntakeOutcome.Placed => "placed",
        IntakeOutcome.AlreadyThere => "already-there",
        IntakeOutcome.Refused => "refused",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "Not an outcome"),
    };

    public static Carrier CarrierOf(string text, string field = "carrier") =>
        Carriers.TryParse(text, out var carrier) ? carrier : throw new BodyException(field, "carrier is heat, cold or electricity.");

    public static OrderSide SideOf(string text, string field = "side") =>
        text switch { "buy" => OrderSide.Buy, "sell" => OrderSide.Sell, _ => throw new BodyException(field, "side is buy or sell.") };
}
