using Marketplace.Quantities;
using Marketplace.Web.Shell.Components.Charts;

namespace Marketplace.Web.Shell.Design;

/// <summary>The sample values of the style guide.</summary>
public sealed partial class DesignPage
{
    // The day on which clocks go back: 25 hours.
    private static readonly LoopCalendar s_berlin = new(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));

    private static Interval Day => s_berlin.Day(new DateOnly(2026, 10, 25));

    private static Interval ThreeDays => new(s_berlin.StartOf(new DateOnly(2026, 10, 26)), s_berlin.StartOf(new DateOnly(2026, 10, 29)));

    private static IReadOnlyList<SampleOrder> Rows { get; } =
    [
        new("14:00–15:00", Carrier.Heat, Energy.FromWh(4_200), Price.FromMicroPerKWh(90_000)),
        new("15:00–16:00", Carrier.Electricity, Energy.FromWh(1_400), Price.FromMicroPerKWh(281_000)),
        new("16:00–17:00", Carrier.Cold, Energy.FromWh(9_000), Price.FromMicroPerKWh(-3_000)),
    ];

    private static IReadOnlyList<FlowNode> Nodes { get; } =
    [
        new("pv", "Sun", 0), new("grid", "Grid", 0), new("dc", "Data centre", 0),
        new("e", "Electricity", 1, Carrier.Electricity), new("h0", "Heat", 1, Carrier.Heat),
        new("hp", "Heat pumps", 2),
        new("homes", "Homes", 3), new("offices", "Offices", 3), new("cold", "Cooled rooms", 3),
        new("loss", "Losses", 4),
    ];

    private static IReadOnlyList<FlowLink> Links { get; } =
    [
        Flow("pv", "e", 5_200, Carrier.Electricity), Flow("grid", "e", 3_900, Carrier.Electricity), Flow("dc", "h0", 8_400, Carrier.Heat),
        Flow("e", "hp", 2_600, Carrier.Electricity), Flow("e", "homes", 3_700, Carrier.Electricity), Flow("e", "offices", 2_800, Carrier.Electricity),
        Flow("h0", "homes", 5_100, Carrier.Heat), Flow("h0", "offices", 3_300, Carrier.Heat),
        Flow("hp", "homes", 1_900, Carrier.Heat), Flow("hp", "cold", 700, Carrier.Cold),
        Flow("homes", "loss", 420, null), Flow("offices", "loss", 260, null),
    ];

    private static FlowLink Flow(string from, string to, long energyKWh, Carrier? carrier) => new(from, to, Energy.FromWh(energyKWh * 1000), carrier);

    private static List<EnergyBar> Bars() => [.. Day.Steps(TimeSpan.FromHours(1)).SelectMany((at, i) => new[]
    {
        new EnergyBar(Hour(at), Carrier.Heat, Energy.FromWh(900 + (Math.Abs(12 - i) * 140)), i is 9 or 10),
        new EnergyBar(Hour(at), Carrier.Cold, Energy.FromWh(i is > 12 and < 19 ? 400 : 60)),
        new EnergyBar(Hour(at), Carrier.Electricity, Energy.FromWh(i is > 10 and < 16 ? -700 : 380 + (i % 5 * 60))),
    })];

    private static List<PriceStep> Prices() => [.. Day.Steps(TimeSpan.FromHours(1)).SelectMany((at, i) => new[]
    {
        new PriceStep(Hour(at), Carrier.Heat, Price.FromMicroPerKWh(72_000 + (i % 6 * 5_000)), i > 17 ? Price.FromMicroPerKWh(60_000) : null, i > 17 ? Price.FromMicroPerKWh(110_000) : null),
        new PriceStep(Hour(at), Carrier.Cold, i is > 5 and < 9 ? null : Price.FromMicroPerKWh(21_000 + (i % 4 * 2_000))),
        new PriceStep(Hour(at), Carrier.Electricity, Price.FromMicroPerKWh(i is > 10 and < 16 ? -18_000 : 160_000 + (i % 7 * 14_000))),
    })];

    private static List<EnergyBar> Daily() => [.. Enumerable.Range(0, 3).SelectMany(i => Carriers.All.Select(carrier =>
        new EnergyBar(s_berlin.Day(new DateOnly(2026, 10, 26 + i)), carrier, Energy.FromWh(9_000 + (i * 2_100) - ((int)carrier * 2_000)))))];

    private static Interval Hour(DateTimeOffset at) => new(at, at.AddHours(1));

    private sealed record SampleOrder(string Hour, Carrier Carrier, Energy Energy, Price Price);

    private sealed class SampleOffer
    {
        public decimal Quantity { get; set; }

        public string? Name { get; set; }

        public bool Local { get; set; }
    }
}
