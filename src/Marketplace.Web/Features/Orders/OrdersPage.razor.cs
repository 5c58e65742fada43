using System.Globalization;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;

namespace Marketplace.Web.Features.Orders;

/// <summary>The form of one order, as it was typed.</summary>
public sealed class OrderForm
{
    public Guid SubmissionId { get; set; }

    public long? Replaces { get; set; }

    /// <summary>As <see cref="HourAddress"/> writes it.</summary>
    public string? Hour { get; set; }

    public string? Carrier { get; set; }

    public string? Quantity { get; set; }

    public string? Limit { get; set; }
}

/// <summary>The form of a standing order, as it was typed. Its fields have names of their own: both forms stand on one page.</summary>
public sealed class StandingForm
{
    public string? StandingCarrier { get; set; }

    public string? StandingQuantity { get; set; }

    public string? StandingLimit { get; set; }
}

/// <summary>A member's own orders: forms that work without a script, keep what was typed and say each problem at its field.</summary>
public sealed partial class OrdersPage
{
    private static readonly Role[] Buyers = [Role.Consumer, Role.Prosumer, Role.Producer, Role.Storage];
    private const int ComingHours = 8;
    private static readonly string[] DoneKeys = ["placed", "changed", "withdrawn", "standing", "ended"];

    private bool _ready;
    private MemberHere? _member;
    private DeskView? _desk;
    private OwnOrders _orders = new([], []);
    private IReadOnlyList<SupplyOfHour> _supply = [];
    private CreditStanding? _credit;
    private string? _likely;
    private int _rate;
    private IReadOnlyList<OwnOrder> _open = [];
    private IReadOnlyList<OwnOrder> _past = [];
    private IReadOnlyList<Problem> _refused = [];
    private EditContext _orderContext = default!;
    private EditContext _standingContext = default!;

    /// <summary>For a person who acts for several members.</summary>
    [SupplyParameterFromQuery]
    private int? Member { get; set; }

    /// <summary>What has just been done.</summary>
    [SupplyParameterFromQuery]
    private string? Done { get; set; }

    /// <summary>The order to change.</summary>
    [SupplyParameterFromQuery(Name = "change")]
    private long? ChangeId { get; set; }

    [SupplyParameterFromForm(FormName = "order")]
    private OrderForm Order { get; set; } = default!;

    /// <summary>Whether the order is to be placed or only looked at.</summary>
    [SupplyParameterFromForm(FormName = "order")]
    private string? Act { get; set; }

