using System.ComponentModel;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Charging;
using Marketplace.Web.Features.Deals;
using Marketplace.Web.Features.Storage;
using Marketplace.Web.Features.Wishes;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Api;

/// <summary>Terms of a deal, in days and hours of the loop.</summary>
public sealed record ApiTerms(
    [property: Description("In each hour")] long QuantityWh,
    long PriceMicroPerKWh,
    [property: Description("A local day, e.g. 2026-11-22")] DateOnly FirstDay,
    [property: Description("A local day, itself included")] DateOnly LastDay,
    [property: Description("Hour of the day, 0 to 23")] short HourFrom,
    [property: Description("Hour of the day, 1 to 24; not after the first means over midnight")] short HourUntil,
    [property: Description("On the market clock; without it, the gate of the first hour")] DateTimeOffset? AnswerBy = null,
    [property: Description("The seller's plant that delivers")] string? Plant = null,
    string? Note = null)
{
    public DealWish ToWish() => new(
        Energy.FromWh(QuantityWh), Price.FromMicroPerKWh(PriceMicroPerKWh), FirstDay, LastDay, HourFrom, HourUntil, AnswerBy?.ToUniversalTime(), Plant, Note);
}

public sealed record ApiNewDeal(
    [property: Description("The other member's number")] int With,
    [property: Description("heat, cold or electricity")] string Carrier,
    [property: Description("buy or sell")] string Side,
    ApiTerms Terms);

/// <param name="Act">Number of the act that is answered: an answer to terms that have changed meanwhile is refused.</param>
public sealed record ApiCounter(int Act, ApiTerms Terms);

/// <param name="Plant">For a seller who accepts and has not named the plant yet.</param>
public sealed record ApiAnswer(int Act, string? Plant = null);

/// <param name="State">proposed, countered, accepted, running, ended, withdrawn, declined or expired.</param>
/// <param name="Act">Number of the last act: answers name it.</param>
public sealed record ApiDeal(
    long Id, string State, int Act, bool WaitsForYou, int Seller, int Buyer, string Carrier, long QuantityWh, long PriceMicroPerKWh,
    DateTimeOffset StartsAt, DateTimeOffset EndsAt, short HourFrom, short HourUntil, DateTimeOffset ExpiresAt, string? Plant)
{
    internal static ApiDeal Of(DealRow row, int member) => new(
        row.Deal.Id, row.State.ToString().ToLowerInvariant(), row.Last.Number, row.WaitsFor(member), row.Deal.SellerId, row.Deal.BuyerId, row.Deal.Carrier.Name(),
        row.Last.Quantity.WattHours, row.Last.Price.MicroPerKWh, row.Last.StartsAt, row.Last.EndsAt, row.Last.HourFrom, row.Last.HourUntil, row.Last.ExpiresAt, row.Last.PlantCode);
}

/// <param name="Watts">0 takes the demand back.</param>
/// <param name="EveryWorkingDay">The same half hour from Monday to Friday, until it is said otherwise.</param>
public sealed record ApiChargingDemand(
    [property: Description("Start of the half hour, UTC, e.g. 2026-11-22T17:30:00Z")] DateTimeOffset Period, long Watts, bool EveryWorkingDay = false);

public sealed record ApiQuotaOrder(
    [property: Description("Start of the half hour, UTC")] DateTimeOffset Period,
    [property: Description("buy or sell")] string Side, long EnergyWh, long LimitMicroPerKWh);

/// <param name="Trading">The half hour for which bids and offers are taken now, if there is one.</param>
public sealed record ApiCharging(
    string Group, string Pricing, long PenaltyMicroPerKWh, DateTimeOffset NextDemand, DateTimeOffset? Trading, IReadOnlyList<ApiOpenQuotaOrder> OpenOrders, IReadOnlyList<ApiQuota> Periods);

public sealed record ApiOpenQuotaOrder(long Id, DateTimeOffset Period, string Side, long EnergyWh, long LimitMicroPerKWh, long DepositMicro);

