using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Tariffs;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Governance.Changes;

/// <summary>A new version of the tariff.</summary>
internal sealed class TariffChange(MarketplaceDb db, TariffBook book, IEnumerable<IValidator<SetTariff>> rules) : IChangeKind
{
    private static readonly (string Name, Func<TariffForm, string?> Get, Action<TariffForm, string> Set, string Unit)[] Parts =
    [
        (nameof(TariffForm.FeeHeat), form => form.FeeHeat, (form, value) => form.FeeHeat = value, ChangeField.PricePerKWh),
        (nameof(TariffForm.FeeCold), form => form.FeeCold, (form, value) => form.FeeCold = value, ChangeField.PricePerKWh),
        (nameof(TariffForm.FeeElectricity), form => form.FeeElectricity, (form, value) => form.FeeElectricity = value, ChangeField.PricePerKWh),
        (nameof(TariffForm.ZoneFees), form => form.ZoneFees, (form, value) => form.ZoneFees = value, ""),
        (nameof(TariffForm.Levies), form => form.Levies, (form, value) => form.Levies = value, ""),
        (nameof(TariffForm.StandingChargePerDay), form => form.StandingChargePerDay, (form, value) => form.StandingChargePerDay = value, ChangeField.Money),
        (nameof(TariffForm.CompensationPerHour), form => form.CompensationPerHour, (form, value) => form.CompensationPerHour = value, ChangeField.Money),
        (nameof(TariffForm.VatBasisPoints), form => form.VatBasisPoints, (form, value) => form.VatBasisPoints = value, "%"),
        (nameof(TariffForm.PaymentDays), form => form.PaymentDays, (form, value) => form.PaymentDays = value, ChangeField.Days),
        (nameof(TariffForm.BalancingHeat), form => form.BalancingHeat, (form, value) => form.BalancingHeat = value, ChangeField.PricePerKWh),
        (nameof(TariffForm.BalancingCold), form => form.BalancingCold, (form, value) => form.BalancingCold = value, ChangeField.PricePerKWh),
        (nameof(TariffForm.FeedIn), form => form.FeedIn, (form, value) => form.FeedIn = value, ChangeField.PricePerKWh),
        (nameof(TariffForm.DefaultLimitMargin), form => form.DefaultLimitMargin, (form, value) => form.DefaultLimitMargin = value, ChangeField.PricePerKWh),
    ];

    public ProposalKind Kind => ProposalKind.Tariff;

    public GovernedArea Area => GovernedArea.Tariff;

    public bool IsWrittenAhead => true;

    public async Task<IReadOnlyList<ChangeField>> FieldsAsync(Loop loop, CancellationToken cancellationToken)
    {
        var newest = await db.Tariffs.AsNoTracking().Where(tariff => tariff.LoopId == loop.Id).OrderByDescending(tariff => tariff.Version).FirstOrDefaultAsync(cancellationToken);
        var form = newest is null ? new TariffForm() : TariffForm.Of(newest, default);
        return [.. Parts.Select(part => new ChangeField(
            part.Name, part.Name is nameof(TariffForm.ZoneFees) or nameof(TariffForm.Levies) ? FieldShape.Lines : FieldShape.Number, part.Get(form) ?? "", part.Unit,
            Optional: part.Name is nameof(TariffForm.ZoneFees) or nameof(TariffForm.Levies)))];
    }

    public async Task CheckAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        var request = Request(loop, change);
        foreach (var rule in rules)
        {
            ChangeRefusals.Throw(await rule.ValidateAsync(request, cancellationToken), "Plan.");
        }
    }

    public async Task ApplyAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        await CheckAsync(loop, change, cancellationToken);
        await book.SetAsync(Request(loop, change), cancellationToken);
    }

    private static SetTariff Request(Loop loop, Change change)
    {
        var form = new TariffForm();
        foreach (var part in Parts)
        {
            part.Set(form, change[part.Name]);
        }

        var problems = new List<Problem>();
        return form.Read("ct/kWh", problems) is { } plan ? new SetTariff(loop.Id, change.EffectiveAt, plan, change.Reason) : throw new RefusedException(problems);
    }
}
