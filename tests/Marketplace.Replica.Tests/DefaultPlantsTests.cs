using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Replica.Tests;

public class DefaultPlantsTests
{
    private static readonly ReplayParticipant[] Participants =
    [
        new("b1", "consumer", 500m, Energy.FromWh(900_000), Energy.FromWh(20_000)),
        new("b2", "high-density flat electricity: candidate waste-heat producer / cold buyer (INFERRED)", 300.5m, Energy.FromWh(9_000_000), Energy.FromWh(60_000)),
        new("heat-company", "consumer", 0m, Energy.FromWh(100_000), Energy.FromWh(2_000)),
    ];

    private static readonly ReplaySummary Summary = new(168, Energy.FromWh(8_400_000), Energy.FromWh(120_000), Energy.Zero, Energy.FromWh(10_000_000), Energy.FromWh(80_000));

    [Fact]
    public void The_default_set_covers_every_kind_and_owner()
    {
        var set = DefaultPlants.ForReplay(Participants, Summary);
        set.Plants.Select(plant => plant.Kind).Distinct().ShouldBe(
            [PlantKind.Pv, PlantKind.WasteHeat, PlantKind.HeatPump, PlantKind.Store, PlantKind.GridSupplier, PlantKind.BalancingPlant], ignoreOrder: true);
        set.Plants.Select(plant => plant.Id).ShouldBeUnique();
        var members = Participants.Select(participant => participant.Id).Concat(set.ExtraMembers.Select(member => member.Key)).ToArray();
        members.ShouldBeUnique();
        set.Plants.ShouldAllBe(plant => members.Contains(plant.Owner));
        set.Shares.ShouldAllBe(share => members.Contains(share.Holder) && set.Plants.Any(plant => plant.Id == share.Plant));
        set.ExtraMembers.ShouldContain(member => member.Roles.Contains(LoopRole.Investor));
        set.ExtraMembers.ShouldContain(member => member.Roles.Contains(LoopRole.Operator));
        set.Plants.Single(plant => plant.Kind == PlantKind.WasteHeat).Owner.ShouldBe("b2");
        set.Plants.Single(plant => plant.Kind == PlantKind.Pv).CapacityWatts.ShouldBe(48_030);
        set.Plants.Where(plant => plant.Kind == PlantKind.HeatPump).Sum(plant => plant.CapacityWatts).ShouldBe(72_000);
        set.Sentences.ShouldContain(sentence => sentence.Contains("No cold is metered", StringComparison.Ordinal));
    }

    [Fact]
    public void An_extra_member_never_takes_a_participants_name()
    {
        var set = DefaultPlants.ForReplay(Participants, Summary);
        set.ExtraMembers.ShouldContain(member => member.Key == "heat-company-2");
        set.Plants.Where(plant => plant.Kind == PlantKind.HeatPump).ShouldAllBe(plant => plant.Owner == "heat-company-2");
    }

    [Fact]
    public void The_same_participants_give_the_same_set()
    {
        var (one, two) = (DefaultPlants.ForReplay(Participants, Summary), DefaultPlants.ForReplay(Participants, Summary));
        one.Plants.ShouldBe(two.Plants);
        one.Sentences.ShouldBe(two.Sentences);
        one.Shares.ShouldBe(two.Shares);
    }

    [Fact]
    public void Without_heat_roofs_or_electricity_the_grid_and_the_balance_remain()
    {
        var set = DefaultPlants.ForReplay([], new ReplaySummary(1, default, default, default, default, default));
        set.Plants.Select(plant => plant.Kind).ShouldBe([PlantKind.GridSupplier, PlantKind.BalancingPlant]);
        set.Shares.ShouldBeEmpty();
    }

    [Fact]
    public void With_metered_cold_a_chiller_is_added() =>
        DefaultPlants.ForReplay(Participants, Summary with { Cold = Energy.FromWh(168_000) })
            .Plants.Single(plant => plant.Kind == PlantKind.Chiller).CapacityWatts.ShouldBe(1_000);

    [Fact]
    public void Given_plants_are_completed_with_owners_grid_and_balance()
    {
        var given = PlantRows.Read(new PlantRow("grid", "Kiosk", "store", "heat", "heat", "10", "", "")).Plant!;
        var set = DefaultPlants.Around([given], Participants, Summary);
        set.Plants.Select(plant => plant.Id).ShouldBe(["grid", "grid-2", "balancing-plant"]);
        set.ExtraMembers[0].Key.ShouldBe("Kiosk");
        set.ExtraMembers[0].Roles.ShouldBe([LoopRole.Storage]);
    }

    [Fact]
    public void Roof_area_is_read_from_the_attributes_or_unknown()
    {
        ReplayParticipant.RoofFrom(new Dictionary<string, string> { ["approx_roof_m2"] = "686.1" }).ShouldBe(686.1m);
        ReplayParticipant.RoofFrom(new Dictionary<string, string> { ["roof_m2"] = "12" }).ShouldBe(12m);
        ReplayParticipant.RoofFrom(new Dictionary<string, string> { ["roof_m2"] = "-" }).ShouldBe(0m);
    }
}
