using System.Globalization;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using MediatR;
using Microsoft.AspNetCore.Components;

namespace Marketplace.Web.Features.Charging;

/// <summary>Where a member says what it wants to charge with, sees its quota and trades it.</summary>
public partial class ChargingPage : LoopPage
{
    private static readonly Role[] Drivers = [Role.Consumer, Role.Prosumer];
    private bool _ready;
    private MemberHere? _member;
    private ChargingView? _view;
    private IReadOnlyList<Problem> _refused = [];

    [SupplyParameterFromQuery]
    private int? Member { get; set; }

    [SupplyParameterFromQuery]
    private string? Done { get; set; }

    [SupplyParameterFromForm(FormName = "demand")]
    private string? DemandPeriod { get; set; }

    [SupplyParameterFromForm(FormName = "demand")]
    private string? DemandPower { get; set; }

    [SupplyParameterFromForm(FormName = "demand")]
    private bool Daily { get; set; }

    [SupplyParameterFromForm(FormName = "end-habit")]
    private short? EndSlot { get; set; }

    [SupplyParameterFromForm(FormName = "quota-order")]
    private Guid OrderId { get; set; }

    [SupplyParameterFromForm(FormName = "quota-order")]
    private string? OrderPeriod { get; set; }

    [SupplyParameterFromForm(FormName = "quota-order")]
    private string? Side { get; set; }

    [SupplyParameterFromForm(FormName = "quota-order")]
    private string? OrderEnergy { get; set; }

    [SupplyParameterFromForm(FormName = "quota-order")]
    private string? OrderLimit { get; set; }

    [SupplyParameterFromForm(FormName = "quota-withdraw")]
    private long? WithdrawId { get; set; }

    private Format Format => Loop.Format();

    private string Path => Loop.Path + "/charging";

    protected override bool IsFor(LoopView loop) => loop.MembersAs(Drivers).Any();

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        _member = Loop.MemberFor(Member, Drivers);
        _view = _member is null ? null : await Requests.Send(new ShowCharging(Loop.Id, _member.Id));
        _ready = true;
    }

    private string Span(DateTimeOffset period) => Format.Hour(ChargingPeriods.Of(period));

    private static string Clock(int slot) => string.Create(CultureInfo.InvariantCulture, $"{slot / 2:00}:{slot % 2 * 30:00}");

    private async Task DemandAsync()
    {
        if (!ChargingPeriods.TryParse(DemandPeriod, out var period) || MoneyText.Watts(DemandPower) is not { } watts)
        {
            _refused = [new Problem("", T["Problem.Power"])];
            return;
        }

        await DoAsync(new StateDemand(Loop.Id, _view!.Group.Id, _member!.Id, period, watts, Daily), "demand");
    }

    private Task EndAsync() => EndSlot is { } slot ? DoAsync(new EndHabit(Loop.Id, _view!.Group.Id, _member!.Id, slot), "ended") : Task.CompletedTask;

    private async Task OrderAsync()
    {
        var problems = new List<Problem>();
        var energy = QuantityText.KWh(OrderEnergy, nameof(OrderEnergy), problems);
        var limit = QuantityText.Cents(OrderLimit, nameof(OrderLimit), Format.PriceUnit, problems);
        if (problems.Count > 0 || !ChargingPeriods.TryParse(OrderPeriod, out var period))
        {
            _refused = problems.Count > 0 ? problems : [new Problem("", T["NotTrading"])];
            return;
        }

        await DoAsync(
            new PlaceQuotaOrder(Loop.Id, _view!.Group.Id, _member!.Id, OrderId, period, Side == "sell" ? OrderSide.Sell : OrderSide.Buy, energy!.Value, limit!.Value), "order");
    }

    private Task WithdrawAsync() => WithdrawId is { } id ? DoAsync(new WithdrawQuotaOrder(Loop.Id, _member!.Id, id), "withdrawn") : Task.CompletedTask;

    private async Task DoAsync(IRequest<Unit> request, string done)
    {
        var attempt = await Requests.Try(request);
        if (attempt.Succeeded)
        {
            // A redirect, so that loading the page again does not send the form again.
            Navigation.NavigateTo(string.Create(CultureInfo.InvariantCulture, $"{Path}?member={_member!.Id}&done={done}"));
            return;
        }

        _refused = attempt.Problems;
    }
}
