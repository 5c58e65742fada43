using Marketplace.Data;

namespace Marketplace.Web.Features.Bills;

/// <summary>Terms of billing for loops whose people are made up or known by a code only: the demo's and replays'. Nobody answers at these addresses.</summary>
internal static class MadeUpTerms
{
    public static BillingTerms Of(int loopId, string slug, DateTimeOffset now) => new()
    {
        LoopId = loopId,
        Version = 1,
        ConsumerBodies = "Consumers’ advice of the district, Ring 100, 00001; https://consumers.example",
        EnergyAgencies = "Energy agency of the district, Ring 101, 00001; https://energy-agency.example",
        Complaints = $"Write to complaints@{slug}.example. You have an answer within four weeks.",
        Disputes = "If that does not settle it: the conciliation body for energy, Ring 102, 00001; https://conciliation.example. It is free of charge.",
        NormalHeat = 9_000,
        NormalCold = 1_500,
        NormalElectricity = 2_800,
        SetAt = now,
    };
}
