using System.Globalization;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;

namespace Marketplace.Web.Features.Deals;

/// <summary>The form of a deal's terms, as it was typed.</summary>
public sealed class DealForm
{
    public Guid SubmissionId { get; set; }

    /// <summary>For other terms: the act that they answer.</summary>
    public int? Seen { get; set; }

    public string? With { get; set; }

    /// <summary><c>buy/heat</c> or <c>sell/electricity/roof</c>.</summary>
    public string? What { get; set; }

    public string? PlantCode { get; set; }

    public string? Quantity { get; set; }

    public string? Price { get; set; }

    public string? FirstDay { get; set; }

    public string? LastDay { get; set; }

    public string? HourFrom { get; set; }

    public string? HourUntil { get; set; }

    public string? AnswerBy { get; set; }

    public string? Note { get; set; }
}

/// <summary>Proposes a deal, or answers one with other terms.</summary>
public sealed partial class NewDealPage
{
    private const string DayForm = "yyyy-MM-dd";
    private static readonly string[] MomentForms = ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"];

    private MemberHere _member = default!;
    private DealDeskView? _desk;
    private DealDetail? _answered;
    private HashSet<string> _doubles = [];
    private EditContext _context = default!;

    [SupplyParameterFromQuery]
    private int? Member { get; set; }

    /// <summary>The deal that is answered with other terms.</summary>
    [SupplyParameterFromQuery]
    private long? Counter { get; set; }

    [SupplyParameterFromForm(FormName = "deal")]
    private DealForm Deal { get; set; } = default!;

    private Format Format => Loop.Format();

    private bool Sells => _answered!.Deal.SellerId == _member.Id;

    private int OtherId => Sells ? _answered!.Deal.BuyerId : _answered!.Deal.SellerId;

    /// <inheritdoc/>
    protected override bool IsFor(LoopView loop) => loop.MembersAs(DealPlants.Traders).Any();

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        var member = Loop.MemberFor(Member, [.. DealPlants.Traders]) ?? throw new NotPermittedException(nameof(NewDealPage));
        if (Counter is { } dealId)
        {
            _answered = await Requests.Send(new ShowDeal(Loop.Id, dealId));
            member = Loop.MembersAs(DealPlants.Traders).FirstOrDefault(party => _answered.Deal.HasParty(party.Id) && _answered.Last.MemberId != party.Id)
                ?? throw new NotPermittedException(nameof(NewDealPage));
        }

        _member = member;
        var desk = await Requests.Send(new DealDesk(Loop.Id, member.Id));
        _doubles = [.. desk.Others.GroupBy(other => other.Name).Where(name => name.Count() > 1).Select(name => name.Key)];
        Deal ??= _answered is null ? Fresh(desk) : Of(_answered);
        if (Deal.SubmissionId == Guid.Empty)
        {
            Deal.SubmissionId = Guid.NewGuid();
        }

