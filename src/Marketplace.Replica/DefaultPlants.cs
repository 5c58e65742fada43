using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Replica;

/// <summary>A participant of a replay and what its readings say of it.</summary>
/// <param name="Id">The building, as in the file; becomes the member's key.</param>
/// <param name="Role">The role as in the file, free text included.</param>
/// <param name="RoofM2">Roof area, zero where unknown.</param>
/// <param name="Electricity">Sum of its electricity readings.</param>
/// <param name="PeakElectricity">Its largest electricity reading in one hour.</param>
public sealed record ReplayParticipant(string Id, string Role, decimal RoofM2, Energy Electricity, Energy PeakElectricity)
{
    /// <summary>Whether a free-text role speaks of waste heat.</summary>
    public bool GivesWasteHeat =>
        Role.Contains("waste-heat", StringComparison.OrdinalIgnoreCase)
        || Role.Contains("waste heat", StringComparison.OrdinalIgnoreCase)
        || Role.Contains("waste_heat", StringComparison.OrdinalIgnoreCase);

    /// <summary>The roof area among the attributes of <c>participants.csv</c>: <c>approx_roof_m2</c> or <c>roof_m2</c>; zero where neither is a number.</summary>
    public static decimal RoofFrom(IReadOnlyDictionary<string, string> attributes)
    {
        foreach (var name in (string[])["approx_roof_m2", "roof_m2"])
        {
            if (attributes.TryGetValue(name, out var text)
                && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
                && value is >= 0m and <= 1_000_000m)
            {
                return value;
            }
        }

        return 0m;
    }
}

/// <summary>What a replay's readings and conditions add up to; the default plants are sized by it.</summary>
/// <param name="Hours">Hours in the replay, above zero.</param>
/// <param name="Heat">Sum of heat readings.</param>
/// <param name="PeakHeat">Largest sum of heat readings in one hour.</param>
/// <param name="Cold">Sum of cold readings.</param>
/// <param name="Electricity">Sum of electricity readings.</param>
/// <param name="PeakElectricity">Largest sum of electricity readings in one hour.</param>
public sealed record ReplaySummary(int Hours, Energy Heat, Energy PeakHeat, Energy Cold, Energy Electricity, Energy PeakElectricity);

/// <summary>Plants with their extra owners, shares, and a sentence each that says what was assumed.</summary>
public sealed record ReplayPlants(
    IReadOnlyList<Plant> Plants,
    IReadOnlyList<LoopMember> ExtraMembers,
    IReadOnlyList<PlantShare> Shares,
    IReadOnlyList<string> Sentences);

/// <summary>The plants of a replay. What the folder does not say is filled in, the same way each time, and said.</summary>
public static class DefaultPlants
{
    private const long WattsPerRoofM2 = 60;

