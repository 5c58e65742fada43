using System.Globalization;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;

namespace Marketplace.Web.Features.Orders;

/// <summary>The form of an offer, as it was typed.</summary>
public sealed class OfferForm
{
    public Guid SubmissionId { get; set; }

    /// <summary>Plant and carrier, as <c>heat-store/heat</c>: a plant may sell several.</summary>
    public string? PlantCode { get; set; }

    public string? From { get; set; }

    public string? Until { get; set; }

    public string? Quantity { get; set; }

    public string? Limit { get; set; }
}

/// <summary>A producer's offers, what auctions accepted of them, and what that earned.</summary>
public sealed partial class OffersPage
{
    private static readonly Role[] Sellers = [Role.Producer, Role.Prosumer, Role.Storage, Role.Operator];

    private bool _ready;
    private MemberHere? _member;
    private DeskView? _desk;
    private IReadOnlyList<OwnPlant> _plants = [];
    private IReadOnlyList<(OwnPlant Plant, Carrier Carrier)> _sellable = [];
    private IReadOnlyList<OwnOrder> _open = [];
    private IReadOnlyList<AcceptedVolume> _volumes = [];
    private IReadOnlyList<Problem> _refused = [];
    private Interval _day;
    private Interval _span;
    private EditContext _context = default!;

    [SupplyParameterFromQuery]
    private int? Member { get; set; }

    [SupplyParameterFromQuery]
    private string? Done { get; set; }

    [SupplyParameterFromQuery(Name = "count")]
    private int? Count { get; set; }

    [SupplyParameterFromForm(FormName = "offer")]
    private OfferForm Offer { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "withdraw-offer")]
    private long? WithdrawId { get; set; }

    private Format Format => Loop.Format();

    private string Path => Loop.Path + "/offers";

    private string WithMember => Loop.Members.Count > 1 ? $"{Path}?member={_member!.Id.ToString(CultureInfo.InvariantCulture)}" : Path;

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        await LoadPageAsync();
        _ready = true;
    }

    private async Task LoadPageAsync()
    {
        _member = Loop.MemberFor(Member, Sellers);
        if (_member is not null)
        {
            await LoadAsync();
        }

        Offer ??= new OfferForm
        {
            PlantCode = _sellable is [var (plant, carrier), ..] ? Key(plant.Code, carrier) : null,
            From = _desk?.Hours is [var first, ..] ? HourAddress.Of(first.Hour.Start) : null,
            Until = _desk?.Hours is [var last, ..] ? HourAddress.Of(last.Hour.Start) : null,
        };
        if (Offer.SubmissionId == Guid.Empty)
        {
            Offer.SubmissionId = Guid.NewGuid();
        }

        _context = new EditContext(Offer);
    }

    private async Task LoadAsync()
    {
        var (loopId, memberId) = (Loop.Id, _member!.Id);
        _plants = await Requests.Send(new PlantsOf(loopId, memberId));
        _sellable = [.. _plants.SelectMany(plant => Carriers.All.Where(plant.Definition.Sells).Select(carrier => (plant, carrier)))];
        _desk = await Requests.Send(new OrderDesk(loopId, memberId));
        _day = Loop.Calendar.Day(Loop.Calendar.DayOf(_desk.MarketNow));
        var end = MarketHour.Containing(_desk.MarketNow).AddHours(3);
        _span = new Interval(end.AddHours(-27), end);
        _volumes = await Requests.Send(new AcceptedVolumes(loopId, memberId, new Interval(_day.Start < _span.Start ? _day.Start : _span.Start, end)));
        var orders = await Requests.Send(new OrdersOf(loopId, memberId, _desk.MarketNow, 200));
        _open = [.. orders.Orders
            .Where(order => order.Order.Side == OrderSide.Sell && order.Order.WithdrawnAt is null && !order.GateClosed)
            .OrderBy(order => order.Order.Hour)];
    }

    private async Task OfferAsync(EditContext context)
    {
        var problems = new List<Problem>();
        var (plant, carrier) = _sellable.FirstOrDefault(sold => Key(sold.Plant.Code, sold.Carrier) == Offer.PlantCode);
        if (plant is null)
        {
            problems.Add(new Problem(nameof(OfferForm.PlantCode), T["Problem.Plant"]));
        }

        if (!HourAddress.TryParse(Offer.From, out var from))
        {
            problems.Add(new Problem(nameof(OfferForm.From), T["Problem.Hour"]));
        }

        if (!HourAddress.TryParse(Offer.Until, out var until))
        {
            problems.Add(new Problem(nameof(OfferForm.Until), T["Problem.Hour"]));
        }

        var quantity = QuantityText.KWh(Offer.Quantity, nameof(OfferForm.Quantity), problems);
        var limit = QuantityText.Cents(Offer.Limit, nameof(OfferForm.Limit), Format.PriceUnit, problems);
        var placed = 0;
        if (problems.Count == 0)
        {
            var attempt = await Requests.Try(new PlaceOffers(
                Loop.Id, _member!.Id, Offer.SubmissionId, plant!.Code, carrier, from, until, quantity!.Value, limit!.Value));
            problems.AddRange(attempt.Problems);
            placed = attempt.Value;
        }

        if (!new FormFaults(context).Show(problems))
        {
            Navigation.NavigateTo($"{WithMember}{And}done=offered&count={placed.ToString(CultureInfo.InvariantCulture)}");
        }
    }

    private async Task WithdrawAsync()
    {
        if (WithdrawId is not { } id)
        {
            return;
        }

        var attempt = await Requests.Try(new WithdrawOrder(Loop.Id, _member!.Id, id));
        if (attempt.Succeeded)
        {
            Navigation.NavigateTo($"{WithMember}{And}done=withdrawn");
            return;
        }

        _refused = attempt.Problems;
        await LoadAsync();
    }

    private string And => WithMember.Contains('?', StringComparison.Ordinal) ? "&" : "?";

    private string PlantName(string? code) => _plants.FirstOrDefault(plant => plant.Code == code)?.Name ?? code ?? "";

    private static string Key(string plant, Carrier carrier) => plant + "/" + carrier.Name();

    /// <summary>Limits at which something changes: the lowest price of the week, its quarters and its highest.</summary>
    private static IReadOnlyList<Price> Limits(RecentPrices lately) =>
        [.. Enumerable.Range(0, 5).Select(quarter => lately.Sorted[(lately.Sorted.Count - 1) * quarter / 4]).Distinct()];
}