    [SupplyParameterFromForm(FormName = "standing")]
    private StandingForm Standing { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "withdraw")]
    private long? WithdrawId { get; set; }

    [SupplyParameterFromForm(FormName = "end-standing")]
    private string? EndCarrier { get; set; }

    private Format Format => Loop.Format();

    private string Path => Loop.Path + "/orders";

    private string WithMember => Loop.Members.Count > 1 ? $"{Path}?member={_member!.Id.ToString(CultureInfo.InvariantCulture)}" : Path;

    private string MemberQuery => Loop.Members.Count > 1 ? "?member=" + _member!.Id.ToString(CultureInfo.InvariantCulture) : "";

    private string? Yesterday => Carriers.TryParse(Order.Carrier, out var carrier) && _desk!.YesterdayAt.TryGetValue(carrier, out var energy)
        ? T["Hint.Yesterday", Format.Energy(energy)]
        : T["Hint.Quantity"];

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        await LoadPageAsync();
        _ready = true;
    }

    private async Task LoadPageAsync()
    {
        _member = Loop.MemberFor(Member, Buyers);
        if (_member is not null)
        {
            await LoadAsync();
        }

        Order ??= Fresh();
        if (Order.SubmissionId == Guid.Empty)
        {
            Order.SubmissionId = Guid.NewGuid();
        }

        Standing ??= new StandingForm { StandingCarrier = _desk?.Buys is [var first, ..] ? first.Name() : null };
        _orderContext = new EditContext(Order);
        _standingContext = new EditContext(Standing);
    }

    private async Task LoadAsync()
    {
        _desk = await Requests.Send(new OrderDesk(Loop.Id, _member!.Id));
        _orders = await Requests.Send(new OrdersOf(Loop.Id, _member.Id, _desk.MarketNow.AddHours(-24), 400));
        _supply = await Requests.Send(new ComingSupply(Loop.Id, _member.Id, [.. _desk.Hours.Take(ComingHours).Select(open => open.Hour.Start)]));
        _rate = (await Requests.Send(new ShowMarketClock(Loop.Id))).Rate;
        _credit = await Requests.Send(new ShowCredit(Loop.Id, _member.Id));
        var hours = _desk.Hours.Select(open => open.Hour.Start).ToHashSet();
        var buys = _orders.Orders.Where(order => order.Order.Side == OrderSide.Buy).ToLookup(order => order.Order.WithdrawnAt is null && hours.Contains(order.Order.Hour));
        _open = [.. buys[true].OrderBy(order => order.Order.Hour).ThenBy(order => order.Order.Carrier)];
        _past = [.. buys[false].OrderByDescending(order => order.Order.Hour).ThenBy(order => order.Order.Carrier)];
    }

    private OrderForm Fresh()
    {
        var changed = _orders.Orders.FirstOrDefault(order => order.Order.Id == ChangeId && order.Order.WithdrawnAt is null && !order.GateClosed)?.Order;
        return changed is null
            ? new OrderForm
            {
                Hour = _desk?.Hours is [var next, ..] ? HourAddress.Of(next.Hour.Start) : null,
                Carrier = _desk?.Buys is [var first, ..] ? first.Name() : null,
            }
            : new OrderForm
            {
                Replaces = changed.Id,
                Hour = HourAddress.Of(changed.Hour),
                Carrier = changed.Carrier.Name(),
                Quantity = changed.Quantity.KilowattHours.ToString("0.###", CultureInfo.InvariantCulture),
                Limit = changed.Limit.CentsPerKWh.ToString("0.####", CultureInfo.InvariantCulture),
            };
    }

    private async Task PlaceAsync(EditContext context)
    {
        var problems = new List<Problem>();
        if (!HourAddress.TryParse(Order.Hour, out var hour))
        {
            problems.Add(new Problem(nameof(OrderForm.Hour), T["Problem.Hour"]));
        }

        if (!Carriers.TryParse(Order.Carrier, out var carrier))
        {
            problems.Add(new Problem(nameof(OrderForm.Carrier), T["Problem.Carrier"]));
        }

        var quantity = QuantityText.KWh(Order.Quantity, nameof(OrderForm.Quantity), problems);
        var limit = QuantityText.Cents(Order.Limit, nameof(OrderForm.Limit), Format.PriceUnit, problems);
        _likely = await LikelyText.OfAsync(Requests, Loop, T, Order.Hour, Order.Carrier, OrderSide.Buy, Order.Limit, CancellationToken.None);
        if (Act == "check")
        {
            new FormFaults(context).Show(problems);
            return;
        }

        if (problems.Count == 0)
        {
            var attempt = await Requests.Try(new PlaceOrder(
                Loop.Id, _member!.Id, Order.SubmissionId, hour, carrier, OrderSide.Buy, quantity!.Value, limit!.Value, Replaces: Order.Replaces));
            problems.AddRange(attempt.Problems);
        }

        if (!new FormFaults(context).Show(problems))
        {
            Leave(Order.Replaces is null ? "placed" : "changed");
        }
    }

    private async Task PlaceStandingAsync(EditContext context)
    {
        var problems = new List<Problem>();
        if (!Carriers.TryParse(Standing.StandingCarrier, out var carrier))
        {
            problems.Add(new Problem(nameof(StandingForm.StandingCarrier), T["Problem.Carrier"]));
        }

        var quantity = string.IsNullOrWhiteSpace(Standing.StandingQuantity)
            ? null
            : QuantityText.KWh(Standing.StandingQuantity, nameof(StandingForm.StandingQuantity), problems);
        var limit = QuantityText.Cents(Standing.StandingLimit, nameof(StandingForm.StandingLimit), Format.PriceUnit, problems);
        if (problems.Count == 0)
        {
            var attempt = await Requests.Try(new PlaceStandingOrder(Loop.Id, _member!.Id, carrier, quantity, limit!.Value));
            problems.AddRange(attempt.Problems.Select(problem => problem with { Field = problem.Field.Length == 0 ? "" : "Standing" + problem.Field }));
        }

        if (!new FormFaults(context).Show(problems))
        {
            Leave("standing");
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
            Leave("withdrawn");
            return;
        }

        _refused = attempt.Problems;
        await LoadAsync();
    }

    private async Task EndStandingAsync()
    {
        if (!Carriers.TryParse(EndCarrier, out var carrier))
        {
            return;
        }

        await Requests.Send(new EndStandingOrder(Loop.Id, _member!.Id, carrier));
        Leave("ended");
    }

    // A redirect, so that loading the page again does not send the form again.
    private void Leave(string done) => Navigation.NavigateTo($"{WithMember}{(WithMember.Contains('?', StringComparison.Ordinal) ? "&" : "?")}done={done}");

    private string ChangeLink(MarketOrder order) =>
        $"{WithMember}{(WithMember.Contains('?', StringComparison.Ordinal) ? "&" : "?")}change={order.Id.ToString(CultureInfo.InvariantCulture)}#place";

    private static Tone ToneOf(OwnOrder order) => order switch
    {
        { Order.WithdrawnAt: not null } or { GateClosed: false } => Tone.Note,
        { Price: null } => Tone.Note,
        _ when order.Accepted is { } accepted && accepted == order.Order.Quantity => Tone.Good,
        _ => Tone.Attention,
    };

    private string StateOf(OwnOrder order) => order switch
    {
        { Order.WithdrawnAt: not null } => T["State.Withdrawn"],
        { GateClosed: false } => T["State.Open"],
        { Price: null } => T["State.Closed"],
        _ when order.Accepted is not { } accepted || accepted == Energy.Zero => T["State.NotAccepted"],
        _ when order.Accepted == order.Order.Quantity => T["State.Accepted"],
        _ => T["State.Partly"],
    };
}
