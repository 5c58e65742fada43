using Marketplace.Quantities;

namespace Marketplace.Replica;

/// <summary>What a store holds at the start of an hour. All steps are exact: energy in = energy out + loss + change of stored.</summary>
/// <param name="Stored">Energy held, never negative.</param>
public readonly record struct StoreState(Energy Stored)
{
    /// <summary>The most that can be charged before the store is full, measured at its connection.</summary>
    public Energy Room(StoreDetails details)
    {
        // The largest a with floor(a·η) ≤ free.
        var free = details.Capacity - Stored;
        return free <= Energy.Zero
            ? Energy.Zero
            : Energy.FromWh(checked((long)(((((Int128)free.WattHours + 1) * StoreDetails.One) - 1) / details.ChargeEfficiencyMillionths)));
    }

    /// <summary>The most that can be delivered before the store is empty, measured at its connection.</summary>
    public Energy Deliverable(StoreDetails details) =>
        Energy.FromWh((long)((Int128)Stored.WattHours * details.DischargeEfficiencyMillionths / StoreDetails.One));

    /// <summary>Takes in energy. What reaches the store is rounded down; the rest is loss.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The amount is negative or more than <see cref="Room"/>.</exception>
    public StoreStep Charge(StoreDetails details, Energy accepted)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(accepted.WattHours, nameof(accepted));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(accepted, Room(details));
        var stored = Energy.FromWh((long)((Int128)accepted.WattHours * details.ChargeEfficiencyMillionths / StoreDetails.One));
        return new StoreStep(new StoreState(Stored + stored), accepted - stored);
    }

    /// <summary>Delivers energy. What leaves the store for it is rounded up; the difference is loss.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The amount is negative or more than <see cref="Deliverable"/>.</exception>
    public StoreStep Discharge(StoreDetails details, Energy delivered)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(delivered.WattHours, nameof(delivered));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(delivered, Deliverable(details));
        var efficiency = details.DischargeEfficiencyMillionths;
        var taken = Energy.FromWh(checked((long)((((Int128)delivered.WattHours * StoreDetails.One) + efficiency - 1) / efficiency)));
        return new StoreStep(new StoreState(Stored - taken), taken - delivered);
    }

    /// <summary>One hour of standing; the loss is rounded down.</summary>
    public StoreStep Stand(StoreDetails details)
    {
        var loss = Energy.FromWh((long)((Int128)Stored.WattHours * details.StandingLossMillionthsPerHour / StoreDetails.One));
        return new StoreStep(new StoreState(Stored - loss), loss);
    }

    /// <summary>One whole hour: charges, delivers, then loses by standing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An amount does not fit the store.</exception>
    public StoreStep Hour(StoreDetails details, Energy charged, Energy delivered)
    {
        var afterCharge = Charge(details, charged);
        var afterDelivery = afterCharge.State.Discharge(details, delivered);
        var end = afterDelivery.State.Stand(details);
        return end with { Loss = afterCharge.Loss + afterDelivery.Loss + end.Loss };
    }
}

/// <summary>A store after a step, and what the step lost.</summary>
public readonly record struct StoreStep(StoreState State, Energy Loss);
