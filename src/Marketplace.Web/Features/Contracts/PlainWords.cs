using System.Globalization;
using Marketplace.Contracts;

namespace Marketplace.Web.Features.Contracts;

/// <summary>An input of an explanation, taken apart: <c>step2RateMicroPerKWh</c> is the rate of step 2, in money per kWh.</summary>
/// <param name="Name">What it is: <c>measured</c>, <c>stepRate</c>, …</param>
/// <param name="Step">Of which step; 0 where there are none.</param>
/// <param name="Unit">The unit that ends the name; empty where it is a plain number.</param>
public sealed record ExplainedInput(string Name, int Step, string Unit, long Value)
{
    // The longest first: each ends with a later one.
    private static readonly string[] Suffixes = ["MicroPerKWh", "MicroPerKW", "MicroPerHour", "MicroPerPoint", "Millionths", "Periods", "Hours", "Micro", "Cents", "Wh", "W"];

    // As the evaluation writes them; documents keep their inputs without order.
    private static readonly string[] Order =
        ["measured", "period", "basis", "baseline", "deviation", "target", "applies", "threshold", "counted", "stepFrom", "stepCounted", "stepRate", "rate", "periodsAYear", "index", "indexBase", "floor", "cap", "result"];

    public static IReadOnlyList<ExplainedInput> Of(Explanation explanation)
    {
        ArgumentNullException.ThrowIfNull(explanation);
        return [.. explanation.Inputs.Select(input => Of(input.Key, input.Value))];
    }

    /// <summary>The inputs of a clause that stand among those of a document's line, in the order in which the evaluation writes them.</summary>
    public static IReadOnlyList<KeyValuePair<string, long>> Among(IEnumerable<KeyValuePair<string, long>> inputs) =>
    [
        .. inputs.Select(input => (Input: input, Read: Of(input.Key, input.Value))).Where(one => Order.Contains(one.Read.Name))
            .OrderBy(one => one.Read.Step > 0 ? Array.IndexOf(Order, "stepFrom") : Array.IndexOf(Order, one.Read.Name))
            .ThenBy(one => one.Read.Step).ThenBy(one => Array.IndexOf(Order, one.Read.Name)).Select(one => one.Input),
    ];

    private static ExplainedInput Of(string key, long value)
    {
        var unit = Array.Find(Suffixes, suffix => key.EndsWith(suffix, StringComparison.Ordinal) && key.Length > suffix.Length) ?? "";
        var name = key[..^unit.Length];
        if (!name.StartsWith("step", StringComparison.Ordinal))
        {
            return new ExplainedInput(name, 0, unit, value);
        }

        var digits = name["step".Length..].TakeWhile(char.IsAsciiDigit).Count();
        return new ExplainedInput("step" + name[("step".Length + digits)..], int.Parse(name.AsSpan("step".Length, digits), NumberStyles.None, CultureInfo.InvariantCulture), unit, value);
    }
}

/// <summary>An explanation in words that do not depend on the reader, for documents: stated again it is the same.</summary>
internal static class PlainWords
{
    private static readonly string[] Formulas = ["rate-above", "rate-below", "rate-both-ways", "rate-above-stepped", "rate-below-stepped"];

    public static string Of(Explanation explanation) =>
        $"{Formula(explanation.Formula)}: {string.Join("; ", ExplainedInput.Of(explanation).Select(Input))}. Computed exactly and rounded once to cents, halves away from zero.";

    /// <summary>The formula that such words begin with; none where they are no explanation of a clause.</summary>
    public static string? FormulaOf(string words) => Formulas.FirstOrDefault(formula => words.StartsWith(Formula(formula) + ":", StringComparison.Ordinal));

    public static string Number(string unit, long value) => unit switch
    {
        "Wh" => Text(value / 1000m, "0.###") + " kWh",
        "W" => Text(value / 1000m, "0.###") + " kW",
        "Hours" => Text(value, "0") + " h",
        "Millionths" => Text(value / 1_000_000m, "0.######"),
        "Periods" or "" => Text(value, "0"),
        "Micro" => Text(value / 1_000_000m, "0.00####"),
        "Cents" => Text(value / 100m, "0.00"),
        "MicroPerKWh" => Text(value / 1_000_000m, "0.00####") + " per kWh",
        "MicroPerKW" => Text(value / 1_000_000m, "0.00####") + " per kW",
        "MicroPerHour" => Text(value / 1_000_000m, "0.00####") + " per h",
        "MicroPerPoint" => Text(value / 1_000_000m, "0.00####") + " per percentage point",
        _ => throw new ArgumentOutOfRangeException(nameof(unit), unit, "Not a unit of an explanation"),
    };

    private static string Formula(string formula) => formula switch
    {
        "rate-above" => "rate × what exceeds the threshold",
        "rate-below" => "rate × what falls short of the threshold",
        "rate-both-ways" => "rate × difference to the threshold",
        "rate-above-stepped" => "stepped rates × what exceeds the threshold",
        "rate-below-stepped" => "stepped rates × what falls short of the threshold",
        _ => throw new ArgumentOutOfRangeException(nameof(formula), formula, "Not a formula"),
    };

    private static string Input(ExplainedInput input)
    {
        var name = input.Name switch
        {
            "period" => "hours of the period",
            "deviation" => "baseline less measured",
            "counted" => "counted",
            "applies" => "target decides (1 yes, 0 no)",
            "index" => "index",
            "indexBase" => "base of the index",
            "basis" => "of",
            "periodsAYear" => "periods of a year",
            "stepFrom" => "from",
            "stepCounted" => "counted",
            "stepRate" => "rate",
            var other => other,
        };
        return (input.Step > 0 ? string.Create(CultureInfo.InvariantCulture, $"step {input.Step} {name}") : name) + " " + Number(input.Unit, input.Value);
    }

    private static string Text(decimal value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
