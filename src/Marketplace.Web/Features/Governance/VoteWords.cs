using System.Globalization;
using Marketplace.Contracts.Governance;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Governance;

/// <summary>How proposals and votes are put in words.</summary>
internal static class VoteWords
{
    public static Tone ToneOf(ProposalState state) => state switch
    {
        ProposalState.Done or ProposalState.Accepted => Tone.Good,
        ProposalState.Impossible => Tone.Alarm,
        ProposalState.Open => Tone.Attention,
        _ => Tone.Note,
    };

    public static string Majority(IStringLocalizer words, VotingRule rule) => rule.Qualified is { } part ? words["Majority.Qualified", Part(part)] : words["Majority.Simple"];

    public static string Part(Fraction part) => string.Create(CultureInfo.InvariantCulture, $"{part.Numerator}/{part.Denominator}");

    public static string Unit(IStringLocalizer words, Format format, ChangeField field) => field.Unit switch
    {
        ChangeField.PricePerKWh => format.PriceUnit,
        ChangeField.Money => format.CurrencySign,
        ChangeField.Days => words["DaysUnit"],
        _ => field.Unit,
    };

    /// <summary>A value as it is called: options by their words, several of them one after the other.</summary>
    public static string Value(IStringLocalizer words, Format format, ChangeField field, string value) =>
        value.Length == 0 ? "–"
        : field.Choices.Count == 0 ? value + (field.Unit.Length > 0 ? " " + Unit(words, format, field) : "")
        : string.Join(", ", value.Split(',').Select(one => field.Choices.FirstOrDefault(option => option.Value == one) is { } option ? Option(words, field, option) : one));

    public static string Option(IStringLocalizer words, ChangeField field, ChangeOption option) =>
        option.Key is { } key ? words[key, option.Words ?? ""] : option.Words ?? words[$"Option.{field.Name}.{option.Value}"].Value;

    public static string Stand(IStringLocalizer words, Format format, Count count) =>
        words["Stand", format.Count(count.Yes), format.Count(count.No), format.Count(count.Abstained)];
}
