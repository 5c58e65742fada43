using System.Globalization;
using FluentValidation;
using Marketplace.Contracts.Governance;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Governance.Changes;

/// <summary>How votes are counted, and who decides what.</summary>
internal sealed class ConstitutionChange(Constitutions constitutions, IEnumerable<IValidator<SetConstitution>> rules) : IChangeKind
{
    private const string Simple = "simple";

    public ProposalKind Kind => ProposalKind.Constitution;

    public GovernedArea Area => GovernedArea.Constitution;

    public bool IsWrittenAhead => false;

    public async Task<IReadOnlyList<ChangeField>> FieldsAsync(Loop loop, CancellationToken cancellationToken)
    {
        var now = await constitutions.ReadAsync(loop.Id, cancellationToken);
        return
        [
            new ChangeField("Weight", FieldShape.Choice, now.Weight.ToString(), Options: [.. Enum.GetValues<WeightRule>().Select(rule => new ChangeOption(rule.ToString()))]),
            new ChangeField("Majority", FieldShape.Choice, now.Majority is { } part ? Text(part) : Simple, Options: [new(Simple), new("3/5", "3/5"), new("2/3", "2/3"), new("3/4", "3/4"), new("1/1", "1/1")]),
            new ChangeField("Quorum", FieldShape.Choice, Text(now.Quorum), Options: [new("0/1", "0"), new("1/10", "1/10"), new("1/5", "1/5"), new("1/3", "1/3"), new("1/2", "1/2"), new("2/3", "2/3"), new("3/4", "3/4")]),
            new ChangeField("LeastDays", FieldShape.Number, now.LeastDays.ToString(CultureInfo.InvariantCulture), ChangeField.Days),
            new ChangeField("Areas", FieldShape.Choices, string.Join(',', now.Areas.Order()), Optional: true, Options: [.. Enum.GetValues<GovernedArea>().Select(area => new ChangeOption(area.ToString()))]),
        ];
    }

    public async Task CheckAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        var request = await RequestAsync(loop, change, cancellationToken);
        foreach (var rule in rules)
        {
            ChangeRefusals.Throw(await rule.ValidateAsync(request, cancellationToken), "");
        }
    }

    public async Task ApplyAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        await CheckAsync(loop, change, cancellationToken);
        await constitutions.SetAsync(await RequestAsync(loop, change, cancellationToken), change.Proposal, cancellationToken);
    }

    /// <summary>What the fields ask for; founders stay as they are.</summary>
    internal async Task<SetConstitution> RequestAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        var now = await constitutions.ReadAsync(loop.Id, cancellationToken);
        return new SetConstitution(loop.Id, now with
        {
            Weight = Enum.TryParse<WeightRule>(change["Weight"], out var weight) ? weight : default,
            Majority = change["Majority"] == Simple ? null : Read(change["Majority"], "Majority"),
            Quorum = Read(change["Quorum"], "Quorum"),
            LeastDays = int.TryParse(change["LeastDays"], NumberStyles.None, CultureInfo.InvariantCulture, out var days) ? days : 0,
            Areas = [.. change["Areas"].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(name => Enum.TryParse<GovernedArea>(name, out var area) ? area : default)],
        });
    }

    private static string Text(Fraction part) => string.Create(CultureInfo.InvariantCulture, $"{part.Numerator}/{part.Denominator}");

    private static Fraction Read(string text, string field) =>
        text.Split('/') is [var above, var below]
        && int.TryParse(above, NumberStyles.None, CultureInfo.InvariantCulture, out var numerator)
        && int.TryParse(below, NumberStyles.None, CultureInfo.InvariantCulture, out var denominator)
        && denominator is > 0 and <= 1000 && numerator <= denominator
            ? new Fraction(numerator, denominator)
            : throw new RefusedException(field, "Choose a part from the list.");
}

/// <summary>Who alone votes while the loop is being founded; nobody named means that every member votes.</summary>
internal sealed class FoundersChange(Constitutions constitutions, IEnumerable<IValidator<SetConstitution>> rules) : IChangeKind
{
    private const int MostListed = 500;

    public ProposalKind Kind => ProposalKind.Founders;

    public GovernedArea Area => GovernedArea.Constitution;

    public bool IsWrittenAhead => false;

    public async Task<IReadOnlyList<ChangeField>> FieldsAsync(Loop loop, CancellationToken cancellationToken)
    {
        var now = await constitutions.ReadAsync(loop.Id, cancellationToken);
        var members = await constitutions.VotersOf(loop.Id).OrderBy(member => member.Name).Take(MostListed).ToListAsync(cancellationToken);
        return [new ChangeField("Founders", FieldShape.Choices, string.Join(',', now.Founders.Order()), Optional: true,
            Options: members.ConvertAll(member => new ChangeOption(member.Id.ToString(CultureInfo.InvariantCulture), $"{member.Name} ({member.Key})")))];
    }

    public async Task CheckAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        var request = await RequestAsync(loop, change, cancellationToken);
        foreach (var rule in rules)
        {
            ChangeRefusals.Throw(await rule.ValidateAsync(request, cancellationToken), "");
        }
    }

    public async Task ApplyAsync(Loop loop, Change change, CancellationToken cancellationToken)
    {
        await CheckAsync(loop, change, cancellationToken);
        await constitutions.SetAsync(await RequestAsync(loop, change, cancellationToken), change.Proposal, cancellationToken);
    }

    private async Task<SetConstitution> RequestAsync(Loop loop, Change change, CancellationToken cancellationToken) =>
        new(loop.Id, await constitutions.ReadAsync(loop.Id, cancellationToken) with
        {
            Founders = [.. change["Founders"].Split(',', StringSplitOptions.RemoveEmptyEntries)
                .Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : throw new RefusedException("Founders", "Choose from the list."))],
        });
}