        _context = new EditContext(Deal);
        _desk = desk;
    }

    private DealForm Fresh(DealDeskView desk)
    {
        var tomorrow = Loop.Calendar.DayOf(desk.FirstOpen).AddDays(1);
        return new DealForm
        {
            What = desk.Takes is [var carrier, ..] ? BuyKey(carrier) : desk.Plants is [var (plant, sold), ..] ? SellKey(plant, sold) : null,
            FirstDay = Day(tomorrow), LastDay = Day(tomorrow.AddDays(6)), HourFrom = "8", HourUntil = "18",
        };
    }

    private DealForm Of(DealDetail answered) => new()
    {
        Seen = answered.Last.Number,
        PlantCode = answered.Last.PlantCode ?? (answered.SellerPlants is [var first, ..] ? first.Code : null),
        Quantity = answered.Last.Quantity.KilowattHours.ToString("0.###", CultureInfo.InvariantCulture),
        Price = answered.Last.Price.CentsPerKWh.ToString("0.####", CultureInfo.InvariantCulture),
        FirstDay = Day(Loop.Calendar.DayOf(answered.Last.StartsAt)),
        LastDay = Day(Loop.Calendar.DayOf(answered.Last.EndsAt.AddTicks(-1))),
        HourFrom = answered.Last.HourFrom.ToString(CultureInfo.InvariantCulture),
        HourUntil = answered.Last.HourUntil.ToString(CultureInfo.InvariantCulture),
    };

    private async Task SendAsync(EditContext context)
    {
        var problems = new List<Problem>();
        if (_answered is { } answered)
        {
            if (ReadWish(Deal.PlantCode, problems) is { } terms)
            {
                problems.AddRange((await Requests.Try(new CounterDeal(Loop.Id, _member.Id, answered.Deal.Id, Deal.Seen ?? 0, terms))).Problems);
            }

            End(context, problems, answered.Deal.Id, "countered");
            return;
        }

        var other = await PartnerAsync(problems);
        var (side, carrier, plant) = What(problems);
        var wish = ReadWish(plant, problems);
        var proposed = 0L;
        if (other is not null && wish is not null && problems.Count == 0)
        {
            var attempt = await Requests.Try(new ProposeDeal(Loop.Id, _member.Id, Deal.SubmissionId, other.Id, carrier, side, wish));
            proposed = attempt.Value;
            problems.AddRange(attempt.Problems.Select(problem => problem with
            {
                Field = problem.Field switch
                {
                    nameof(ProposeDeal.OtherId) => nameof(DealForm.With),
                    nameof(ProposeDeal.Carrier) or nameof(ProposeDeal.Side) or nameof(DealWish.PlantCode) => nameof(DealForm.What),
                    var same => same,
                },
            }));
        }

        End(context, problems, proposed, "proposed");
    }

    private async Task<DealPartner?> PartnerAsync(List<Problem> problems)
    {
        if (string.IsNullOrWhiteSpace(Deal.With))
        {
            problems.Add(new Problem(nameof(DealForm.With), T["Problem.With"]));
            return null;
        }

        var found = await Requests.Send(new FindPartner(Loop.Id, _member.Id, Deal.With));
        if (found.Count != 1)
        {
            problems.Add(new Problem(nameof(DealForm.With), T[found.Count == 0 ? "Problem.WithNone" : "Problem.WithMany", string.Join(", ", found.Select(one => one.Key))]));
        }

        return found is [var one] ? one : null;
    }

    private (OrderSide Side, Carrier Carrier, string? Plant) What(List<Problem> problems)
    {
        var parts = Deal.What?.Split('/', 3) ?? [];
        if (parts.Length >= 2 && Carriers.TryParse(parts[1], out var carrier))
        {
            return parts[0] == "sell" ? (OrderSide.Sell, carrier, parts.Length == 3 ? parts[2] : null) : (OrderSide.Buy, carrier, null);
        }

        problems.Add(new Problem(nameof(DealForm.What), T["Problem.What"]));
        return default;
    }

    private DealWish? ReadWish(string? plant, List<Problem> problems)
    {
        var quantity = QuantityText.KWh(Deal.Quantity, nameof(DealForm.Quantity), problems);
        var price = default(Price?);
        if (string.IsNullOrWhiteSpace(Deal.Price))
        {
            problems.Add(new Problem(nameof(DealForm.Price), T["Problem.Price", Format.PriceUnit]));
        }
        else
        {
            price = QuantityText.Cents(Deal.Price, nameof(DealForm.Price), Format.PriceUnit, problems);
        }

        var first = ReadDay(Deal.FirstDay, nameof(DealForm.FirstDay), problems);
        var last = ReadDay(Deal.LastDay, nameof(DealForm.LastDay), problems);
        var answerBy = default(DateTimeOffset?);
        if (!string.IsNullOrWhiteSpace(Deal.AnswerBy))
        {
            if (DateTime.TryParseExact(Deal.AnswerBy, MomentForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) && !Loop.Calendar.Zone.IsInvalidTime(local))
            {
                answerBy = new DateTimeOffset(local, Loop.Calendar.Zone.GetUtcOffset(local)).ToUniversalTime();
            }
            else
            {
                problems.Add(new Problem(nameof(DealForm.AnswerBy), T["Problem.AnswerBy"]));
            }
        }

        if (!short.TryParse(Deal.HourFrom, NumberStyles.None, CultureInfo.InvariantCulture, out var from))
        {
            problems.Add(new Problem(nameof(DealForm.HourFrom), T["Problem.Hour"]));
        }

        if (!short.TryParse(Deal.HourUntil, NumberStyles.None, CultureInfo.InvariantCulture, out var until))
        {
            problems.Add(new Problem(nameof(DealForm.HourUntil), T["Problem.Hour"]));
        }

        return problems.Count > 0 ? null : new DealWish(quantity!.Value, price!.Value, first!.Value, last!.Value, from, until, answerBy, plant, Deal.Note);
    }

    private DateOnly? ReadDay(string? text, string field, List<Problem> problems)
    {
        if (DateOnly.TryParseExact(text, DayForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is > 1990 and < 2200)
        {
            return day;
        }

        problems.Add(new Problem(field, T["Problem.Day"]));
        return null;
    }

    // A redirect, so that loading the page again does not send the form again.
    private void End(EditContext context, List<Problem> problems, long dealId, string done)
    {
        if (!new FormFaults(context).Show(problems))
        {
            var path = DealWords.Path(Loop, dealId, _member);
            Navigation.NavigateTo($"{path}{(path.Contains('?', StringComparison.Ordinal) ? "&" : "?")}done={done}");
        }
    }

    private static string Day(DateOnly day) => day.ToString(DayForm, CultureInfo.InvariantCulture);

    private static string BuyKey(Carrier carrier) => "buy/" + carrier.Name();

    private static string SellKey(PlantChoice plant, Carrier carrier) => $"sell/{carrier.Name()}/{plant.Code}";
}
