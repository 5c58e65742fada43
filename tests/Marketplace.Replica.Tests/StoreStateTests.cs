using FsCheck;
using FsCheck.Fluent;
using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Replica.Tests;

public class StoreStateTests
{
    private static readonly Config Fixed = Config.QuickThrowOnFailure.WithReplay(20261105, 1, 0).WithMaxTest(300);

    private static readonly StoreDetails Tank = new(Energy.FromWh(1000), 900_000, 950_000, 10_000, 150_000, Price.FromMicroPerKWh(5_000));

    [Fact]
    public void A_charge_splits_into_what_is_stored_and_what_is_lost()
    {
        var step = new StoreState(Energy.FromWh(100)).Charge(Tank, Energy.FromWh(101));
        step.State.Stored.ShouldBe(Energy.FromWh(190));
        step.Loss.ShouldBe(Energy.FromWh(11));
    }

    [Fact]
    public void A_discharge_takes_its_loss_from_the_store()
    {
        var step = new StoreState(Energy.FromWh(200)).Discharge(Tank, Energy.FromWh(100));
        step.State.Stored.ShouldBe(Energy.FromWh(94));
        step.Loss.ShouldBe(Energy.FromWh(6));
    }

    [Fact]
    public void Nothing_is_charged_beyond_the_room_nor_delivered_beyond_the_content()
    {
        var half = new StoreState(Energy.FromWh(500));
        Should.Throw<ArgumentOutOfRangeException>(() => half.Charge(Tank, half.Room(Tank) + Energy.FromWh(1)));
        Should.Throw<ArgumentOutOfRangeException>(() => half.Discharge(Tank, half.Deliverable(Tank) + Energy.FromWh(1)));
        Should.Throw<ArgumentOutOfRangeException>(() => half.Charge(Tank, Energy.FromWh(-1)));
        Should.Throw<ArgumentOutOfRangeException>(() => half.Discharge(Tank, Energy.FromWh(-1)));
    }

    [Fact]
    public void An_efficiency_of_nothing_or_more_than_all_cannot_be_built()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new StoreDetails(Energy.FromWh(1), 0, 1_000_000, 0, 0, Price.Zero));
        Should.Throw<ArgumentOutOfRangeException>(() => new StoreDetails(Energy.FromWh(1), 1_000_000, 1_000_001, 0, 0, Price.Zero));
        Should.Throw<ArgumentOutOfRangeException>(() => new StoreDetails(Energy.FromWh(1), 1_000_000, 1_000_000, -1, 0, Price.Zero));
    }

    [Fact]
    public void Room_and_content_are_the_largest_amounts_that_fit() => Prop.ForAll(Stores, (store) =>
    {
        var (details, state) = store;
        var full = state.Charge(details, state.Room(details)).State.Stored;
        var empty = state.Discharge(details, state.Deliverable(details)).State.Stored;

        // One Wh more would not fit: what reaches the store would be more than the space, what leaves it more than the content.
        var overfull = (Int128)(state.Room(details).WattHours + 1) * details.ChargeEfficiencyMillionths / 1_000_000;
        var overdrawn = (Int128)(state.Deliverable(details).WattHours + 1) * 1_000_000;
        return full <= details.Capacity && !empty.IsNegative
            && overfull > (details.Capacity - state.Stored).WattHours
            && overdrawn > (Int128)state.Stored.WattHours * details.DischargeEfficiencyMillionths;
    }).Check(Fixed);

    [Fact]
    public void Energy_in_is_energy_out_plus_losses_plus_change_of_stored() => Prop.ForAll(Stores, Weeks, (store, week) =>
    {
        var (details, state) = store;
        var start = state.Stored;
        Energy charged = default, delivered = default, lost = default;
        foreach (var (chargeShare, deliverShare) in week)
        {
            var charge = Energy.FromWh(state.Room(details).WattHours * chargeShare / 100);
            var deliver = Energy.FromWh(state.Deliverable(details).WattHours * deliverShare / 100);
            var step = state.Hour(details, charge, deliver);
            if (step.Loss.IsNegative || step.State.Stored.IsNegative || step.State.Stored > details.Capacity)
            {
                return false;
            }

            (charged, delivered, lost, state) = (charged + charge, delivered + deliver, lost + step.Loss, step.State);
        }

        return charged == delivered + lost + (state.Stored - start);
    }).Check(Fixed);

    private static Arbitrary<(StoreDetails Details, StoreState State)> Stores =>
        (from capacity in Gen.Choose(0, 2_000_000)
         from stored in Gen.Choose(0, capacity)
         from charge in Gen.Choose(1, 1_000_000)
         from discharge in Gen.Choose(1, 1_000_000)
         from standing in Gen.Choose(0, 50_000)
         select (new StoreDetails(Energy.FromWh(capacity), charge, discharge, standing, 100_000, Price.Zero), new StoreState(Energy.FromWh(stored)))).ToArbitrary();

    private static Arbitrary<(int Charge, int Deliver)[]> Weeks =>
        (from charge in Gen.Choose(0, 100) from deliver in Gen.Choose(0, 100) select (charge, deliver)).ArrayOf(48).ToArbitrary();
}
