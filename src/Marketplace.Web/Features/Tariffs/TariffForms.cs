using System.Globalization;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;

namespace Marketplace.Web.Features.Tariffs;

/// <summary>A new version as it is typed: prices in hundredths of the currency per kWh, amounts in units of it, rates in percent.</summary>
public sealed class TariffForm
{
    public string? ValidFrom { get; set; }

    public string? DefaultLimitMargin { get; set; }

    public string? FeedIn { get; set; }

    public string? BalancingHeat { get; set; }

    public string? BalancingCold { get; set; }

    public string? FeeHeat { get; set; }

    public string? FeeCold { get; set; }

    public string? FeeElectricity { get; set; }

    /// <summary>One line each: zone, carrier, fee.</summary>
    public string? ZoneFees { get; set; }

    /// <summary>One line each: carrier, rate, name.</summary>
    public string? Levies { get; set; }

    public string? StandingChargePerDay { get; set; }

    public string? CompensationPerHour { get; set; }

    public string? VatBasisPoints { get; set; }

    public string? PaymentDays { get; set; }

    public string? Reason { get; set; }

    /// <summary>Starts from what is in force.</summary>
    public static TariffForm Of(Tariff tariff, DateOnly from) => new()
    {
        ValidFrom = TariffText.Day(from),
        DefaultLimitMargin = TariffText.Cents(tariff.DefaultLimitMargin),
        FeedIn = TariffText.Cents(tariff.FeedIn),
        BalancingHeat = TariffText.Cents(tariff.BalancingHeat),
        BalancingCold = TariffText.Cents(tariff.BalancingCold),
        FeeHeat = TariffText.Cents(tariff.NetworkFeeHeat),
        FeeCold = TariffText.Cents(tariff.NetworkFeeCold),
        FeeElectricity = TariffText.Cents(tariff.NetworkFeeElectricity),
        ZoneFees = string.Join('\n', tariff.ZoneFees.OrderBy(fee => fee.Zone, StringComparer.Ordinal).ThenBy(fee => fee.Carrier).Select(fee => $"{fee.Zone} {fee.Carrier.Name()} {TariffText.Cents(fee.Fee)}")),
        Levies = string.Join('\n', tariff.Levies.OrderBy(levy => levy.Number).Select(levy => $"{levy.Carrier.Name()} {TariffText.Cents(levy.Rate)} {levy.Name}")),
        StandingChargePerDay = TariffText.Units(tariff.StandingChargePerDay),
        CompensationPerHour = TariffText.Units(tariff.CompensationPerHour),
        VatBasisPoints = (tariff.VatBasisPoints / 100m).ToString("0.##", CultureInfo.InvariantCulture),
        PaymentDays = tariff.PaymentDays.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>What was typed, or what is wrong with it.</summary>
    public TariffPlan? Read(string unit, List<Problem> problems)
    {
        Price Price(string? text, string field) => QuantityText.Cents(text, field, unit, problems) ?? default;
        var plan = new TariffPlan
        {
            DefaultLimitMargin = Price(DefaultLimitMargin, nameof(DefaultLimitMargin)),
            FeedIn = Price(FeedIn, nameof(FeedIn)),
            BalancingHeat = Price(BalancingHeat, nameof(BalancingHeat)),
            BalancingCold = Price(BalancingCold, nameof(BalancingCold)),
            NetworkFees = new Dictionary<Carrier, Price>
            {
                [Carrier.Heat] = Price(FeeHeat, nameof(FeeHeat)), [Carrier.Cold] = Price(FeeCold, nameof(FeeCold)), [Carrier.Electricity] = Price(FeeElectricity, nameof(FeeElectricity)),
            },
            ZoneFees = [.. TariffText.Lines(ZoneFees, 3, nameof(ZoneFees), "write the zone, the carrier and the fee, such as “east heat 2.1”", problems)
                .Select(line => (line.Parts[0], TariffText.CarrierOf(line.Parts[1], line.Number, nameof(ZoneFees), problems), TariffText.PriceOf(line.Parts[2], line.Number, nameof(ZoneFees), unit, problems)))],
            Levies = [.. TariffText.Lines(Levies, 3, nameof(Levies), "write the carrier, the rate and the name, such as “electricity 2.05 Electricity tax”", problems)
                .Select(line => (TariffText.CarrierOf(line.Parts[0], line.Number, nameof(Levies), problems), line.Parts[2], TariffText.PriceOf(line.Parts[1], line.Number, nameof(Levies), unit, problems)))],
            StandingChargePerDay = TariffText.Amount(StandingChargePerDay, nameof(StandingChargePerDay), problems),
            CompensationPerHour = TariffText.Amount(CompensationPerHour, nameof(CompensationPerHour), problems),
            VatBasisPoints = TariffText.Percent(VatBasisPoints, nameof(VatBasisPoints), problems),
            PaymentDays = int.TryParse(PaymentDays, NumberStyles.None, CultureInfo.InvariantCulture, out var days) ? days : -1,
        };
        return problems.Count > 0 ? null : plan;
    }
}

/// <summary>A rate of tax as it is typed.</summary>
public sealed class TaxForm
{
    public string? TaxFrom { get; set; }

