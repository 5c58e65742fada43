using System.Globalization;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Storage;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;

namespace Marketplace.Web.Features.Auctions.Rules;

/// <summary>Where an operator says how the market works, tries it on the last day, and halts it.</summary>
public partial class RulesPage : OperatorPage
{
    private const string Preview = "preview";
    private static readonly string[] DoneKeys = ["set", "halted", "lifted", "gate", "stores"];
    private MarketRulesView? _view;
    private RulesPreview? _preview;
    private EditContext _rules = default!;
    private EditContext _halt = default!;
    private EditContext _gate = default!;
    private EditContext _stores = default!;
    private IReadOnlyList<Problem> _refused = [];

    [SupplyParameterFromQuery(Name = "done")]
    private string? Done { get; set; }

    [SupplyParameterFromForm(FormName = "rules")]
    private RulesForm Form { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "halt")]
    private HaltForm Halt { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "gate")]
    private GateForm Gate { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "stores")]
    private StoresForm Stores { get; set; } = default!;

    private Format Format => Loop.Format();

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        var view = await Requests.Send(new ShowMarketRules(Loop.Id));
        Form ??= RulesForm.Of(view);
        Halt ??= new HaltForm();
        Gate ??= new GateForm { Minutes = view.GateClosureMinutes };
        Stores ??= new StoresForm { Percent = await Requests.Send(new ShowStoreTerms(Loop.Id)) / 10_000m };
        (_rules, _halt, _gate, _stores) = (new EditContext(Form), new EditContext(Halt), new EditContext(Gate), new EditContext(Stores));
        _view = view;
    }

    private async Task SetAsync(EditContext context)
    {
        var problems = new List<Problem>();
        if (Form.Read(Format.PriceUnit, problems) is not { } wished)
        {
            new FormFaults(context).Show(problems);
            return;
        }

        if (Form.Act == Preview)
        {
            var tried = await Requests.Try(new PreviewRules(Loop.Id, wished));
            if (!new FormFaults(context).Show(tried.Problems))
            {
                _preview = tried.Value;
            }

            return;
        }

        if (!HourAddress.TryParse(Form.ValidFrom, out var from))
        {
            new FormFaults(context).Show([new Problem(nameof(Form.ValidFrom), T["ChooseHour"])]);
            return;
        }

        End(context, (await Requests.Try(new SetMarketRules(Loop.Id, wished, from, Form.Reason ?? ""))).Problems, "set");
    }

    private async Task HaltAsync(EditContext context)
    {
        if (!HourAddress.TryParse(Halt.FromHour, out var from))
        {
            new FormFaults(context).Show([new Problem(nameof(Halt.FromHour), T["ChooseHour"])]);
            return;
        }

        // Two forms of this page ask for a reason; their fields have names of their own.
        var problems = (await Requests.Try(new HaltMarket(Loop.Id, from, Halt.Why ?? ""))).Problems;
        End(context, [.. problems.Select(problem => problem.Field == nameof(HaltMarket.Reason) ? problem with { Field = nameof(Halt.Why) } : problem)], "halted");
    }

    private async Task LiftAsync()
    {
        var attempt = await Requests.Try(new LiftHalt(Loop.Id));
        _refused = attempt.Problems;
        if (attempt.Succeeded)
        {
            Navigation.NavigateTo($"{Loop.Path}/operations/market?done=lifted");
        }
    }

    private async Task SetGateAsync(EditContext context) =>
        End(context, (await Requests.Try(new SetGateClosure(Loop.Id, Gate.Minutes ?? 0))).Problems, "gate");

    private async Task SetStoresAsync(EditContext context)
    {
        var share = Math.Clamp(Stores.Percent ?? -1, -1, 101) * 10_000m;
        var problems = share == decimal.Truncate(share)
            ? (await Requests.Try(new SetStoreTerms(Loop.Id, (int)share))).Problems
            : [new Problem(nameof(SetStoreTerms.OwnerShareMillionths), T["StoresDecimals"])];
        End(context, [.. problems.Select(problem => problem with { Field = nameof(Stores.Percent) })], "stores");
    }

    private void End(EditContext context, IReadOnlyList<Problem> problems, string done)
    {
        if (!new FormFaults(context).Show(problems))
        {
            Navigation.NavigateTo($"{Loop.Path}/operations/market?done={done}");
        }
    }

    private static IEnumerable<Interval> HoursToHalt(MarketRulesView view) =>
        new Interval(view.FirstUncleared, view.FirstUncleared.AddHours(48)).Steps(MarketHour.Length).Select(MarketMoment.HourOf);

    private string Change(Price? was, Price? wouldBe) => (was, wouldBe) switch
    {
        ({ } before, { } after) when before == after => T["Same"],
        ({ } before, { } after) => (after > before ? "+" : "") + Format.PriceNumber(after - before),
        _ => "",
    };

    /// <summary>As it was typed.</summary>
    public sealed class StoresForm
    {
        public decimal? Percent { get; set; }
    }

    /// <summary>As it was typed.</summary>
    public sealed class RulesForm
    {
        public string? Heat { get; set; }

        public string? Cold { get; set; }

        public string? Electricity { get; set; }

        public string? Cap { get; set; }

        public string? Floor { get; set; }

        public int? Rounds { get; set; }

        public string? ValidFrom { get; set; }

        public string? Reason { get; set; }

        public string? Act { get; set; }

        public static RulesForm Of(MarketRulesView view) => new()
        {
            Heat = view.InForce.Heat.Name(),
            Cold = view.InForce.Cold.Name(),
            Electricity = view.InForce.Electricity.Name(),
            Cap = view.InForce.Cap?.CentsPerKWh.ToString("0.####", CultureInfo.InvariantCulture),
            Floor = view.InForce.Floor?.CentsPerKWh.ToString("0.####", CultureInfo.InvariantCulture),
            Rounds = view.InForce.Rounds,
            ValidFrom = view.Open.Count > 0 ? HourAddress.Of(view.Open[0].Start) : null,
        };

        /// <summary>What it asks for, or what is wrong with it.</summary>
        public RulesWished? Read(string priceUnit, List<Problem> problems)
        {
            Mechanism Named(string? name, string field)
            {
                if (!MechanismNames.TryParse(name, out var mechanism))
                {
                    problems.Add(new Problem(field, "Choose how orders are brought together."));
                }

                return mechanism;
            }

            Price? Optional(string? text, string field) => string.IsNullOrWhiteSpace(text) ? null : QuantityText.Cents(text, field, priceUnit, problems);
            var wished = new RulesWished(
                Named(Heat, nameof(Heat)), Named(Cold, nameof(Cold)), Named(Electricity, nameof(Electricity)),
                Optional(Cap, nameof(Cap)), Optional(Floor, nameof(Floor)), Rounds ?? 0);
            return problems.Count == 0 ? wished : null;
        }
    }

    /// <summary>As it was typed.</summary>
    public sealed class HaltForm
    {
        public string? FromHour { get; set; }

        public string? Why { get; set; }
    }

    /// <summary>As it was typed.</summary>
    public sealed class GateForm
    {
        public int? Minutes { get; set; }
    }
}
