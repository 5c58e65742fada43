using System.Globalization;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using MediatR;
using Microsoft.AspNetCore.Components;

namespace Marketplace.Web.Features.Charging;

/// <summary>Where an operator sets transformers up, says what they can carry, and cures periods that could not be cleared.</summary>
public partial class ChargingGroupsPage : OperatorPage
{
    private ChargingGroupsView? _view;
    private IReadOnlyList<Problem> _refused = [];

    [SupplyParameterFromQuery]
    private bool Done { get; set; }

    [SupplyParameterFromForm]
    private string? Name { get; set; }

    [SupplyParameterFromForm]
    private string? Margin { get; set; }

    [SupplyParameterFromForm]
    private string? Penalty { get; set; }

    [SupplyParameterFromForm]
    private string? Pricing { get; set; }

    [SupplyParameterFromForm]
    private int From { get; set; }

    [SupplyParameterFromForm]
    private int Until { get; set; }

    [SupplyParameterFromForm]
    private string? Only { get; set; }

    [SupplyParameterFromForm]
    private string? Meter { get; set; }

    [SupplyParameterFromForm]
    private int? Remove { get; set; }

    [SupplyParameterFromForm]
    private string? Cancel { get; set; }

    private Format Format => Loop.Format();

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync() => _view = await Requests.Send(new ShowChargingGroups(Loop.Id));

    private string Span(DateTimeOffset period) => Format.Hour(ChargingPeriods.Of(period));

    private static string Clock(int slot) => string.Create(CultureInfo.InvariantCulture, $"{slot / 2:00}:{slot % 2 * 30:00}");

    /// <summary>The day's margins, neighbours that are alike together.</summary>
    private static List<(int From, int Until, long Watts)> Spans(ChargingTerms terms)
    {
        var spans = new List<(int From, int Until, long Watts)>();
        foreach (var (slot, watts) in terms.MarginWatts.Index())
        {
            if (spans.Count > 0 && spans[^1].Watts == watts)
            {
                spans[^1] = spans[^1] with { Until = slot + 1 };
            }
            else
            {
                spans.Add((slot, slot + 1, watts));
            }
        }

        return spans;
    }

    private async Task OpenAsync()
    {
        if (MoneyText.Watts(Margin) is not { } watts || !Enum.TryParse<QuotaPricing>(Pricing, out var pricing) || Rate() is not { } rate)
        {
            _refused = [new Problem("", T["Problem.Terms"])];
            return;
        }

        await DoAsync(new OpenChargingGroup(Loop.Id, Name ?? "", watts, pricing, rate));
    }

    private async Task TermsAsync(ChargingGroupRow row)
    {
        var margin = string.IsNullOrWhiteSpace(Margin) ? null : MoneyText.Watts(Margin);
        if ((margin is null && !string.IsNullOrWhiteSpace(Margin)) || !Enum.TryParse<QuotaPricing>(Pricing, out var pricing) || Rate() is not { } rate)
        {
            _refused = [new Problem("", T["Problem.Terms"])];
            return;
        }

        if (ChargingPeriods.TryParse(Only, out var period))
        {
            await DoAsync(new OverrideMargin(Loop.Id, row.Group.Id, period, margin));
            return;
        }

        await DoAsync(new SetChargingTerms(Loop.Id, row.Group.Id, From, Until, margin, pricing, rate));
    }

    private async Task PointAsync(ChargingGroupRow row)
    {
        if (Remove is { } member)
        {
            await DoAsync(new SetChargingPoint(Loop.Id, row.Group.Id, member, null));
        }
        else if (Meter?.Split('/') is [var who, var which]
            && int.TryParse(who, NumberStyles.None, CultureInfo.InvariantCulture, out var memberId)
            && int.TryParse(which, NumberStyles.None, CultureInfo.InvariantCulture, out var meterId))
        {
            await DoAsync(new SetChargingPoint(Loop.Id, row.Group.Id, memberId, meterId));
        }
    }

    private async Task CancelAsync()
    {
        if (Cancel?.Split('/') is [var group, var address] && int.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var groupId)
            && ChargingPeriods.TryParse(address, out var period))
        {
            await DoAsync(new CancelQuotaTrades(Loop.Id, groupId, period, T["CancelReason"]));
        }
    }

    private Price? Rate()
    {
        var problems = new List<Problem>();
        return QuantityText.Cents(Penalty, nameof(Penalty), Format.PriceUnit, problems);
    }

    private async Task DoAsync<TAnswer>(IRequest<TAnswer> request)
    {
        var attempt = await Requests.Try(request);
        if (attempt.Succeeded)
        {
            Navigation.NavigateTo(Loop.Path + "/operations/charging?done=true");
            return;
        }

        _refused = attempt.Problems;
    }
}
