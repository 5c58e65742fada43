using System.Globalization;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Signing;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Microsoft.AspNetCore.Components;

namespace Marketplace.Web.Features.Contracts;

/// <summary>A contract for its parties, who act on it, and for operators and auditors, who read.</summary>
public sealed partial class ContractPage
{
    private static readonly string[] DoneKeys = ["drafted", "offered", "countered", "accepted", "declined", "renegotiated", "cancelled", "disputed", "called"];

    private ContractDetail? _shown;
    private MemberHere? _member;
    private IReadOnlyList<Problem> _refused = [];
    private IReadOnlyList<Problem> _unsigned = [];
    private bool _cancelling;

    [Parameter]
    public long ContractId { get; set; }

    [SupplyParameterFromQuery]
    private int? Member { get; set; }

    [SupplyParameterFromQuery]
    private string? Done { get; set; }

    /// <summary>Of the results.</summary>
    [SupplyParameterFromQuery(Name = "page")]
    private int? PageNumber { get; set; }

    [SupplyParameterFromForm(FormName = "sign")]
    private int? Seen { get; set; }

    [SupplyParameterFromForm(FormName = "sign")]
    private string? Act { get; set; }

    [SupplyParameterFromForm]
    private string? Credential { get; set; }

    [SupplyParameterFromForm]
    private string? Code { get; set; }

    [SupplyParameterFromForm(FormName = "decline")]
    private int? DeclineSeen { get; set; }

    [SupplyParameterFromForm(FormName = "cancel")]
    private int? CancelSeen { get; set; }

    [SupplyParameterFromForm(FormName = "dispute")]
    private int? DisputeSeen { get; set; }

    [SupplyParameterFromForm(FormName = "dispute")]
    private string? DisputeNote { get; set; }

    [SupplyParameterFromForm(FormName = "call")]
    private long? LastCall { get; set; }

    [SupplyParameterFromForm(FormName = "call")]
    private string? CallStart { get; set; }

    [SupplyParameterFromForm(FormName = "call")]
    private string? CallHours { get; set; }

    [SupplyParameterFromForm(FormName = "call")]
    private string? CallPower { get; set; }

    private Format Format => Loop.Format();

    private TemplateText Words => _shown!.Template.Template.TextIn(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName);

    private bool MyTurn => _shown!.Standing.WaitsFor(_member!.Id);

    private string Last => _shown!.Held.Last.Number.ToString(CultureInfo.InvariantCulture);

    private SignatureGiven Given => new(Credential, Code);

    private Interval LastPeriod => new(_shown!.Results[0].PeriodStart, _shown.Results[0].PeriodEnd);

    private Money LastAmount => _shown!.Results.Where(result => result.PeriodStart == _shown.Results[0].PeriodStart)
        .Aggregate(Money.Zero, (sum, result) => sum + (result.PayerId == _member!.Id ? result.Amount : result.PayeeId == _member.Id ? -result.Amount : Money.Zero));

    private Clause? Flexible => _shown!.Binding?.Template.Clauses.FirstOrDefault(clause => clause.Quantity is "delivered-flexibility" or "flexibility-shortfall");

    private bool IsFlexible => Flexible is not null;

    private bool MayCall => _member is not null && _shown!.Standing.Binds && Flexible is { } clause && _shown.Held.Parties.Single(party => party.Role == clause.Of).MemberId != _member.Id;

    private string ChangeHref => string.Create(CultureInfo.InvariantCulture, $"{Loop.Path}/contracts/{ContractId}/change{ContractWords.Query(Loop, _member)}");

    /// <inheritdoc/>
    protected override Task OnInitializedAsync() => LoadAsync();

    private async Task LoadAsync()
    {
        var shown = await Requests.Send(new ShowContract(Loop.Id, ContractId, PageNumber ?? 1));
        var parties = Loop.MembersAs(ContractParties.Roles).Where(member => shown.Held.Members.Contains(member.Id)).ToList();

        // Who acts for several sees it as the one whose turn it is.
        _member = parties.Find(party => party.Id == Member) ?? parties.Find(party => shown.Standing.WaitsFor(party.Id)) ?? parties.FirstOrDefault();
        _shown = shown;
    }

    private async Task SignAsync()
    {
        if (_member is null || Seen is not { } seen)
        {
            return;
        }

        var attempt = Act == nameof(ContractActKind.Offered)
            ? await Requests.Try(new OfferContract(Loop.Id, _member.Id, ContractId, seen, Given))
            : await Requests.Try(new AcceptContract(Loop.Id, _member.Id, ContractId, seen, Given));
        await EndAsync(attempt, Act == nameof(ContractActKind.Offered) ? "offered" : "accepted", signed: true);
    }

    private async Task DeclineAsync()
    {
        if (_member is not null && DeclineSeen is { } seen)
        {
            await EndAsync(await Requests.Try(new DeclineContract(Loop.Id, _member.Id, ContractId, seen)), "declined");
        }
    }

    private async Task CancelAsync()
    {
        if (_member is not null && CancelSeen is { } seen)
        {
            _cancelling = true;
            await EndAsync(await Requests.Try(new CancelContract(Loop.Id, _member.Id, ContractId, seen, Given)), "cancelled", signed: true);
        }
    }

    private async Task DisputeAsync()
    {
        if (_member is not null && DisputeSeen is { } seen)
        {
            await EndAsync(await Requests.Try(new DisputeContract(Loop.Id, _member.Id, ContractId, seen, _shown!.Standing.Disputed is not null, DisputeNote ?? "")), "disputed");
        }
    }

    private async Task CallAsync()
    {
        if (_member is null)
        {
            return;
        }

        if (!DateTime.TryParse(CallStart, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)
            || !int.TryParse(CallHours, NumberStyles.None, CultureInfo.InvariantCulture, out var hours) || ContractNumbers.Read(Unit.Watts, CallPower) is not { } watts)
        {
            _refused = [new Problem("", T["Wrong.Number"])];
            return;
        }

        var start = new DateTimeOffset(local, Format.Zone.GetUtcOffset(local)).ToUniversalTime();
        await EndAsync(await Requests.Try(new CallFlexibility(Loop.Id, _member.Id, ContractId, LastCall ?? 0, start, hours, watts)), "called");
    }

    private async Task EndAsync<TValue>(Attempt<TValue> attempt, string done, bool signed = false)
    {
        if (attempt.Succeeded)
        {
            // A redirect, so that loading the page again does not send the form again.
            var path = ContractWords.Path(Loop, ContractId, _member);
            Navigation.NavigateTo($"{path}{(path.Contains('?', StringComparison.Ordinal) ? "&" : "?")}done={done}");
            return;
        }

        _refused = signed ? [] : attempt.Problems;
        _unsigned = signed ? attempt.Problems : [];
        await LoadAsync();
    }

    private string NameOf(int memberId) => _shown!.Names.GetValueOrDefault(memberId, "–");

    private string ClauseName(ContractResult result) => _shown!.ClauseNames.GetValueOrDefault((result.Version, result.Clause), result.Clause);

    private string ProofOf(ContractResult result) => string.Create(
        CultureInfo.InvariantCulture, $"{Loop.Path}/contracts/{ContractId}/results/{result.Version}/{result.Clause}/{HourAddress.Of(result.PeriodStart)}/proof");
}
