using System.Globalization;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;

namespace Marketplace.Web.Features.Network;

/// <summary>Where an operator names the zones of a loop, says what the connections between them carry, and who stands where.</summary>
public partial class NetworkPage : OperatorPage
{
    private static readonly string[] DoneKeys = ["zone", "line", "place"];
    private NetworkView? _view;
    private EditContext _zone = default!;
    private EditContext _line = default!;
    private EditContext _place = default!;

    [SupplyParameterFromQuery(Name = "done")]
    private string? Done { get; set; }

    [SupplyParameterFromForm(FormName = "zone")]
    private ZoneForm NewZone { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "line")]
    private LineForm Line { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "place")]
    private PlaceForm Place { get; set; } = default!;

    private Format Format => Loop.Format();

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        _view = await Requests.Send(new ShowNetwork(Loop.Id));
        var next = _view.Open.Count > 0 ? HourAddress.Of(_view.Open[0].Start) : null;
        NewZone ??= new ZoneForm { ValidFrom = next };
        Line ??= new LineForm
        {
            From = next, Carrier = Carrier.Heat.Name(), LossMillionths = "0", Fee = "0",
            FromZone = _view.Zones is [var zone, ..] ? zone.Code : null, ToZone = _view.Zones.Skip(1).FirstOrDefault()?.Code,
        };
        Place ??= new PlaceForm { PlacedFrom = next, Zone = _view.Zones.Skip(1).FirstOrDefault()?.Code };
        (_zone, _line, _place) = (new EditContext(NewZone), new EditContext(Line), new EditContext(Place));
    }

    private async Task AddAsync(EditContext context)
    {
        if (Hour(context, NewZone.ValidFrom, nameof(NewZone.ValidFrom)) is { } from)
        {
            End(context, (await Requests.Try(new AddZone(Loop.Id, NewZone.Code?.Trim() ?? "", NewZone.Name ?? "", from))).Problems, "zone");
        }
    }

    private async Task SetAsync(EditContext context)
    {
        var problems = new List<Problem>();
        var watts = QuantityText.KWh(Line.CapacityWatts, nameof(Line.CapacityWatts), problems)?.WattHours;
        var loss = LossOf(Line.LossMillionths, problems);
        var fee = QuantityText.Cents(Line.Fee, nameof(Line.Fee), Format.PriceUnit, problems);
        if (!Carriers.TryParse(Line.Carrier, out var carrier))
        {
            problems.Add(new Problem(nameof(Line.Carrier), T["ChooseCarrier"]));
        }

        if (watts is null || loss is null || fee is null || problems.Count > 0)
        {
            new FormFaults(context).Show(problems);
            return;
        }

        if (Hour(context, Line.From, nameof(Line.From)) is { } from)
        {
            var attempt = await Requests.Try(new SetLine(
                Loop.Id, Line.LineCode?.Trim() ?? "", Line.FromZone ?? "", Line.ToZone ?? "", carrier, watts.Value, loss.Value, fee.Value, from, Line.Reason ?? ""));
            End(context, Renamed(attempt.Problems, (nameof(SetLine.Code), nameof(Line.LineCode)), (nameof(SetLine.ValidFrom), nameof(Line.From))), "line");
        }
    }

    private async Task PlaceAsync(EditContext context)
    {
        if (_view!.Things.FirstOrDefault(thing => KeyOf(thing) == Place.Thing) is not { } chosen)
        {
            new FormFaults(context).Show([new Problem(nameof(Place.Thing), T["ChooseThing"])]);
            return;
        }

        if (Hour(context, Place.PlacedFrom, nameof(Place.PlacedFrom)) is { } from)
        {
            var attempt = await Requests.Try(new PlaceInZone(Loop.Id, chosen.MemberId, chosen.PlantCode, Place.Zone ?? "", from));
            End(context, Renamed(attempt.Problems, (nameof(PlaceInZone.ValidFrom), nameof(Place.PlacedFrom)), (nameof(PlaceInZone.PlantCode), nameof(Place.Thing))), "place");
        }
    }

    private DateTimeOffset? Hour(EditContext context, string? text, string field)
    {
        if (HourAddress.TryParse(text, out var hour))
        {
            return hour;
        }

        new FormFaults(context).Show([new Problem(field, T["ChooseHour"])]);
        return null;
    }

    private int? LossOf(string? text, List<Problem> problems)
    {
        if (TypedNumber.TryRead(text, out var percent) && percent is >= 0 and <= 100 && decimal.IsInteger(percent * 10_000m))
        {
            return (int)(percent * 10_000m);
        }

        problems.Add(new Problem(nameof(LineForm.LossMillionths), T["LossWrong"]));
        return null;
    }

    /// <summary>Three forms of this page ask for alike things; their fields have names of their own.</summary>
    private static IReadOnlyList<Problem> Renamed(IReadOnlyList<Problem> problems, params (string From, string To)[] names) =>
        [.. problems.Select(problem => names.FirstOrDefault(name => name.From == problem.Field) is { To: { } to } ? problem with { Field = to } : problem)];

    private void End(EditContext context, IReadOnlyList<Problem> problems, string done)
    {
        if (!new FormFaults(context).Show(problems))
        {
            Navigation.NavigateTo($"{Loop.Path}/operations/network?done={done}");
        }
    }

    private string NameOf(string code) => _view!.Zones.FirstOrDefault(zone => zone.Code == code)?.Name ?? code;

    private static string KeyOf(PlacedThing thing) =>
        thing.MemberId == 0 ? "plant/" + thing.PlantCode : "member/" + thing.MemberId.ToString(CultureInfo.InvariantCulture);

    /// <summary>As it was typed.</summary>
    public sealed class ZoneForm
    {
        public string? Code { get; set; }

        public string? Name { get; set; }

        public string? ValidFrom { get; set; }
    }

    /// <summary>As it was typed: kW, percent, cents.</summary>
    public sealed class LineForm
    {
        public string? LineCode { get; set; }

        public string? FromZone { get; set; }

        public string? ToZone { get; set; }

        public string? Carrier { get; set; }

        public string? CapacityWatts { get; set; }

        public string? LossMillionths { get; set; }

        public string? Fee { get; set; }

        public string? From { get; set; }

        public string? Reason { get; set; }
    }

    /// <summary>As it was chosen.</summary>
    public sealed class PlaceForm
    {
        public string? Thing { get; set; }

        public string? Zone { get; set; }

        public string? PlacedFrom { get; set; }
    }
}
