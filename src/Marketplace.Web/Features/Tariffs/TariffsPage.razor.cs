using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;

namespace Marketplace.Web.Features.Tariffs;

/// <summary>The loop's tariff in all its versions, and where an operator makes a new one.</summary>
public partial class TariffsPage : LoopPage
{
    /// <summary>Versions side by side.</summary>
    private const int Most = 3;

    private TariffsView? _view;
    private IReadOnlyList<Tariff> _shown = [];
    private IReadOnlyList<TariffRow> _rows = [];
    private EditContext _tariff = default!;
    private EditContext _tax = default!;
    private EditContext _shared = default!;

    private sealed record TariffRow(string Name, string Unit, IReadOnlyList<string> Values);

    [SupplyParameterFromQuery(Name = "done")]
    private string? Done { get; set; }

    /// <summary>An older version to be compared with.</summary>
    [SupplyParameterFromQuery(Name = "with")]
    private int? With { get; set; }

    [SupplyParameterFromForm(FormName = "tariff")]
    private TariffForm NewTariff { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "tax")]
    private TaxForm NewTax { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "shared")]
    private SharedForm NewShared { get; set; } = default!;

    private Format Format => Loop.Format();

    private RenderFragment CarrierOptions => builder =>
    {
        foreach (var carrier in Carriers.All)
        {
            builder.OpenElement(0, "option");
            builder.AddAttribute(1, "value", carrier.Name());
            builder.AddContent(2, T["Carrier." + carrier].Value);
            builder.CloseElement();
        }
    };

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        var view = await Requests.Send(new ShowTariffs(Loop.Id));
        _shown = [.. view.Versions.Take(Most), .. view.Versions.Skip(Most).Where(tariff => tariff.Version == With)];
        _rows = [.. Rows(_shown)];
        var tomorrow = view.Today.AddDays(1);
        NewTariff ??= view.Versions is [var newest, ..] ? TariffForm.Of(newest, tomorrow) : new TariffForm { ValidFrom = TariffText.Day(tomorrow) };
        NewTax ??= new TaxForm { TaxFrom = TariffText.Day(tomorrow), Category = nameof(VatCategory.Standard) };
        NewShared ??= new SharedForm { SharedOn = TariffText.Day(view.Today), Key = nameof(SharingKey.Consumption) };
        (_tariff, _tax, _shared) = (new EditContext(NewTariff), new EditContext(NewTax), new EditContext(NewShared));
        _view = view;
    }

    private async Task SetAsync(EditContext context)
    {
        var problems = new List<Problem>();
        var from = From(NewTariff.ValidFrom, nameof(NewTariff.ValidFrom), problems);
        if (NewTariff.Read(Format.PriceUnit, problems) is not { } plan || from is null)
        {
            new FormFaults(context).Show(problems);
            return;
        }

        var attempt = await Requests.Try(new SetTariff(Loop.Id, from.Value, plan, NewTariff.Reason ?? ""));
        End(context, [.. attempt.Problems.Select(problem => problem.Field.EndsWith(nameof(TariffPlan.NetworkFees), StringComparison.Ordinal) ? problem with { Field = nameof(NewTariff.FeeHeat) } : problem)], "tariff");
    }

    private async Task TaxAsync(EditContext context)
    {
        var problems = new List<Problem>();
        var from = From(NewTax.TaxFrom, nameof(NewTax.TaxFrom), problems);
        var rate = TariffText.Percent(NewTax.BasisPoints is { Length: > 0 } typed ? typed : "0", nameof(NewTax.BasisPoints), problems);
        if (from is null || problems.Count > 0)
        {
            new FormFaults(context).Show(problems);
            return;
        }

        var attempt = await Requests.Try(new SetTaxRate(
            Loop.Id, from.Value, Carriers.TryParse(NewTax.TaxCarrier, out var carrier) ? carrier : null, TariffText.Category(NewTax.Category) ?? default, rate, NewTax.TaxReason ?? ""));
        End(context, Renamed(attempt.Problems, (nameof(SetTaxRate.ValidFrom), nameof(NewTax.TaxFrom)), (nameof(SetTaxRate.Reason), nameof(NewTax.TaxReason))), "tax");
    }

    private async Task ShareAsync(EditContext context)
    {
        var problems = new List<Problem>();
        var hour = From(NewShared.SharedOn, nameof(NewShared.SharedOn), problems);
        var amount = TariffText.Amount(NewShared.Amount, nameof(NewShared.Amount), problems, T["AmountWrong"]);
        if (hour is null || problems.Count > 0)
        {
            new FormFaults(context).Show(problems);
            return;
        }

        var attempt = await Requests.Try(new ShareAmount(
            Loop.Id, hour.Value, NewShared.SharedName ?? "", amount, Enum.TryParse<SharingKey>(NewShared.Key, out var key) ? key : default,
            Carriers.TryParse(NewShared.SharedCarrier, out var carrier) ? carrier : null));
        End(context, Renamed(attempt.Problems, (nameof(ShareAmount.Hour), nameof(NewShared.SharedOn)), (nameof(ShareAmount.Name), nameof(NewShared.SharedName))), "shared");
    }

    private DateTimeOffset? From(string? text, string field, List<Problem> problems)
    {
        if (TariffText.StartOf(text, Format.Calendar) is { } start)
        {
            return start;
        }

        problems.Add(new Problem(field, T["ChooseDay"]));
        return null;
    }

    /// <summary>The forms of this page ask for alike things; their fields have names of their own.</summary>
    private static IReadOnlyList<Problem> Renamed(IReadOnlyList<Problem> problems, params (string From, string To)[] names) =>
        [.. problems.Select(problem => names.FirstOrDefault(name => name.From == problem.Field) is { To: { } to } ? problem with { Field = to } : problem)];

    private void End(EditContext context, IReadOnlyList<Problem> problems, string done)
    {
        if (!new FormFaults(context).Show(problems))
        {
            Navigation.NavigateTo($"{Loop.Path}/tariffs?done={done}");
        }
    }

    private IEnumerable<TariffRow> Rows(IReadOnlyList<Tariff> shown)
    {
        TariffRow Row(string name, string unit, Func<Tariff, string> value) => new(name, unit, [.. shown.Select(value)]);
        string Price(Price price) => Format.PriceNumber(price);
        foreach (var carrier in Carriers.All)
        {
            yield return Row(T["Fee." + carrier], Format.PriceUnit, tariff => Price(tariff.NetworkFee(carrier)));
            foreach (var zone in shown.SelectMany(tariff => tariff.ZoneFees).Where(fee => fee.Carrier == carrier).Select(fee => fee.Zone).Distinct().Order(StringComparer.Ordinal))
            {
                yield return Row(T["FeeInZone." + carrier, zone], Format.PriceUnit, tariff => Price(tariff.NetworkFee(carrier, zone)));
            }
        }

        foreach (var (carrier, name) in shown.SelectMany(tariff => tariff.Levies.OrderBy(levy => levy.Number)).Select(levy => (levy.Carrier, levy.Name)).Distinct())
        {
            yield return Row(T["LevyRow", name, T["Carrier." + carrier]], Format.PriceUnit, tariff => tariff.Levies.FirstOrDefault(levy => levy.Carrier == carrier && levy.Name == name) is { } levy ? Price(levy.Rate) : "–");
        }

        yield return Row(T["Standing"], T["PerDay", Format.CurrencySign], tariff => Format.Number(tariff.StandingChargePerDay.Amount, 4));
        yield return Row(T["Compensation"], T["PerHour", Format.CurrencySign], tariff => Format.Number(tariff.CompensationPerHour.Amount, 2));
        yield return Row(T["Vat"], "%", tariff => Format.Number(tariff.VatBasisPoints / 100m, tariff.VatBasisPoints % 100 == 0 ? 0 : 2));
        yield return Row(T["PaymentDays"], "", tariff => Format.Count(tariff.PaymentDays));
        yield return Row(T["Balancing.Heat"], Format.PriceUnit, tariff => Price(tariff.BalancingHeat));
        yield return Row(T["Balancing.Cold"], Format.PriceUnit, tariff => Price(tariff.BalancingCold));
        yield return Row(T["FeedIn"], Format.PriceUnit, tariff => Price(tariff.FeedIn));
        yield return Row(T["Margin"], Format.PriceUnit, tariff => Price(tariff.DefaultLimitMargin));
    }
}
