using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Replica.Demo;

/// <summary>Who lives and works on the demo loop and what they own. All names are invented.</summary>
internal sealed class District
{
    private static readonly string[] Households =
    [
        "Alma Brennicke", "Benno Tarfeld", "Carlotta Wiesgrund", "Darius Holmbach", "Edda Lorenzen-Kray", "Falk Mirow",
        "Gesa Altenrode", "Hanno Pirkstein", "Ilka Sommerloh", "Jaron Feldhues", "Kaya Odernheim", "Lorenz Zabelin",
        "Merle Quastow", "Nuri Abendschein", "Ortrun Vielhaber", "Pelle Dornkamp", "Quirin Hasselbeck", "Rosa Lindequist",
        "Sami Uferbach", "Thea Kranichfeld", "Ulf Morgenbesser", "Vera Nesselroth", "Wim Tannhof", "Yara Glimmerstedt",
    ];

    private readonly ulong seed;

    public District(ulong seed)
    {
        this.seed = seed;
        AddDwellings();
        AddBuildings();
        AddCompanies();
    }

    public List<LoopMember> Members { get; } = [];

    public List<DemoMeter> Meters { get; } = [];

    public List<Plant> Plants { get; } = [];

    public List<PlantShare> Shares { get; } = [];

    private void AddDwellings()
    {
        for (var n = 1; n <= Households.Length; n++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"home-{n:00}");
            var size = 0.75 + (0.6 * Chance.Uniform(Chance.Key(seed, key), 0));
            var hasSun = n is 3 or 7 or 12 or 15 or 18 or 21 or 24;
            Member(key, Households[n - 1], MemberKind.Dwelling, hasSun ? LoopRole.Prosumer : LoopRole.Consumer);
            Use(key, new Load(Carrier.Electricity, 280 * size, Shapes.DwellingPower, 4 * size, 14, Shapes.DwellingPower, 0.45, MayBeAway: true));
            Use(key, new Load(Carrier.Heat, 210 * size, Shapes.HotWater, 72 * size, 15.5, Shapes.DwellingHeat, 0.3, MayBeAway: true));
            if (n % 4 == 0)
            {
                Use(key, new Load(Carrier.Cold, 12 * size, Shapes.Flat, 55 * size, 20, Shapes.Flat, 0.4, MayBeAway: true));
            }

            if (hasSun)
            {
                Pv($"pv-{key}", $"Roof of {Households[n - 1]}", key, 5_000 + (500 * (n % 9)));
            }
        }

