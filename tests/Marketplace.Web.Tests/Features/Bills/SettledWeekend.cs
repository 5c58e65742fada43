using System.Security.Claims;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MeterDirection = Marketplace.Data.MeterDirection;
using PlantShare = Marketplace.Data.PlantShare;

namespace Marketplace.Web.Tests.Features.Bills;

/// <summary>A small loop with two settled local days: a household, a neighbour without any trade, the owner of a solar roof and a
/// heat pump, a heat store and an investor. Positions and journal are as settlement writes them.</summary>
internal sealed class SettledWeekend
{
    public const int Operator = 1;
    public const int Household = 2;
    public const int Owner = 3;
    public const int StoreKeeper = 4;
    public const int Investor = 5;
    public const int Neighbour = 6;

    private static readonly DateTimeOffset Start = new(2026, 2, 28, 23, 0, 0, TimeSpan.Zero);

    public static readonly Interval Period = new(Start, Start.AddHours(48));

    public required int LoopId { get; init; }

    public required IReadOnlyList<Position> Positions { get; init; }

    /// <summary>Settles the two days, but for hours named otherwise.</summary>
    public static async Task<SettledWeekend> InAsync(
        MarketplaceHost host, string slug = "alpha", DateTimeOffset? unsettled = null, bool tariffChange = false, bool noTariff = false, bool loseATransfer = false)
    {
        var loop = new Loop
        {
            Slug = slug, Name = "Alpha", Kind = LoopKind.Replay, Currency = "EUR", TimeZone = "Europe/Berlin", Seed = [1, 2, 3], CreatedAt = Start,
        };
        await host.Put(db => db.Add(loop));
        await host.Put(db =>
        {
            db.Add(new MarketClock { LoopId = loop.Id, MarketAnchor = Period.End, RealAnchor = MarketplaceHost.Start, Rate = 1 });
            foreach (var (id, name) in new[] { (Operator, "Loop office"), (Household, "Kim"), (Owner, "Sun and Pump"), (StoreKeeper, "Tank"), (Investor, "Ines"), (Neighbour, "Noor") })
            {
                db.Add(new Member { LoopId = loop.Id, Id = id, Key = $"m-{id:00}", Name = name, Kind = "dwelling", JoinedAt = Start });
            }

            db.Add(Tariff(loop.Id, 1, noTariff ? Start.AddHours(1) : Start.AddDays(-30), vat: 1900));
            if (tariffChange)
            {
                db.Add(Tariff(loop.Id, 2, Start.AddHours(24), vat: 700));
            }
        });
        await host.Put(db =>
        {
            db.Add(PlantOf(loop.Id, "pv", Owner, PlantKind.Pv, Carrier.Electricity));
            db.Add(PlantOf(loop.Id, "hp", Owner, PlantKind.HeatPump, Carrier.Heat));
            db.Add(PlantOf(loop.Id, "tank", StoreKeeper, PlantKind.Store, Carrier.Heat));
        });
        await host.Put(db => db.Add(new PlantShare { LoopId = loop.Id, PlantCode = "pv", MemberId = Investor, ShareMillionths = 333_333, Invested = Money.FromCents(1_000_000) }));

        var positions = Hours().SelectMany(hour => PositionsOf(loop.Id, hour)).ToList();
        var accounts = AccountsOf();
        var transfers = positions.SelectMany(position => TransfersOf(position, accounts)).GroupBy(Key).Select(Sum).Where(transfer => transfer.Amount != 0).Select(Positive).ToList();
        await host.Put(db =>
        {
            db.AddRange(accounts.Select(account => new JournalAccount { LoopId = loop.Id, Id = account.Value, Kind = account.Key.Kind, MemberId = account.Key.Member }));
            db.AddRange(positions);
            db.AddRange(loseATransfer ? transfers.Skip(1) : transfers);
            db.AddRange(Hours().Where(hour => hour != unsettled).Select(hour => new HourStep { LoopId = loop.Id, Hour = hour, Step = HourStepKind.Settled, DoneAt = Start }));
            db.AddRange(Hours().Select((hour, i) => new StoreLevel
            {
                LoopId = loop.Id,
                PlantCode = "tank",
                Hour = hour,
                Charged = new Energy(i < 24 ? 4_000 : 0),
                Discharged = new Energy(i < 24 ? 0 : 3_800),
                Lost = new Energy(10),
                Level = new Energy(10_000 + (Math.Min(i + 1, 24) * 4_000) - (Math.Max(i - 23, 0) * 3_800) - ((i + 1) * 10)),
            }));
        });
        return new SettledWeekend { LoopId = loop.Id, Positions = positions };
    }

    /// <summary>Somebody who acts for a member of the loop.</summary>
    public Actor As(int member, Role role) => Actor.From(new ClaimsPrincipal(new ClaimsIdentity(
        [new Claim(ClaimTypes.NameIdentifier, Guid.Parse("11111111-1111-1111-1111-111111111111").ToString()), new RoleHeld(LoopId, member, role).ToClaim()], "test")));

    private static IEnumerable<DateTimeOffset> Hours() => Period.Steps(TimeSpan.FromHours(1));

