using Marketplace.Quantities;

namespace Marketplace.Web.Features.Loops;

/// <summary>A new loop as it is typed: prices in hundredths of the currency per kWh, rates in percent.</summary>
public class NewLoopForm
{
    public string? Name { get; set; } = "";

    public string? Slug { get; set; } = "";

    public string? Currency { get; set; } = "EUR";

    public string? TimeZone { get; set; } = "Europe/Berlin";

    public decimal DefaultLimitMargin { get; set; } = 1m;

    public decimal FeedIn { get; set; } = 8m;

    public decimal BalancingHeat { get; set; } = 9m;

    public decimal BalancingCold { get; set; } = 6m;

    public decimal NetworkFeeHeat { get; set; } = 1.5m;

    public decimal NetworkFeeCold { get; set; } = 1m;

    public decimal NetworkFeeElectricity { get; set; } = 7m;

    public decimal StandingChargePerDay { get; set; } = 0.20m;

    public decimal VatBasisPoints { get; set; } = 19m;

    public NewLoop ToLoop() => new(
        Name ?? "", (Slug ?? "").Trim(), (Currency ?? "").Trim().ToUpperInvariant(), (TimeZone ?? "").Trim(),
        new NewTariff(
            PerKWh(DefaultLimitMargin), PerKWh(FeedIn), PerKWh(BalancingHeat), PerKWh(BalancingCold),
            PerKWh(NetworkFeeHeat), PerKWh(NetworkFeeCold), PerKWh(NetworkFeeElectricity),
            Money.FromMicro(Whole(StandingChargePerDay, 1_000_000m)), (int)Whole(VatBasisPoints, 100m)));

    private static Price PerKWh(decimal cents) => Price.FromMicroPerKWh(Whole(cents, 10_000m));

    // What does not fit becomes a value that the rules refuse, with words.
    private static long Whole(decimal value, decimal factor) =>
        value is < -1_000_000m or > 1_000_000m ? -1 : (long)decimal.Round(value * factor, 0, MidpointRounding.AwayFromZero);
}
