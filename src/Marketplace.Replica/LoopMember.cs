namespace Marketplace.Replica;

/// <summary>What a member does on the loop. A member may hold several roles.</summary>
public enum LoopRole
{
    /// <summary>Buys for its own use.</summary>
    Consumer = 1,

    /// <summary>Owns plant and sells.</summary>
    Producer = 2,

    /// <summary>Buys and sells.</summary>
    Prosumer = 3,

    /// <summary>Charges and discharges a store.</summary>
    Storage = 4,

    /// <summary>Holds a share of plant.</summary>
    Investor = 5,

    /// <summary>Runs the loop.</summary>
    Operator = 6,
}

/// <summary>What stands behind a member.</summary>
public enum MemberKind
{
    /// <summary>A household.</summary>
    Dwelling = 1,

    /// <summary>An office building.</summary>
    Office = 2,

    /// <summary>A school.</summary>
    School = 3,

    /// <summary>A supermarket.</summary>
    Supermarket = 4,

    /// <summary>A data centre.</summary>
    DataCentre = 5,

    /// <summary>A bakery.</summary>
    Bakery = 6,

    /// <summary>A sports hall or swimming pool.</summary>
    SportsHall = 7,

    /// <summary>A company or cooperative that owns plant.</summary>
    Company = 8,

    /// <summary>A person or company that invests.</summary>
    Investor = 9,

    /// <summary>A building of unknown use, as replays have.</summary>
    Building = 10,
}

/// <summary>A member of a loop.</summary>
/// <param name="Key">Short name, unique in the loop, lower case.</param>
/// <param name="DisplayName">What people read.</param>
/// <param name="Kind">What stands behind it.</param>
/// <param name="Roles">One or more.</param>
public sealed record LoopMember(string Key, string DisplayName, MemberKind Kind, IReadOnlyList<LoopRole> Roles);

/// <summary>A member's share in a plant's revenue.</summary>
/// <param name="Plant">Id of the plant.</param>
/// <param name="Holder">Key of the member.</param>
/// <param name="ShareMillionths">Above 0, at most 1,000,000; the shares of one plant sum to no more than that, the owner keeps the rest.</param>
public sealed record PlantShare(string Plant, string Holder, long ShareMillionths);