public sealed record ApiQuota(DateTimeOffset Period, long DemandWatts, long QuotaWatts, long BoughtWh, long AmountMicro, long AllowedWh, bool Cleared);

/// <param name="Wish">cheapest, local-first or renewable-only.</param>
public sealed record ApiWish(string Wish, long PremiumMicroPerKWh);

public sealed record ApiWishView(string Carrier, string Wish, long PremiumMicroPerKWh, DateTimeOffset? Since, long WantedWh, long MetWh, long PaidMicro);

/// <param name="ScheduledBy">owner or market.</param>
/// <param name="OwnerShareMillionths">As the loop offers it: terms that changed meanwhile are refused.</param>
public sealed record ApiStoreChoice(string ScheduledBy, int OwnerShareMillionths);

public sealed record ApiFrom(DateTimeOffset From);

/// <summary>Deals with other members, charging quotas, wishes for an origin and who schedules a store, over HTTP.</summary>
internal static class ApiTrading
{
    public static void Map(RouteGroupBuilder api)
    {
        var member = api.MapGroup("/loops/{slug}/members/{member:int}");
        var deals = member.MapGroup("/deals").WithTags("Deals");
        deals.MapGet("/", DealsAsync).WithSummary("The member's deals, the newest first").Produces<IReadOnlyList<ApiDeal>>();
        deals.MapPost("/", ProposeAsync).WithSummary("Proposes a deal; the header Idempotency-Key names it")
            .Accepts<ApiNewDeal>("application/json").Produces<ApiPlaced>(StatusCodes.Status201Created).WithRefusals();
        deals.MapPost("/{id:long}/counter", CounterAsync).WithSummary("Answers with other terms").Accepts<ApiCounter>("application/json").Produces(StatusCodes.Status204NoContent).WithRefusals();
        deals.MapPost("/{id:long}/accept", (HttpContext context, string slug, int member, long id, Requests requests, CancellationToken token) =>
            AnswerAsync(context, slug, member, requests, (caller, answer) => new AcceptDeal(caller.Loop.Id, caller.Member.Id, id, answer.Act, answer.Plant), token))
            .WithSummary("Accepts the terms as they stand").Accepts<ApiAnswer>("application/json").Produces(StatusCodes.Status204NoContent).WithRefusals();
        deals.MapPost("/{id:long}/decline", (HttpContext context, string slug, int member, long id, Requests requests, CancellationToken token) =>
            AnswerAsync(context, slug, member, requests, (caller, answer) => new DeclineDeal(caller.Loop.Id, caller.Member.Id, id, answer.Act), token))
            .WithSummary("Declines").Accepts<ApiAnswer>("application/json").Produces(StatusCodes.Status204NoContent).WithRefusals();
        deals.MapPost("/{id:long}/withdraw", (HttpContext context, string slug, int member, long id, Requests requests, CancellationToken token) =>
            AnswerAsync(context, slug, member, requests, (caller, answer) => new WithdrawDeal(caller.Loop.Id, caller.Member.Id, id, answer.Act), token))
            .WithSummary("Takes one's own terms back before they are answered").Accepts<ApiAnswer>("application/json").Produces(StatusCodes.Status204NoContent).WithRefusals();

        var charging = member.MapGroup("/charging").WithTags("Charging");
        charging.MapGet("/", ChargingAsync).WithSummary("Quotas, open bids and offers, and the gates").Produces<ApiCharging>().WithRefusals();
        charging.MapPut("/demand", DemandAsync).WithSummary("States the power wanted in a half hour").Accepts<ApiChargingDemand>("application/json").Produces(StatusCodes.Status204NoContent).WithRefusals();
        charging.MapPost("/orders", QuotaOrderAsync).WithSummary("Bids for quota, or offers it; the header Idempotency-Key names it")
            .Accepts<ApiQuotaOrder>("application/json").Produces(StatusCodes.Status204NoContent).WithRefusals();
        charging.MapDelete("/orders/{id:long}", WithdrawQuotaAsync).WithSummary("Withdraws a bid or offer before the gate").Produces(StatusCodes.Status204NoContent).WithRefusals();

        var wishes = member.MapGroup("/preferences").WithTags("Origin");
        wishes.MapGet("/", WishesAsync).WithSummary("What the member asks of its energy, and how far it was met").Produces<IReadOnlyList<ApiWishView>>();
        wishes.MapPut("/{carrier}", WishAsync).WithSummary("Asks for an origin").Accepts<ApiWish>("application/json").Produces<ApiFrom>().WithRefusals();

        member.MapPut("/stores/{plant}/schedule", StoreAsync).WithTags("Stores").WithSummary("Says who decides when a store charges")
            .Accepts<ApiStoreChoice>("application/json").Produces<ApiFrom>().WithRefusals();
    }

