using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests;

public class VirtualMeterTests
{
    private static readonly Dictionary<string, QualifiedEnergy> Hour = new()
    {
        ["grid"] = new(Energy.FromWh(1_001), ValueQuality.Measured),
        ["pv"] = new(Energy.FromWh(400), ValueQuality.Estimated),
        ["car"] = new(Energy.FromWh(301), ValueQuality.Doubtful),
    };

    [Fact]
    public void It_adds_subtracts_and_scales_and_rounds_once()
    {
        var meters = new VirtualMeters([new("house", [new("grid", 1m), new("pv", 0.5m), new("car", -0.5m)])]);

        Of(meters, "house").ShouldBe(new QualifiedEnergy(Energy.FromWh(1_051), ValueQuality.Estimated));
        meters.Needs("house").ShouldBe(["car", "grid", "pv"]);
    }

    [Fact]
    public void It_is_as_good_as_the_worst_value_in_it() =>
        Of(new VirtualMeters([new("v", [new("grid", 1m), new("car", 1m)])]), "v")!.Value.Quality.ShouldBe(ValueQuality.Doubtful);

    [Fact]
    public void A_missing_part_makes_it_missing() =>
        Of(new VirtualMeters([new("v", [new("grid", 1m), new("gone", 1m)])]), "v").ShouldBeNull();

    [Fact]
    public void Virtual_meters_may_count_virtual_meters_without_rounding_between()
    {
        var meters = new VirtualMeters([new("half", [new("grid", 0.5m)]), new("whole", [new("half", 2m), new("car", -1m)])]);

        Of(meters, "whole").ShouldBe(new QualifiedEnergy(Energy.FromWh(700), ValueQuality.Doubtful));
        meters.Needs("whole").ShouldBe(["car", "grid"]);
    }

    [Fact]
    public void One_that_counts_itself_is_refused_with_the_way_round() =>
        Should.Throw<ArgumentException>(() => new VirtualMeters([new("a", [new("b", 1m)]), new("b", [new("grid", 1m), new("a", -1m)])]))
            .Message.ShouldContain("a → b → a");

    [Fact]
    public void What_cannot_be_meant_is_refused()
    {
        Should.Throw<ArgumentException>(() => new VirtualTerm("m", 0m));
        Should.Throw<ArgumentException>(() => new VirtualTerm("m", 0.0000001m));
        Should.Throw<ArgumentException>(() => new VirtualTerm("m", 1_000_001m));
        Should.Throw<ArgumentException>(() => new VirtualMeters([new("v", [])]));
        Should.Throw<ArgumentException>(() => new VirtualMeters([new("v", [new("m", 1m)]), new("v", [new("m", 1m)])]));
    }

    private static QualifiedEnergy? Of(VirtualMeters meters, string code) => meters.Of(code, meter => Hour.TryGetValue(meter, out var value) ? value : null);
}
