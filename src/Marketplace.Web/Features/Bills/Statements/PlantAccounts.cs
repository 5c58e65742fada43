using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Bill = Marketplace.Data.Bill;

namespace Marketplace.Web.Features.Bills.Statements;

/// <summary>What a plant did in the period of a statement, from its settled hours and the auctions' books.</summary>
/// <param name="Plant">Its code; empty for the member's own meters.</param>
public sealed record PlantAccount(string Plant, string Name)
{
    /// <summary>Null for the member's own meters.</summary>
    public PlantKind? Kind { get; init; }

    /// <summary>Power of the main product in W; 0 where it is not known.</summary>
    public long CapacityWatts { get; init; }

    public Carrier? Output { get; init; }

    /// <summary>What it gave, by carrier.</summary>
    public IReadOnlyList<SideOfPlant> Given { get; init; } = [];

    /// <summary>What it took, by carrier.</summary>
    public IReadOnlyList<SideOfPlant> Taken { get; init; } = [];

    /// <summary>Hours of the period, and in how many of them it gave energy.</summary>
    public int Hours { get; init; }

    public int HoursGiving { get; init; }

    /// <summary>Hours in which it stood in the auction, with an offer or as a converter, which is in every auction; and what it offered and what of it was accepted.</summary>
    public int HoursInAuction { get; init; }

    public Energy Offered { get; init; }

    public Energy Accepted { get; init; }

    /// <summary>The loop's part of what a store earned; above zero it was paid.</summary>
    public Money StoreShare { get; init; }

    /// <summary>Null where it is no store.</summary>
    public StoreOfPeriod? Store { get; init; }

    /// <summary>What was paid for the reader's share of it; null on its owner's statement.</summary>
    public Money? Invested { get; init; }

    public Money Sales => -Given.Aggregate(Money.Zero, (sum, side) => sum + side.Amount);

    public Money Purchases => Taken.Aggregate(Money.Zero, (sum, side) => sum + side.Amount);

    public Money Imbalance => Both.Aggregate(Money.Zero, (sum, side) => sum + side.Imbalance);

    public Money NetworkFees => Both.Aggregate(Money.Zero, (sum, side) => sum + side.NetworkFee);

    /// <summary>Premiums for the origin that others asked for.</summary>
    public Money Premiums => -Both.Aggregate(Money.Zero, (sum, side) => sum + side.Premium);

    /// <summary>What it earned by selling below zero: a loss is below zero.</summary>
    public Money BelowZero => -Given.Aggregate(Money.Zero, (sum, side) => sum + side.BelowZero);

    /// <summary>What is left, before VAT and before anybody's share.</summary>
    public Money Revenue => Sales - Purchases - Imbalance - NetworkFees + Premiums - StoreShare;

    /// <summary>Its main product over what it could have given at full power, in millionths; null where its power is not known.</summary>
    public long? UseMillionths => CapacityWatts > 0 && Hours > 0 && Given.FirstOrDefault(side => side.Carrier == Output) is { } main
        ? Rounding.DivideAwayFromZero((Int128)main.Metered.Abs().WattHours * 1_000_000, checked(CapacityWatts * Hours)) : null;

    private IEnumerable<SideOfPlant> Both => Given.Concat(Taken);
}

/// <summary>One carrier of a plant, on the side that gives or the one that takes. As settled: given energy, and what is owed to the member, are below zero.</summary>
/// <param name="Above">Metered beyond what was traded, hour by hour; of the side that gives, what was not delivered.</param>
/// <param name="Below">The other way, below zero.</param>
/// <param name="BelowZero">The part of the amount of hours with a price below zero.</param>
/// <param name="Certified">Energy that certificates counted for somebody who asked for its origin.</param>
public sealed record SideOfPlant(
    Carrier Carrier, Energy Traded, Energy Metered, Energy Above, Energy Below, Money Amount, Money BelowZero, Price? Lowest, Price? Highest,
    Money Imbalance, Money NetworkFee, Energy Certified, Money Premium)
{
    /// <summary>The amount divided by what was traded: derived, not what any hour was paid at.</summary>
    public Price? AveragePrice => Traded == Energy.Zero ? null : new Price(Rounding.DivideAwayFromZero((Int128)Amount.Micro * 1000, Traded.WattHours));
}