    /// <summary>The whole default set, for a folder without <c>plants.csv</c>.</summary>
    public static ReplayPlants ForReplay(IReadOnlyList<ReplayParticipant> participants, ReplaySummary summary)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(summary.Hours, 1, nameof(summary));
        var set = new Set(participants.Select(participant => participant.Id));
        var meanHeat = summary.Heat.WattHours / summary.Hours;
        var meanElectricity = summary.Electricity.WattHours / summary.Hours;
        AddPv(set, participants);
        AddWasteHeat(set, participants);
        AddHeatPumps(set, summary.PeakHeat);
        AddStores(set, meanHeat, meanElectricity);
        AddChiller(set, summary);
        AddInvestor(set);
        AddGridAndBalance(set, summary);
        return set.Done();
    }

    /// <summary>Completes the plants of a <c>plants.csv</c> with the grid supplier and the balancing plant, which the file cannot state,
    /// and with members for owners that are no participants.</summary>
    public static ReplayPlants Around(IReadOnlyList<Plant> given, IReadOnlyList<ReplayParticipant> participants, ReplaySummary summary)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(summary.Hours, 1, nameof(summary));
        var set = new Set(participants.Select(participant => participant.Id));
        set.Plants.AddRange(given);
        foreach (var owned in given.GroupBy(plant => plant.Owner, StringComparer.Ordinal))
        {
            if (!set.Knows(owned.Key))
            {
                var roles = owned.Select(plant => plant.Kind == PlantKind.Store ? LoopRole.Storage : LoopRole.Producer).Distinct().Order().ToArray();
                set.Members.Add(new LoopMember(owned.Key, owned.Key, MemberKind.Company, roles));
                set.Sentences.Add($"{owned.Key} owns plant but is no participant: it becomes a member of its own.");
            }
        }

        AddGridAndBalance(set, summary);
        return set.Done();
    }

    private static void AddPv(Set set, IReadOnlyList<ReplayParticipant> participants)
    {
        var roofM2 = participants.Sum(participant => participant.RoofM2);
        var watts = checked((long)(roofM2 * WattsPerRoofM2));
        if (watts == 0)
        {
            return;
        }

        var owner = set.Member("solar-community", "Solar community", LoopRole.Producer);
        set.Add(new Plant { Id = "pv-roofs", DisplayName = "Solar roofs", Owner = owner, Kind = PlantKind.Pv, Output = Carrier.Electricity, CapacityWatts = watts });
        set.Say($"PV: {watts / 1000m:0.0} kW peak (60 W for each of {roofM2:0} m² of roof) follow the irradiance and belong to the extra member Solar community.");
    }

    private static void AddWasteHeat(Set set, IReadOnlyList<ReplayParticipant> participants)
    {
        var sources = participants.Where(participant => participant.GivesWasteHeat && participant.PeakElectricity > Energy.Zero).ToArray();
        foreach (var source in sources)
        {
            set.Add(new Plant
            {
                Id = $"waste-heat-{source.Id}",
                DisplayName = $"Waste heat of {source.Id}",
                Owner = source.Id,
                Kind = PlantKind.WasteHeat,
                Output = Carrier.Heat,
                CapacityWatts = source.PeakElectricity.WattHours,
                PerformanceMillionths = 300_000,
                RunningCost = Price.FromMicroPerKWh(8_000),
            });
        }

        if (sources.Length > 0)
        {
            set.Say($"Waste heat: {sources.Length} participants whose role speaks of it stay consumers and give 30 % of their electricity as heat at 0.8 ct/kWh.");
        }
    }

    private static void AddHeatPumps(Set set, Energy peakHeat)
    {
        var thirds = peakHeat.WattHours * 3 / 5 / 3;
        if (thirds == 0)
        {
            return;
        }

        var owner = set.Member("heat-company", "Heat company", LoopRole.Producer);
        set.Add(HeatPump("heat-pump-1", "Heat pump 1", owner, checked(thirds * 2), 4_000));
        set.Add(HeatPump("heat-pump-2", "Heat pump 2", owner, thirds, 6_000));
        set.Say($"Heat pumps: {thirds * 3 / 1000m:0} kW of heat in two plants (60 % of the highest hour) of the extra member Heat company, COP by outdoor temperature on a 12 °C loop; the cold they make is sold too.");
    }

    private static void AddStores(Set set, long meanHeat, long meanElectricity)
    {
        if (meanHeat / 4 > 0)
        {
            var capacity = Energy.FromWh(meanHeat * 2);
            set.Add(Store("heat-store", "Heat store", set.Member("store-company", "Store company", LoopRole.Storage), Carrier.Heat, meanHeat / 4, capacity));
            set.Say($"Heat store: {capacity.KilowattHours:0} kWh, {meanHeat / 4 / 1000m:0} kW, of the extra member Store company; starts empty.");
        }

        if (meanElectricity / 8 > 0)
        {
            var capacity = Energy.FromWh(meanElectricity / 4);
            set.Add(Store("battery", "Battery", set.Member("store-company", "Store company", LoopRole.Storage), Carrier.Electricity, meanElectricity / 8, capacity));
            set.Say($"Battery: {capacity.KilowattHours:0} kWh, {meanElectricity / 8 / 1000m:0} kW, of the extra member Store company; starts empty.");
        }
    }

    private static void AddChiller(Set set, ReplaySummary summary)
    {
        var watts = summary.Cold.WattHours / summary.Hours;
        if (watts == 0)
        {
            return;
        }

        var owner = set.Member("heat-company", "Heat company", LoopRole.Producer);
        set.Add(new Plant
        {
            Id = "chiller",
            DisplayName = "Chiller",
            Owner = owner,
            Kind = PlantKind.Chiller,
            Input = Carrier.Electricity,
            Output = Carrier.Cold,
            CapacityWatts = watts,
            PerformanceMillionths = 4_000_000,
            RunningCost = Price.FromMicroPerKWh(4_000),
        });
        set.Say($"Chiller: {watts / 1000m:0} kW of cold, 4 for each kWh of electricity, of the extra member Heat company; the heat it rejects is sold.");
    }

    private static void AddInvestor(Set set)
    {
        var target = set.Plants.Find(plant => plant.Kind == PlantKind.HeatPump) ?? set.Plants.Find(plant => plant.Kind == PlantKind.Pv);
        if (target is null)
        {
            return;
        }

        var investor = set.Member("district-fund", "District fund", LoopRole.Investor, MemberKind.Investor);
        set.Shares.Add(new PlantShare(target.Id, investor, 400_000));
        if (target.Kind == PlantKind.HeatPump && set.Plants.Find(plant => plant.Kind == PlantKind.Pv) is { } pv)
        {
            set.Shares.Add(new PlantShare(pv.Id, investor, 250_000));
        }

        set.Say($"Investor: the extra member District fund holds {string.Join(" and ", set.Shares.Select(share => $"{share.ShareMillionths / 10_000} % of {share.Plant}"))}.");
    }

    private static void AddGridAndBalance(Set set, ReplaySummary summary)
    {
        // Both must always be able to close the balance, whatever the other plants do.
        var most = set.Plants.Sum(plant => plant.CapacityWatts) + (4 * (summary.PeakElectricity.WattHours + summary.PeakHeat.WattHours)) + summary.Cold.WattHours;
        var size = checked(((most / 1_000_000) + 1) * 1_000_000);
        var grid = set.Member("grid-supplier", "Grid supplier", LoopRole.Producer);
        set.Add(new Plant { Id = "grid", DisplayName = "Grid connection", Owner = grid, Kind = PlantKind.GridSupplier, Output = Carrier.Electricity, CapacityWatts = size });
        set.Sentences.Add("Grid supplier: sells electricity without limit at the import price and takes surplus at the feed-in price.");
        var balancing = set.Member("loop-operator", "Loop operator", LoopRole.Operator);
        set.Add(new Plant
        {
            Id = "balancing-plant",
            DisplayName = "Balancing plant",
            Owner = balancing,
            Kind = PlantKind.BalancingPlant,
            Output = Carrier.Heat,
            CapacityWatts = size,
            PerformanceMillionths = 2_500_000,
            RunningCost = Price.FromMicroPerKWh(25_000),
        });
        set.Sentences.Add("Balancing plant: the loop operator sells heat at 2.5 ct/kWh plus 1/2.5 of the import price, cold at 2.5 ct/kWh plus 1/10 of it, and takes surplus heat and cold for nothing.");
        if (summary.Cold == Energy.Zero)
        {
            set.Sentences.Add("No cold is metered: what cold there is comes as by-product of the heat pumps, and the balancing plant takes it.");
        }
    }

    private static Plant HeatPump(string id, string name, string owner, long watts, long costMicro) => new()
    {
        Id = id,
        DisplayName = name,
        Owner = owner,
        Kind = PlantKind.HeatPump,
        Input = Carrier.Electricity,
        Output = Carrier.Heat,
        CapacityWatts = watts,
        RunningCost = Price.FromMicroPerKWh(costMicro),
    };

    private static Plant Store(string id, string name, string owner, Carrier carrier, long watts, Energy capacity) => new()
    {
        Id = id,
        DisplayName = name,
        Owner = owner,
        Kind = PlantKind.Store,
        Input = carrier,
        Output = carrier,
        CapacityWatts = watts,
        RunningCost = Price.FromMicroPerKWh(carrier == Carrier.Electricity ? 2_000 : 500),
        Store = StoreDefaults.For(carrier, capacity),
    };

    /// <summary>The set as it grows. Names never collide with a participant's.</summary>
    private sealed class Set(IEnumerable<string> participants)
    {
        private readonly HashSet<string> taken = [.. participants];
        private readonly Dictionary<string, string> keys = [];

        public List<Plant> Plants { get; } = [];

        public List<LoopMember> Members { get; } = [];

        public List<PlantShare> Shares { get; } = [];

        public List<string> Sentences { get; } = [];

        public bool Knows(string key) => taken.Contains(key);

        public string Member(string wanted, string name, LoopRole role, MemberKind kind = MemberKind.Company)
        {
            if (keys.TryGetValue(wanted, out var known))
            {
                return known;
            }

            var key = Free(wanted, candidate => taken.Contains(candidate) || Members.Exists(member => member.Key == candidate));
            keys.Add(wanted, key);
            Members.Add(new LoopMember(key, name, kind, [role]));
            return key;
        }

        public void Add(Plant plant) =>
            Plants.Add(plant with { Id = Free(plant.Id, candidate => Plants.Exists(other => other.Id == candidate)) });

        public void Say(FormattableString sentence) => Sentences.Add(sentence.ToString(CultureInfo.InvariantCulture));

        public ReplayPlants Done() => new(Plants, Members, Shares, Sentences);

        private static string Free(string wanted, Func<string, bool> isTaken)
        {
            var name = wanted;
            for (var n = 2; isTaken(name); n++)
            {
                name = string.Create(CultureInfo.InvariantCulture, $"{wanted}-{n}");
            }

            return name;
        }
    }
}
