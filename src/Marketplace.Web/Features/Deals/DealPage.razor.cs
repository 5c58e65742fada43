using System.Globalization;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Microsoft.AspNetCore.Components;

namespace Marketplace.Web.Features.Deals;

/// <summary>A deal for its parties, who act on it, and for operators and auditors, who read.</summary>
public sealed partial class DealPage
{
    private static readonly string[] DoneKeys = ["proposed", "countered", "accepted", "declined", "withdrawn"];

    private DealDetail? _deal;
    private MemberHere? _member;
    private IReadOnlyList<Problem> _refused = [];

    [Parameter]
    public long DealId { get; set; }

    [SupplyParameterFromQuery]
    private int? Member { get; set; }

    [SupplyParameterFromQuery]
    private string? Done { get; set; }

    /// <summary>Of the hours.</summary>
    [SupplyParameterFromQuery(Name = "page")]
    private int? PageNumber { get; set; }

    [SupplyParameterFromForm(FormName = "answer")]
    private string? Act { get; set; }

    [SupplyParameterFromForm(FormName = "answer")]
    private int? Seen { get; set; }

    [SupplyParameterFromForm(FormName = "answer")]
    private string? Plant { get; set; }

    private Format Format => Loop.Format();

    private int OtherId => _deal!.Deal.SellerId == _member!.Id ? _deal.Deal.BuyerId : _deal.Deal.SellerId;

    private bool MyTurn => _deal!.Last.MemberId != _member!.Id;

    private Energy Full => Energy.FromWh(checked(_deal!.Last.Quantity.WattHours * _deal.Hours));

    private string HoursPath => string.Create(CultureInfo.InvariantCulture, $"{Loop.Path}/deals/{DealId}/hours/");

    private string CounterHref
    {
        get
        {
            var query = DealWords.Query(Loop, _member);
            return string.Create(CultureInfo.InvariantCulture, $"{Loop.Path}/deals/new{query}{(query.Length > 0 ? "&" : "?")}counter={DealId}");
        }
    }

    /// <inheritdoc/>
    protected override Task OnInitializedAsync() => LoadAsync();

    private async Task LoadAsync()
    {
        var deal = await Requests.Send(new ShowDeal(Loop.Id, DealId, PageNumber ?? 1));
        var parties = Loop.MembersAs(DealPlants.Traders).Where(member => deal.Deal.HasParty(member.Id)).ToList();
        // Who acts for both sees it as the one whose turn it is.
        _member = parties.Find(party => party.Id == Member)
            ?? parties.Find(party => deal.State.IsOpen() && deal.Last.MemberId != party.Id)
            ?? parties.FirstOrDefault();
        _deal = deal;
    }

    private async Task AnswerAsync()
    {
        if (_member is null || Seen is not { } seen)
        {
            return;
        }

        var (loopId, memberId) = (Loop.Id, _member.Id);
        var (attempt, done) = Act switch
        {
            "accept" => (await Requests.Try(new AcceptDeal(loopId, memberId, DealId, seen, Plant)), "accepted"),
            "decline" => (await Requests.Try(new DeclineDeal(loopId, memberId, DealId, seen)), "declined"),
            "withdraw" => (await Requests.Try(new WithdrawDeal(loopId, memberId, DealId, seen)), "withdrawn"),
            _ => (null, ""),
        };
        if (attempt is null)
        {
            return;
        }

        if (attempt.Succeeded)
        {
            // A redirect, so that loading the page again does not send the form again.
            var path = DealWords.Path(Loop, DealId, _member);
            Navigation.NavigateTo($"{path}{(path.Contains('?', StringComparison.Ordinal) ? "&" : "?")}done={done}");
            return;
        }

        _refused = attempt.Problems;
        await LoadAsync();
    }

    private string Card(int member) => string.Create(CultureInfo.InvariantCulture, $"{Loop.Path}/parties/number/{member}");

    private string ProofOf(DealAct act) => string.Create(CultureInfo.InvariantCulture, $"{Loop.Path}/deals/{DealId}/acts/{act.Number}/proof");
}