    private static IEnumerable<Position> PositionsOf(int loopId, DateTimeOffset hour)
    {
        var i = (int)(hour - Start).TotalHours;
        var heat = new Price(80_000 + (i * 137));
        var power = new Price(210_000 - (i * 311));
        yield return At(Household, Carrier.Heat, MeterDirection.Consumption, "", 1_000 + i, 1_000 + i + (i % 2 == 0 ? 101 : -53), heat, 12_000, i == 5);
        yield return At(Household, Carrier.Electricity, MeterDirection.Consumption, "", 400, 400, power, 30_000);
        yield return At(Household, Carrier.Electricity, MeterDirection.Production, "", -150, -149, power, 0);
        yield return At(Owner, Carrier.Electricity, MeterDirection.Production, "pv", -2_000, -1_990, power, 0);
        yield return At(Owner, Carrier.Electricity, MeterDirection.Consumption, "hp", 500, 500, power, 30_000);
        yield return At(Owner, Carrier.Heat, MeterDirection.Production, "hp", -1_750, -1_750, heat, 0);
        yield return i < 24
            ? At(StoreKeeper, Carrier.Heat, MeterDirection.Consumption, "tank", 4_000, 4_000, heat, 12_000)
            : At(StoreKeeper, Carrier.Heat, MeterDirection.Production, "tank", -3_800, -3_800, heat, 0);

        Position At(int member, Carrier carrier, MeterDirection direction, string plant, long traded, long metered, Price price, long fee, bool estimated = false)
        {
            var difference = new Energy(metered - traded);
            var imbalance = new Price(difference.IsNegative ? price.MicroPerKWh / 2 : price.MicroPerKWh * 2);
            return new Position
            {
                LoopId = loopId,
                MemberId = member,
                Hour = hour,
                Carrier = carrier,
                Direction = direction,
                PlantCode = plant,
                Traded = new Energy(traded),
                Metered = new Energy(metered),
                Price = price,
                TradedAmount = price.Of(new Energy(traded)),
                ImbalancePrice = imbalance,
                ImbalanceAmount = imbalance.Of(difference),
                NetworkFee = fee == 0 ? Money.Zero : new Price(fee).Of(new Energy(metered)),
                Estimated = estimated,
            };
        }
    }

    private static Tariff Tariff(int loopId, int version, DateTimeOffset from, int vat) => new()
    {
        LoopId = loopId,
        Version = version,
        ValidFrom = from,
        DefaultLimitMargin = new Price(50_000),
        FeedIn = new Price(60_000),
        BalancingHeat = new Price(120_000),
        BalancingCold = new Price(90_000),
        NetworkFeeHeat = new Price(12_000),
        NetworkFeeCold = new Price(9_000),
        NetworkFeeElectricity = new Price(30_000),
        StandingChargePerDay = Money.FromMicro(250_000),
        VatBasisPoints = vat,
        PaymentDays = 14,
    };

    private static PlantRecord PlantOf(int loopId, string code, int owner, PlantKind kind, Carrier output) => new()
    {
        LoopId = loopId,
        Code = code,
        Name = code.ToUpperInvariant(),
        OwnerId = owner,
        Definition = PlantDefinition.Write(new Plant { Id = code, DisplayName = code, Owner = $"m-{owner:00}", Kind = kind, Output = output, CapacityWatts = 10_000 }),
    };

    private static Dictionary<(AccountKind Kind, int Member), int> AccountsOf()
    {
        var accounts = new Dictionary<(AccountKind, int), int>();
        foreach (var kind in new[] { AccountKind.Market, AccountKind.Imbalance, AccountKind.NetworkFees })
        {
            accounts.Add((kind, 0), accounts.Count + 1);
        }

        foreach (var member in new[] { Household, Owner, StoreKeeper })
        {
            accounts.Add((AccountKind.Unbilled, member), accounts.Count + 1);
        }

        return accounts;
    }

    private static IEnumerable<Transfer> TransfersOf(Position position, Dictionary<(AccountKind Kind, int Member), int> accounts)
    {
        foreach (var (kind, account, amount) in new[]
        {
            (TransferKind.Trade, AccountKind.Market, position.TradedAmount),
            (TransferKind.Imbalance, AccountKind.Imbalance, position.ImbalanceAmount),
            (TransferKind.NetworkFee, AccountKind.NetworkFees, position.NetworkFee),
        })
        {
            yield return new Transfer
            {
                LoopId = position.LoopId,
                Hour = position.Hour,
                Kind = kind,
                Carrier = (short)position.Carrier,
                DebitAccount = accounts[(AccountKind.Unbilled, position.MemberId)],
                CreditAccount = accounts[(account, 0)],
                Amount = amount.Micro,
            };
        }
    }

    private static (int, DateTimeOffset, TransferKind, short, int, int) Key(Transfer transfer) =>
        (transfer.LoopId, transfer.Hour, transfer.Kind, transfer.Carrier, transfer.DebitAccount, transfer.CreditAccount);

    private static Transfer Sum(IEnumerable<Transfer> alike)
    {
        var all = alike.ToList();
        var sum = all[0];
        sum.Amount = all.Sum(transfer => transfer.Amount);
        return sum;
    }

    private static Transfer Positive(Transfer transfer)
    {
        if (transfer.Amount < 0)
        {
            (transfer.DebitAccount, transfer.CreditAccount, transfer.Amount) = (transfer.CreditAccount, transfer.DebitAccount, -transfer.Amount);
        }

        return transfer;
    }
}
