using System.Globalization;
using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Shell;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Contracts;

/// <summary>How the numbers of contracts are written for people and read from them: kWh, kW, percent and whole currency instead of the smallest units.</summary>
internal static class ContractNumbers
{
    private const string PerHour = "/h";

    /// <summary>How many of the smallest unit make one of the unit that people see.</summary>
    private static decimal Scale(Unit unit) => unit switch
    {
        Unit.WattHours or Unit.Watts => 1_000m,
        Unit.Money or Unit.MoneyPerKWh or Unit.MoneyPerKW or Unit.MoneyPerHour or Unit.MoneyPerPoint or Unit.Millionths => 1_000_000m,
        _ => 1m,
    };

    /// <summary>The unit that people see.</summary>
    public static string UnitOf(Format format, Unit unit) => unit switch
    {
        Unit.WattHours => "kWh",
        Unit.Watts => "kW",
        Unit.Hours => "h",
        Unit.Money => format.CurrencySign,
        Unit.MoneyPerKWh => format.CurrencySign + "/kWh",
        Unit.MoneyPerKW => format.CurrencySign + "/kW",
        Unit.MoneyPerHour => format.CurrencySign + PerHour,
        Unit.MoneyPerPoint => format.CurrencySign + "/%",
        _ => "",
    };

    /// <summary>As it stands in an input.</summary>
    public static string Typed(Unit unit, long value) => (value / Scale(unit)).ToString("0.######", CultureInfo.CurrentCulture);

    /// <summary>With its unit, as text.</summary>
    public static string Shown(Format format, Unit unit, long value) => unit switch
    {
        Unit.Money => format.Number(value / 1_000_000m, value % Money.MicroPerCent == 0 ? 2 : 6) + " " + format.CurrencySign,
        _ => (decimal.IsInteger(value / Scale(unit)) ? format.Number(value / Scale(unit)) : (value / Scale(unit)).ToString("#,0.######", format.Culture)) is var number
            && UnitOf(format, unit) is { Length: > 0 } sign ? number + " " + sign : number,
    };

    /// <summary>Reads what was typed; none where it is no number, or finer than the smallest unit.</summary>
    public static long? Read(Unit unit, string? typed)
    {
        if (!TypedNumber.TryReadSigned(typed?.Trim(), out var number) || Math.Abs(number) > 1_000_000_000_000m)
        {
            return null;
        }

        var value = number * Scale(unit);
        return decimal.IsInteger(value) ? (long)value : null;
    }

    /// <summary>What a parameter holds, in words.</summary>
    public static string Shown(IStringLocalizer texts, Format format, Parameter parameter, string value, IReadOnlyDictionary<string, string> plants) => parameter.Type switch
    {
        ParameterType.Carrier => Carriers.TryParse(value, out var carrier) ? texts["Carrier." + carrier] : value,
        ParameterType.Plant => plants.GetValueOrDefault(value, value.Length == 0 ? "…" : value),
        _ => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? Shown(format, parameter.Unit, number) : value,
    };

    /// <summary>The template's terms with everything filled in, a paragraph each.</summary>
    public static IReadOnlyList<string> Body(
        IStringLocalizer texts, Format format, Template template, IReadOnlyDictionary<string, string> values, IReadOnlyDictionary<string, string> parties, IReadOnlyDictionary<string, string> plants)
    {
        var words = template.TextIn(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName);
        return [.. words.Body.Select(line =>
        {
            foreach (var party in template.Parties)
            {
                line = line.Replace("{" + party.Role + "}", parties.GetValueOrDefault(party.Role) ?? words.Parties.GetValueOrDefault(party.Role, party.Role), StringComparison.Ordinal);
            }

            foreach (var parameter in template.Parameters)
            {
                line = line.Replace("{" + parameter.Code + "}", Shown(texts, format, parameter, values.GetValueOrDefault(parameter.Code, ""), plants), StringComparison.Ordinal);
            }

            return line;
        })];
    }

    /// <summary>An input of an explanation with its unit.</summary>
    public static string Shown(Format format, ExplainedInput input) => input.Unit switch
    {
        "Wh" => Shown(format, Unit.WattHours, input.Value),
        "W" => Shown(format, Unit.Watts, input.Value),
        "Hours" => Shown(format, Unit.Hours, input.Value),
        "Micro" => Shown(format, Unit.Money, input.Value),
        "Cents" => format.Money(Money.FromCents(input.Value)),
        "MicroPerKWh" => Shown(format, Unit.MoneyPerKWh, input.Value),
        "MicroPerKW" => Shown(format, Unit.MoneyPerKW, input.Value),
        "MicroPerHour" => Shown(format, Unit.MoneyPerHour, input.Value),
        "MicroPerPoint" => Shown(format, Unit.MoneyPerPoint, input.Value),
        "Millionths" => Shown(format, Unit.Millionths, input.Value),
        _ => format.Count(input.Value),
    };
}