    private static async Task<IResult> DealsAsync(string slug, int member, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.CallerAsync(requests, slug, member, cancellationToken);
        var deals = await requests.Send(new DealsOf(caller.Loop.Id, caller.Member.Id), cancellationToken);
        return Results.Json(deals.Deals.Select(row => ApiDeal.Of(row, caller.Member.Id)), ApiProblems.Json);
    }

    private static async Task<IResult> ProposeAsync(HttpContext context, string slug, int member, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.TraderAsync(context, requests, slug, member, cancellationToken);
        var submission = ApiEndpoints.SubmissionOf(context, caller);
        var body = await ApiProblems.ReadAsync<ApiNewDeal>(context);
        var id = await requests.Send(
            new ProposeDeal(caller.Loop.Id, caller.Member.Id, submission, body.With, ApiWords.CarrierOf(body.Carrier), ApiWords.SideOf(body.Side), body.Terms.ToWish()), cancellationToken);
        return Results.Json(new ApiPlaced(id), ApiProblems.Json, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> CounterAsync(HttpContext context, string slug, int member, long id, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.TraderAsync(context, requests, slug, member, cancellationToken);
        var body = await ApiProblems.ReadAsync<ApiCounter>(context);
        await requests.Send(new CounterDeal(caller.Loop.Id, caller.Member.Id, id, body.Act, body.Terms.ToWish()), cancellationToken);
        return Results.NoContent();
    }

    private static async Task<IResult> AnswerAsync(
        HttpContext context, string slug, int member, Requests requests, Func<Caller, ApiAnswer, IRequest<Unit>> answer, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.TraderAsync(context, requests, slug, member, cancellationToken);
        await requests.Send(answer(caller, await ApiProblems.ReadAsync<ApiAnswer>(context)), cancellationToken);
        return Results.NoContent();
    }

    private static async Task<IResult> ChargingAsync(string slug, int member, Requests requests, CancellationToken cancellationToken)
    {
        var view = await GroupAsync(await ApiEndpoints.CallerAsync(requests, slug, member, cancellationToken), requests, cancellationToken);
        return Results.Json(
            new ApiCharging(
                view.Group.Name, view.Pricing.ToString().ToLowerInvariant(), view.PenaltyRate.MicroPerKWh, view.Demand, view.Trading,
                [.. view.Open.Select(order => new ApiOpenQuotaOrder(
                    order.Id, order.Period, order.Side == OrderSide.Buy ? "buy" : "sell", order.Energy.WattHours, order.Limit.MicroPerKWh, order.Deposit.Micro))],
                [.. view.Periods.Select(row => new ApiQuota(
                    row.Allocation.Period, row.Quota?.DemandWatts ?? 0, row.Quota?.QuotaWatts ?? 0, row.Net?.Energy.WattHours ?? 0, row.Net?.Amount.Micro ?? 0, row.Allowed.WattHours, row.Cleared))]),
            ApiProblems.Json);
    }

    private static async Task<IResult> DemandAsync(HttpContext context, string slug, int member, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.TraderAsync(context, requests, slug, member, cancellationToken);
        var view = await GroupAsync(caller, requests, cancellationToken);
        var body = await ApiProblems.ReadAsync<ApiChargingDemand>(context);
        await requests.Send(
            new StateDemand(caller.Loop.Id, view.Group.Id, caller.Member.Id, body.Period.ToUniversalTime(), body.Watts, body.EveryWorkingDay), cancellationToken);
        return Results.NoContent();
    }

    private static async Task<IResult> QuotaOrderAsync(HttpContext context, string slug, int member, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.TraderAsync(context, requests, slug, member, cancellationToken);
        var submission = ApiEndpoints.SubmissionOf(context, caller);
        var view = await GroupAsync(caller, requests, cancellationToken);
        var body = await ApiProblems.ReadAsync<ApiQuotaOrder>(context);
        await requests.Send(
            new PlaceQuotaOrder(
                caller.Loop.Id, view.Group.Id, caller.Member.Id, submission, body.Period.ToUniversalTime(), ApiWords.SideOf(body.Side),
                Energy.FromWh(body.EnergyWh), Price.FromMicroPerKWh(body.LimitMicroPerKWh)),
            cancellationToken);
        return Results.NoContent();
    }

    private static async Task<IResult> WithdrawQuotaAsync(HttpContext context, string slug, int member, long id, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.TraderAsync(context, requests, slug, member, cancellationToken);
        await requests.Send(new WithdrawQuotaOrder(caller.Loop.Id, caller.Member.Id, id), cancellationToken);
        return Results.NoContent();
    }

    private static async Task<ChargingView> GroupAsync(Caller caller, Requests requests, CancellationToken cancellationToken) =>
        await requests.Send(new ShowCharging(caller.Loop.Id, caller.Member.Id), cancellationToken)
        ?? throw new RefusedException("member", "This member has no charging point. The operator adds one by naming the meter that measures charging.");

    private static async Task<IResult> WishesAsync(string slug, int member, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.CallerAsync(requests, slug, member, cancellationToken);
        var view = await requests.Send(new ShowPreferences(caller.Loop.Id, caller.Member.Id), cancellationToken);
        return Results.Json(
            view.Wishes.Select(wish => new ApiWishView(
                wish.Carrier.Name(), NameOf(wish.Wish), wish.Premium.MicroPerKWh, wish.Since, wish.Wanted.WattHours, wish.Met.WattHours, wish.Paid.Micro)),
            ApiProblems.Json);
    }

    private static async Task<IResult> WishAsync(HttpContext context, string slug, int member, string carrier, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.TraderAsync(context, requests, slug, member, cancellationToken);
        var body = await ApiProblems.ReadAsync<ApiWish>(context);
        var wish = Enum.GetValues<Preference>().Where(wish => NameOf(wish) == body.Wish).Cast<Preference?>().FirstOrDefault()
            ?? throw new BodyException("wish", $"wish is one of {string.Join(", ", Enum.GetValues<Preference>().Select(NameOf))}.");
        var from = await requests.Send(
            new SetPreference(caller.Loop.Id, caller.Member.Id, ApiWords.CarrierOf(carrier), wish, Price.FromMicroPerKWh(body.PremiumMicroPerKWh)), cancellationToken);
        return Results.Json(new ApiFrom(from), ApiProblems.Json);
    }

    private static string NameOf(Preference wish) => wish switch
    {
        Preference.Cheapest => "cheapest",
        Preference.LocalFirst => "local-first",
        Preference.RenewableOnly => "renewable-only",
        _ => throw new ArgumentOutOfRangeException(nameof(wish), wish, "Not a wish"),
    };

    private static async Task<IResult> StoreAsync(HttpContext context, string slug, int member, string plant, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.TraderAsync(context, requests, slug, member, cancellationToken);
        var body = await ApiProblems.ReadAsync<ApiStoreChoice>(context);
        var byMarket = body.ScheduledBy switch { "market" => true, "owner" => false, _ => throw new BodyException("scheduledBy", "scheduledBy is owner or market.") };
        var from = await requests.Send(new ChooseStoreSchedule(caller.Loop.Id, caller.Member.Id, plant, byMarket, body.OwnerShareMillionths), cancellationToken);
        return Results.Json(new ApiFrom(from), ApiProblems.Json);
    }
}