/// <summary>What the network could not carry of a member's deals and trades.</summary>
/// <param name="Compensation">Above zero the member gets it.</param>
public sealed record CurtailedOfPeriod(Carrier Carrier, int Hours, Energy Energy, Money Compensation);

/// <summary>Reads what plants did in the period of a statement. Nothing of it is an amount of the document: it says where the amounts come from.</summary>
internal sealed class PlantAccounts(Work work)
{
    public async Task<(IReadOnlyList<PlantAccount> Plants, IReadOnlyList<CurtailedOfPeriod> Curtailed)> ReadAsync(
        Bill bill, IReadOnlyList<BillLineView> lines, IReadOnlyList<StoreOfPeriod> stores, CancellationToken cancellationToken)
    {
        if (bill.Role is not (Role.Producer or Role.Storage or Role.Investor) || bill.Kind == DocumentKind.CreditNote)
        {
            return ([], []);
        }

        var db = work.Db;
        var (loopId, start, end) = (bill.LoopId, bill.PeriodStart, bill.PeriodEnd);
        string[] codes = [.. lines.Where(line => line.Plant.Length > 0 || (line.Kind.HasHours() && bill.Role == Role.Producer)).Select(line => line.Plant).Distinct()];
        var plants = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId && codes.Contains(plant.Code))
            .ToDictionaryAsync(plant => plant.Code, cancellationToken);
        int[] owners = [.. plants.Values.Select(plant => plant.OwnerId).Append(bill.MemberId).Distinct()];
        var sides = await SidesAsync(loopId, owners, codes, start, end, cancellationToken);
        var offers = (await db.Database.SqlQuery<OfferRow>($"""
            SELECT o.plant_code AS "Plant", count(DISTINCT o.hour)::int AS "Hours", sum(o.quantity)::bigint AS "Offered", coalesce(sum(a.accepted), 0)::bigint AS "Accepted"
            FROM market.book_orders o
            LEFT JOIN market.acceptances a ON a.loop_id = o.loop_id AND a.hour = o.hour AND a.position = o.position
            WHERE o.loop_id = {loopId} AND o.member_id = ANY ({owners}) AND o.hour >= {start} AND o.hour < {end} AND o.side = {(short)OrderSide.Sell} AND o.plant_code = ANY ({codes})
            GROUP BY 1
            """).ToListAsync(cancellationToken)).ToDictionary(row => row.Plant);
        var shares = bill.Role == Role.Investor
            ? await db.PlantShares.AsNoTracking().Where(share => share.LoopId == loopId && share.MemberId == bill.MemberId && codes.Contains(share.PlantCode))
                .ToDictionaryAsync(share => share.PlantCode, share => share.Invested, cancellationToken)
            : [];
        var storeShares = await db.StoreShares.AsNoTracking()
            .Where(share => share.LoopId == loopId && share.Hour >= start && share.Hour < end && codes.Contains(share.PlantCode))
            .GroupBy(share => share.PlantCode).Select(group => new { group.Key, Micro = group.Sum(share => (long)(object)share.Amount) })
            .ToDictionaryAsync(row => row.Key, row => new Money(row.Micro), cancellationToken);
        var hours = (int)(end - start).TotalHours;
        var cleared = await db.HourSteps.CountAsync(step => step.LoopId == loopId && step.Step == HourStepKind.Cleared && step.Hour >= start && step.Hour < end, cancellationToken);
        var accounts = codes.Order(StringComparer.Ordinal).Select(code =>
        {
            var plant = plants.GetValueOrDefault(code);
            var definition = plant is null ? null : PlantDefinition.Read(plant.Definition);
            var own = sides.Where(side => side.Plant == code).ToList();
            // One row of each plant counts the hours of all its carriers together.
            var giving = own.Where(side => side.Carrier is null).Sum(side => side.HoursGiving);
            var offer = offers.GetValueOrDefault(code);
            return new PlantAccount(code, plant?.Name ?? code)
            {
                Kind = definition?.Kind,
                CapacityWatts = definition?.CapacityWatts ?? 0,
                Output = definition?.Output,
                Given = [.. own.Where(side => side.Carrier is not null && side.Direction == (short)MeterDirection.Production).Select(side => side.View)],
                Taken = [.. own.Where(side => side.Carrier is not null && side.Direction == (short)MeterDirection.Consumption && code.Length > 0).Select(side => side.View)],
                Hours = hours,
                HoursGiving = giving,
                HoursInAuction = offer?.Hours ?? (definition?.Kind is PlantKind.HeatPump or PlantKind.Chiller or PlantKind.Boiler ? cleared : 0),
                Offered = new Energy(offer?.Offered ?? 0),
                Accepted = new Energy(offer?.Accepted ?? 0),
                StoreShare = storeShares.GetValueOrDefault(code),
                Store = stores.FirstOrDefault(store => store.Plant == code),
                Invested = bill.Role == Role.Investor ? shares.GetValueOrDefault(code) : null,
            };
        }).ToList();
        return (accounts, bill.Role == Role.Producer ? await CurtailedAsync(bill, cancellationToken) : []);
    }

    private async Task<List<SideRow>> SidesAsync(int loopId, int[] owners, string[] codes, DateTimeOffset start, DateTimeOffset end, CancellationToken cancellationToken) =>
        await work.Db.Database.SqlQuery<SideRow>($"""
            SELECT plant_code AS "Plant", carrier AS "Carrier", coalesce(direction, 0)::smallint AS "Direction",
                   (count(DISTINCT hour) FILTER (WHERE direction = 2 AND metered < 0))::int AS "HoursGiving",
                   sum(traded)::bigint AS "Traded", sum(metered)::bigint AS "Metered",
                   sum(greatest(metered - traded, 0))::bigint AS "Above", sum(least(metered - traded, 0))::bigint AS "Below",
                   sum(traded_amount)::bigint AS "Amount", coalesce(sum(traded_amount) FILTER (WHERE price < 0), 0)::bigint AS "BelowZero",
                   min(price) FILTER (WHERE traded <> 0) AS "Lowest", max(price) FILTER (WHERE traded <> 0) AS "Highest",
                   sum(imbalance_amount)::bigint AS "Imbalance", sum(network_fee)::bigint AS "NetworkFee",
                   sum(wish_energy)::bigint AS "Certified", sum(wish_premium)::bigint AS "Premium"
            FROM market.positions
            WHERE loop_id = {loopId} AND member_id = ANY ({owners}) AND hour >= {start} AND hour < {end} AND plant_code = ANY ({codes})
            GROUP BY GROUPING SETS ((plant_code, carrier, direction), (plant_code)) ORDER BY 1, 2, 3
            """).ToListAsync(cancellationToken);

    private async Task<IReadOnlyList<CurtailedOfPeriod>> CurtailedAsync(Bill bill, CancellationToken cancellationToken) =>
        [.. (await work.Db.Database.SqlQuery<CurtailedRow>($"""
            SELECT carrier AS "Carrier", count(DISTINCT hour)::int AS "Hours", sum(energy)::bigint AS "Energy", (-sum(amount))::bigint AS "Compensation"
            FROM market.curtailed_members
            WHERE loop_id = {bill.LoopId} AND hour >= {bill.PeriodStart} AND hour < {bill.PeriodEnd} AND member_id = {bill.MemberId}
            GROUP BY 1 ORDER BY 1
            """).ToListAsync(cancellationToken))
            .Select(row => new CurtailedOfPeriod((Carrier)row.Carrier, row.Hours, new Energy(row.Energy), new Money(row.Compensation)))];

    private sealed record OfferRow(string Plant, int Hours, long Offered, long Accepted);

    private sealed record CurtailedRow(short Carrier, int Hours, long Energy, long Compensation);

    private sealed record SideRow(
        string Plant, short? Carrier, short Direction, int HoursGiving, long Traded, long Metered, long Above, long Below, long Amount, long BelowZero,
        long? Lowest, long? Highest, long Imbalance, long NetworkFee, long Certified, long Premium)
    {
        public SideOfPlant View => new(
            (Carrier)Carrier!.Value, new Energy(Traded), new Energy(Metered), new Energy(Above), new Energy(Below), new Money(Amount), new Money(BelowZero),
            Lowest is { } lowest ? new Price(lowest) : null, Highest is { } highest ? new Price(highest) : null,
            new Money(Imbalance), new Money(NetworkFee), new Energy(Certified), new Money(Premium));
    }
}