    public string? TaxCarrier { get; set; }

    public string? Category { get; set; }

    public string? BasisPoints { get; set; }

    public string? TaxReason { get; set; }
}

/// <summary>A shared amount as it is typed.</summary>
public sealed class SharedForm
{
    public string? SharedOn { get; set; }

    public string? SharedName { get; set; }

    public string? Amount { get; set; }

    public string? Key { get; set; }

    public string? SharedCarrier { get; set; }
}

/// <summary>Numbers and lists as they are typed on the tariff page. Nothing is rounded or guessed.</summary>
internal static class TariffText
{
    public static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static string Cents(Price price) => price.CentsPerKWh.ToString("0.####", CultureInfo.InvariantCulture);

    public static string Units(Money money) => money.Amount.ToString("0.00####", CultureInfo.InvariantCulture);

    /// <summary>A local day as the instant at which it starts.</summary>
    public static DateTimeOffset? StartOf(string? text, LoopCalendar calendar) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? calendar.StartOf(day).ToUniversalTime() : null;

    /// <summary>An amount in units of the currency, to the millionth.</summary>
    public static Money Amount(string? text, string field, List<Problem> problems, Said? message = null)
    {
        if (TypedNumber.TryReadSigned(text, out var amount) && Math.Abs(amount) <= 10_000_000m && decimal.IsInteger(amount * 1_000_000m))
        {
            return Money.FromMicro((long)(amount * 1_000_000m));
        }

        problems.Add(new Problem(field, message ?? "Enter an amount, for example 0.35."));
        return default;
    }

    public static int Percent(string? text, string field, List<Problem> problems)
    {
        if (TypedNumber.TryRead(text, out var percent) && percent <= 100 && decimal.IsInteger(percent * 100m))
        {
            return (int)(percent * 100m);
        }

        problems.Add(new Problem(field, "Enter a rate from 0 to 100 % with at most two decimals."));
        return 0;
    }

    public static IEnumerable<(int Number, string[] Parts)> Lines(string? text, int parts, string field, Said how, List<Problem> problems)
    {
        foreach (var (i, line) in (text ?? "").Split('\n').Index().Where(line => line.Item.Trim().Length > 0))
        {
            var split = line.Trim().Split([' ', '\t', ';'], parts, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (split.Length == parts)
            {
                yield return (i + 1, split);
            }
            else
            {
                problems.Add(new Problem(field, $"Line {i + 1}: {how}."));
            }
        }
    }

    public static Carrier CarrierOf(string text, int line, string field, List<Problem> problems)
    {
        if (Carriers.TryParse(text.ToLowerInvariant(), out var carrier))
        {
            return carrier;
        }

        problems.Add(new Problem(field, $"Line {line}: {text} is not heat, cold or electricity."));
        return Carrier.Heat;
    }

    public static Price PriceOf(string text, int line, string field, string unit, List<Problem> problems)
    {
        var own = new List<Problem>();
        var price = QuantityText.Cents(text, field, unit, own);
        problems.AddRange(own.Select(problem => problem with { Said = $"Line {line}: {problem.Said}" }));
        return price ?? default;
    }

    public static VatCategory? Category(string? text) => Enum.TryParse<VatCategory>(text, out var category) && Enum.IsDefined(category) ? category : null;
}
