using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;

namespace Marketplace.Web.Features.Orders;

/// <summary>Reads quantities and prices as people type them. Nothing is rounded or guessed: what cannot be meant exactly is
/// said at its field.</summary>
public static class QuantityText
{
    /// <summary>Kilowatt-hours with up to three decimals.</summary>
    public static Energy? KWh(string? text, string field, List<Problem> problems)
    {
        if (Number(text, field, "Enter a quantity in kWh, for example 2.5.", problems) is not { } kWh)
        {
            return null;
        }

        if (Math.Abs(kWh) > 1_000_000_000m)
        {
            problems.Add(new Problem(field, "One order can be for at most 1,000,000 kWh."));
            return null;
        }

        if (!decimal.IsInteger(kWh * 1000m))
        {
            problems.Add(new Problem(field, "Use at most three decimals: the smallest amount is one watt-hour, 0.001 kWh."));
            return null;
        }

        return Energy.FromKWh(kWh);
    }

    /// <summary>A price in hundredths of the currency per kWh, with up to four decimals.</summary>
    public static Price? Cents(string? text, string field, string unit, List<Problem> problems)
    {
        if (Number(text, field, $"Enter a price limit in {unit}, for example 12.5.", problems) is not { } cents)
        {
            return null;
        }

        if (Math.Abs(cents) > 1_000_000m)
        {
            problems.Add(new Problem(field, $"Enter a price limit between −1,000 and 1,000 {unit}."));
            return null;
        }

        var micro = cents * 10_000m;
        if (!decimal.IsInteger(micro))
        {
            problems.Add(new Problem(field, "Use at most four decimals."));
            return null;
        }

        return Price.FromMicroPerKWh((long)micro);
    }

    private static decimal? Number(string? text, string field, Said missing, List<Problem> problems)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            problems.Add(new Problem(field, missing));
            return null;
        }

        if (TypedNumber.TryReadSigned(text, out var number))
        {
            return number;
        }

        if (text.Contains(',', StringComparison.Ordinal))
        {
            problems.Add(new Problem(field, "Write decimals with a point and leave out separators of thousands, for example 1250.5."));
            return null;
        }

        problems.Add(new Problem(field, $"“{text.Trim()}” is not a number. {missing}"));
        return null;
    }
}
