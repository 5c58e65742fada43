using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Auctions;
using Marketplace.Web.Features.Auctions.Rules;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Governance.Changes;

/// <summary>How orders are brought together, and within which prices.</summary>
internal sealed class MarketRulesChange(MarketplaceDb db, RulesBook book, IEnumerable<IValidator<SetMarketRules>> rules) : IChangeKind
{
    private static readonly IReadOnlyList<ChangeOption> Mechanisms = [.. MechanismNames.All.Select(mechanism => new ChangeOption(mechanism.Name()))];

    public ProposalKind Kind => ProposalKind.MarketRules;

    public GovernedArea Area => GovernedArea.MarketRules;

    public bool IsWrittenAhead => true;

    public async Task<IReadOnlyList<ChangeField>> FieldsAsync(Loop loop, CancellationToken cancellationToken)
    {
        // The newest, also where it holds only from a later hour on.
        var now = await HourRules.OfAsync(db, loop.Id, DateTimeOffset.MaxValue.ToUniversalTime().AddYears(-1), cancellationToken);
        static string Cents(Price? price) => price?.CentsPerKWh.ToString("0.####", CultureInfo.InvariantCulture) ?? "";
        return
        [
            new ChangeField("Heat", FieldShape.Choice, now.Heat.Name(), Options: Mechanisms),
            new ChangeField("Cold", FieldShape.Choice, now.Cold.Name(), Options: Mechanisms),
            new ChangeField("Electricity", FieldShape.Choice, now.Electricity.Name(), Options: Mechanisms),
            new ChangeField("Floor", FieldShape.Number, Cents(now.Floor), ChangeField.PricePerKWh, Optional: true),
            new ChangeField("Cap", FieldShape.Number, Cents(now.Cap), ChangeField.PricePerKWh, Optional: true),
            new ChangeField("Rounds", FieldShape.Number, now.Rounds.ToString(CultureInfo.InvariantCulture)),
        ];
    }

    public async Task CheckAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        var request = Request(loop, change);
        foreach (var rule in rules)
        {
            ChangeRefusals.Throw(await rule.ValidateAsync(request, cancellationToken), "Rules.");
        }
    }

    public async Task ApplyAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        await CheckAsync(loop, change, cancellationToken);
        await book.SetAsync(Request(loop, change), cancellationToken);
    }

    private static SetMarketRules Request(Loop loop, Change change)
    {
        var problems = new List<Problem>();
        var form = new RulesPage.RulesForm
        {
            Heat = change["Heat"], Cold = change["Cold"], Electricity = change["Electricity"], Cap = change["Cap"], Floor = change["Floor"],
            Rounds = int.TryParse(change["Rounds"], NumberStyles.None, CultureInfo.InvariantCulture, out var rounds) ? rounds : 0,
        };
        return form.Read("ct/kWh", problems) is { } wished ? new SetMarketRules(loop.Id, wished, change.EffectiveAt, change.Reason) : throw new RefusedException(problems);
    }
}