        HeatPump("heat-pump-home-12", "Cellar heat pump Zabelin", "home-12", 14_000, 6_000);
    }

    private void AddBuildings()
    {
        Office("office-a", "Planwerk Nord", 1.0);
        Office("office-b", "Kontor Lindenhof", 1.5);
        Office("office-c", "Studio Sieben Brücken", 0.6);

        Member("school", "Gesamtschule am Lindenhof", MemberKind.School, LoopRole.Consumer);
        Use("school", new Load(Carrier.Electricity, 14_000, Shapes.School, 120, 14, Shapes.School, 0.1, MayBeAway: false));
        Use("school", new Load(Carrier.Heat, 3_000, Shapes.School, 3_400, 15, Shapes.SchoolHeat, 0.12, MayBeAway: false));

        Member("market-hall", "Markthalle Ost", MemberKind.Supermarket, LoopRole.Prosumer);
        Use("market-hall", new Load(Carrier.Electricity, 34_000, Shapes.Shop, 0, 14, Shapes.Shop, 0.07, MayBeAway: false));
        Use("market-hall", new Load(Carrier.Heat, 800, Shapes.Shop, 450, 14, Shapes.Shop, 0.12, MayBeAway: false));
        Use("market-hall", new Load(Carrier.Cold, 9_000, Shapes.Shop, 500, 10, Shapes.Shop, 0.08, MayBeAway: false));
        WasteHeat("waste-heat-market-hall", "Condensers of Markthalle Ost", "market-hall", 15_000, 250_000);

        Member("data-centre", "Rechenhaus Neun", MemberKind.DataCentre, LoopRole.Prosumer);
        Use("data-centre", new Load(Carrier.Electricity, 60_000, Shapes.Flat, 0, 14, Shapes.Flat, 0.04, MayBeAway: false));
        Use("data-centre", new Load(Carrier.Cold, 17_000, Shapes.Flat, 400, 12, Shapes.Flat, 0.05, MayBeAway: false));
        WasteHeat("waste-heat-data-centre", "Recooling of Rechenhaus Neun", "data-centre", 40_000, 350_000);

        Member("bakery", "Backstube Morgenrot", MemberKind.Bakery, LoopRole.Prosumer);
        Use("bakery", new Load(Carrier.Electricity, 11_000, Shapes.Bakery, 0, 14, Shapes.Bakery, 0.12, MayBeAway: false));
        Use("bakery", new Load(Carrier.Heat, 900, Shapes.Shop, 180, 14, Shapes.Shop, 0.15, MayBeAway: false));
        Use("bakery", new Load(Carrier.Cold, 2_500, Shapes.Flat, 120, 12, Shapes.Flat, 0.1, MayBeAway: false));
        WasteHeat("waste-heat-bakery", "Ovens of Backstube Morgenrot", "bakery", 9_000, 250_000);

        Member("sports-hall", "Hallenbad Weidengrund", MemberKind.SportsHall, LoopRole.Consumer);
        Use("sports-hall", new Load(Carrier.Electricity, 9_000, Shapes.Evening, 80, 14, Shapes.Evening, 0.15, MayBeAway: false));
        Use("sports-hall", new Load(Carrier.Heat, 24_000, Shapes.Evening, 1_200, 14, Shapes.Evening, 0.15, MayBeAway: false));
    }

    private void AddCompanies()
    {
        Member("heat-works", "Lindenhof Wärmewerk", MemberKind.Company, LoopRole.Producer);
        HeatPump("heat-pump-north", "Heat pump north", "heat-works", 110_000, 4_000);
        HeatPump("heat-pump-south", "Heat pump south", "heat-works", 70_000, 5_000);
        Converter(PlantKind.Chiller, "chiller", "Chiller", "heat-works", Carrier.Cold, 30_000, 3_200_000, 4_000);
        Converter(PlantKind.Boiler, "boiler", "Electrode boiler", "heat-works", Carrier.Heat, 100_000, 980_000, 1_000);

        Member("sun-coop", "Sonnendach Lindenhof eG", MemberKind.Company, LoopRole.Producer);
        Pv("pv-school", "School roof", "sun-coop", 120_000);
        Pv("pv-offices", "Office roofs", "sun-coop", 85_000);

        Member("heat-keep", "Speicherwerk Lindenhof", MemberKind.Company, LoopRole.Storage);
        Store("heat-store", "Water store", "heat-keep", Carrier.Heat, 120_000, 900_000);
        Member("power-keep", "Quartierspeicher GbR", MemberKind.Company, LoopRole.Storage);
        Store("battery", "Battery", "power-keep", Carrier.Electricity, 80_000, 160_000);

        Member("grid-supplier", "Stadtstrom Handel", MemberKind.Company, LoopRole.Producer);
        Add(new Plant { Id = "grid", DisplayName = "Grid connection", Owner = "grid-supplier", Kind = PlantKind.GridSupplier, Output = Carrier.Electricity, CapacityWatts = 2_000_000 });
        Meter("grid", "grid-supplier", Carrier.Electricity, MeterDirection.Production);
        Meter("grid", "grid-supplier", Carrier.Electricity, MeterDirection.Consumption);

        Member("elm-fund", "Ulmenhain Beteiligungen", MemberKind.Investor, LoopRole.Investor);
        Member("ottilie", "Ottilie Rabenhorst-Ley", MemberKind.Investor, LoopRole.Investor);
        Shares.Add(new PlantShare("heat-pump-north", "elm-fund", 400_000));
        Shares.Add(new PlantShare("heat-store", "elm-fund", 300_000));
        Shares.Add(new PlantShare("pv-school", "ottilie", 250_000));
        Shares.Add(new PlantShare("battery", "ottilie", 200_000));

        Member("loop-operator", "Lindenhof Netzbetrieb", MemberKind.Company, LoopRole.Operator);
        Add(new Plant
        {
            Id = "balancing-plant",
            DisplayName = "Aquifer and recooler",
            Owner = "loop-operator",
            Kind = PlantKind.BalancingPlant,
            Output = Carrier.Heat,
            CapacityWatts = 1_000_000,
            PerformanceMillionths = 2_500_000,
            RunningCost = Price.FromMicroPerKWh(30_000),
        });
        foreach (var carrier in (Carrier[])[Carrier.Heat, Carrier.Cold])
        {
            Meter("balancing-plant", "loop-operator", carrier, MeterDirection.Production);
            Meter("balancing-plant", "loop-operator", carrier, MeterDirection.Consumption);
        }
    }

    private void Office(string key, string name, double size)
    {
        Member(key, name, MemberKind.Office, LoopRole.Consumer);
        Use(key, new Load(Carrier.Electricity, 13_000 * size, Shapes.Office, 100 * size, 14, Shapes.Office, 0.08, MayBeAway: false));
        Use(key, new Load(Carrier.Heat, 700 * size, Shapes.Office, 2_200 * size, 15, Shapes.OfficeHeat, 0.1, MayBeAway: false));
        Use(key, new Load(Carrier.Cold, 2_800 * size, Shapes.Flat, 700 * size, 14, Shapes.Office, 0.1, MayBeAway: false));
    }

    private void Member(string key, string name, MemberKind kind, params LoopRole[] roles) => Members.Add(new LoopMember(key, name, kind, roles));

    private void Use(string member, Load load)
    {
        var id = $"{member}-{load.Carrier.Name()}";
        var keys = new LoadKeys(Chance.Key(seed, id + " hour"), Chance.Key(seed, id + " day"), Chance.Key(seed, member + " away"));
        Meters.Add(new DemoMeter(id, member, load.Carrier, MeterDirection.Consumption, null, IsDispatched: false) { Load = load, Keys = keys });
    }

    private void Pv(string id, string name, string owner, long watts)
    {
        Add(new Plant { Id = id, DisplayName = name, Owner = owner, Kind = PlantKind.Pv, Output = Carrier.Electricity, CapacityWatts = watts, PerformanceMillionths = 860_000 });
        Meter(id, owner, Carrier.Electricity, MeterDirection.Production);
    }

    private void WasteHeat(string id, string name, string owner, long watts, long share)
    {
        Add(new Plant
        {
            Id = id,
            DisplayName = name,
            Owner = owner,
            Kind = PlantKind.WasteHeat,
            Output = Carrier.Heat,
            CapacityWatts = watts,
            PerformanceMillionths = share,
            RunningCost = Price.FromMicroPerKWh(6_000),
        });
        Meter(id, owner, Carrier.Heat, MeterDirection.Production);
    }

    private void HeatPump(string id, string name, string owner, long watts, long costMicro) =>
        Converter(PlantKind.HeatPump, id, name, owner, Carrier.Heat, watts, null, costMicro);

    private void Converter(PlantKind kind, string id, string name, string owner, Carrier output, long watts, long? performance, long costMicro)
    {
        Add(new Plant
        {
            Id = id,
            DisplayName = name,
            Owner = owner,
            Kind = kind,
            Input = Carrier.Electricity,
            Output = output,
            CapacityWatts = watts,
            PerformanceMillionths = performance,
            RunningCost = Price.FromMicroPerKWh(costMicro),
        });
        Meter(id, owner, Carrier.Electricity, MeterDirection.Consumption);
        Meter(id, owner, Carrier.Heat, MeterDirection.Production);
        if (kind != PlantKind.Boiler)
        {
            Meter(id, owner, Carrier.Cold, MeterDirection.Production);
        }
    }

    private void Store(string id, string name, string owner, Carrier carrier, long watts, long capacityWh)
    {
        Add(new Plant
        {
            Id = id,
            DisplayName = name,
            Owner = owner,
            Kind = PlantKind.Store,
            Input = carrier,
            Output = carrier,
            CapacityWatts = watts,
            RunningCost = Price.FromMicroPerKWh(carrier == Carrier.Electricity ? 2_000 : 500),
            Store = StoreDefaults.For(carrier, Energy.FromWh(capacityWh)),
        });
        Meter(id, owner, carrier, MeterDirection.Consumption);
        Meter(id, owner, carrier, MeterDirection.Production);
    }

    private void Add(Plant plant) => Plants.Add(plant);

    private void Meter(string plant, string owner, Carrier carrier, MeterDirection direction)
    {
        var id = $"{plant}-{carrier.Name()}-{(direction == MeterDirection.Production ? "out" : "in")}";
        var kind = Plants.Find(candidate => candidate.Id == plant)!.Kind;
        Meters.Add(new DemoMeter(id, owner, carrier, direction, plant, kind.IsDispatched()));
    }
}
