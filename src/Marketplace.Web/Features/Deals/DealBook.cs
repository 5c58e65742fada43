using System.Globalization;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Deals;

/// <summary>A deal with its acts, held until the transaction ends.</summary>
public sealed record HeldDeal(Deal Deal, IReadOnlyList<DealAct> Acts)
{
    public DealAct Last => Acts[^1];
}

/// <summary>The one way in for acts on deals: who may act and when, what the parties can give, take and pay, and the act's record on the ledger.</summary>
public sealed class DealBook(Work work, Gate gate, OrderIntake intake, CreditBook credit, MarketTime marketTime, CurrentActor current, TimeProvider time)
{
    /// <summary>Beyond this many acts nobody reads the history any more; a new deal can be proposed.</summary>
    public const int MostActs = 50;

    /// <summary>Waits for its turn with the deal and holds it until the transaction ends. Both parties' credit may change by it, so their
    /// orders wait too; in the order of their numbers, so that two acts never wait for each other.</summary>
    /// <exception cref="NotPermittedException">There is no such deal of the member.</exception>
    public async Task<HeldDeal> HoldAsync(int loopId, long dealId, int memberId, CancellationToken cancellationToken)
    {
        var deal = await work.Db.Deals.AsNoTracking().SingleOrDefaultAsync(deal => deal.LoopId == loopId && deal.Id == dealId, cancellationToken);
        if (deal is null || !deal.HasParty(memberId))
        {
            throw new NotPermittedException(nameof(DealBook));
        }

        await LockPartiesAsync(deal, cancellationToken);
        return new HeldDeal(deal, await work.Db.DealActs.AsNoTracking()
            .Where(act => act.LoopId == loopId && act.DealId == dealId).OrderBy(act => act.Number).ToListAsync(cancellationToken));
    }

    public async Task LockPartiesAsync(Deal deal, CancellationToken cancellationToken)
    {
        foreach (var party in new[] { deal.SellerId, deal.BuyerId }.Order())
        {
            await intake.LockAsync(deal.LoopId, party, cancellationToken);
        }
    }

    /// <summary>Whether exactly this act was done before, by a form sent twice.</summary>
    /// <param name="seen">The number of the act that the person saw last.</param>
    public static bool WasDone(HeldDeal held, int seen, int memberId, DealActKind kind) =>
        held.Last.Number == seen + 1 && held.Last.MemberId == memberId && held.Last.Kind == kind;

    /// <summary>Refuses an act on terms that are no longer open, or on others than the person saw.</summary>
    /// <param name="byOther">Whether the act answers the other's terms; else it takes back one's own.</param>
    public async Task<Loop> RequireOpenAsync(HeldDeal held, int seen, int memberId, bool byOther, CancellationToken cancellationToken)
    {
        var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == held.Deal.LoopId, cancellationToken);
        var state = DealStates.Of(held.Last, loop.Calendar, await marketTime.NowAsync(loop.Id, cancellationToken));
        if (held.Last.Number != seen)
        {
            throw new RefusedException("The deal has changed since you opened this page. Look at it again before you decide.");
        }

        if (state == DealState.Expired)
        {
            throw new RefusedException([new Problem("", $"These terms were open until {Gate.Local(loop, held.Last.ExpiresAt)} and have expired. Propose a new deal.", "expired")]);
        }

        if (!state.IsOpen())
        {
            throw new RefusedException("This deal no longer waits for an answer.");
        }

        if (held.Last.MemberId == memberId == byOther)
        {
            throw new RefusedException(byOther ? "Your own terms are open: the other party has to answer them." : "The open terms are the other party's: accept or decline them, or propose others.");
        }

        return loop;
    }

    /// <summary>The terms of a wish, with all that the parties must be able to.</summary>
    public async Task<DealTerms> TermsAsync(Loop loop, Deal deal, DealWish wish, int memberId, string? formerPlant, CancellationToken cancellationToken)
    {
        var now = await marketTime.NowAsync(loop.Id, cancellationToken);
        var lastClosed = await work.Db.HourSteps
            .Where(step => step.LoopId == loop.Id && step.Step == HourStepKind.Closed)
            .MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        var first = MarketHour.FirstOpen(loop, now, lastClosed);
        var terms = DealTerms.Of(loop, wish, now, first < loop.FirstHour ? loop.FirstHour : first);
        // Only the seller names the plant; what it has named stays named while the buyer answers.
        terms = terms with { PlantCode = memberId == deal.SellerId ? terms.PlantCode : formerPlant };
        await RequireAbleAsync(loop, deal, terms, memberId, cancellationToken);
        return terms;
    }

    /// <summary>Refuses terms that the seller's plant cannot give, the buyer's meter cannot take or its credit does not cover.</summary>
    public async Task RequireAbleAsync(Loop loop, Deal deal, DealTerms terms, int memberId, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var sells = memberId == deal.SellerId;
        var plants = await DealPlants.OfAsync(db, loop.Id, deal.SellerId, cancellationToken);
        var fit = plants.Where(plant => plant.Definition.DealsIn(deal.Carrier)).ToList();
        if (fit.Count == 0)
        {
            throw Refused(nameof(DealWish.PlantCode), sells ? Said.Of($"You have no plant that gives {deal.Carrier} by deals.") : Said.Of($"The seller has no plant that gives {deal.Carrier} by deals."), "plant");
        }

        if (terms.PlantCode is { } code)
        {
            var plant = fit.Find(plant => string.Equals(plant.Code, code, StringComparison.Ordinal))
                ?? throw Refused(nameof(DealWish.PlantCode), $"This plant gives no {deal.Carrier} by deals.", "plant");
            if (terms.Quantity.WattHours > plant.Definition.CapacityWatts)
            {
                throw Refused(nameof(DealWish.Quantity), $"{plant.Definition.DisplayName} can give at most {KWh(plant.Definition.CapacityWatts)} kWh in an hour.", "capacity");
            }
        }

        var meters = await db.Meters.AsNoTracking()
            .Where(meter => meter.LoopId == loop.Id && meter.MemberId == deal.BuyerId && meter.Carrier == deal.Carrier
                && meter.Direction == MeterDirection.Consumption && meter.PlantCode == null && meter.InServiceUntil == null)
            .Select(meter => meter.CapacityWatts).ToListAsync(cancellationToken);
        if (meters.Count == 0)
        {
            throw Refused("Carrier", sells ? Said.Of($"The buyer has no meter that takes {deal.Carrier} from the loop.") : Said.Of($"You have no meter that takes {deal.Carrier} from the loop."), "meter");
        }

        if (meters.TrueForAll(watts => watts is not null) && meters.Sum() is { } most && terms.Quantity.WattHours > most)
        {
            throw Refused(
                nameof(DealWish.Quantity),
                sells
                    ? Said.Of($"The buyer's connection carries at most {KWh(most)} kWh of {deal.Carrier} in an hour.")
                    : Said.Of($"Your connection carries at most {KWh(most)} kWh of {deal.Carrier} in an hour."),
                "capacity");
        }

        await RequireCoveredAsync(loop, deal, terms, memberId, cancellationToken);
    }

    /// <summary>Adds an act, with its record on the ledger. Terms bind only while the gate of their first hour is open.</summary>
    public async Task<DealAct> AddAsync(
        Loop loop, Deal deal, int number, DealActKind kind, int memberId, DealTerms terms, string? note, CancellationToken cancellationToken)
    {
        if (kind == DealActKind.Accepted)
        {
            await gate.PassAsync(loop, terms.Hours(loop.Calendar).First(), cancellationToken, field: "", whatNow: "Propose a new deal that begins later.");
        }

        var act = new DealAct
        {
            LoopId = loop.Id, DealId = deal.Id, Number = number, Kind = kind, MemberId = memberId, DoneBy = current.Actor.AccountId,
            At = time.GetUtcNow(), MarketAt = await marketTime.NowAsync(loop.Id, cancellationToken),
            Quantity = terms.Quantity, Price = terms.Price, StartsAt = terms.StartsAt, EndsAt = terms.EndsAt,
            HourFrom = terms.HourFrom, HourUntil = terms.HourUntil, ExpiresAt = terms.ExpiresAt, PlantCode = terms.PlantCode, Canonical = [],
        };
        act.Canonical = DealRecord.Canonical(loop.Slug, deal, act);
        var record = DealRecord.Of(act);
        var appended = await LedgerDoor.AppendAsync(
            await work.ConnectionAsync(cancellationToken), work.Transaction, loop.Id, record.RecordKey, [record], cancellationToken);
        (act.BatchId, act.BatchPosition) = (appended.BatchId, appended.Positions[0]);
        work.Db.DealActs.Add(act);
        await work.Db.SaveChangesAsync(cancellationToken);
        if (!string.IsNullOrWhiteSpace(note))
        {
            work.Db.DealNotes.Add(new DealNote { LoopId = loop.Id, DealId = deal.Id, Number = number, MemberId = memberId, Text = note.Trim() });
            await work.Db.SaveChangesAsync(cancellationToken);
        }

        return act;
    }

    /// <summary>Who pays is covered: the buyer, or below zero the seller.</summary>
    private async Task RequireCoveredAsync(Loop loop, Deal deal, DealTerms terms, int memberId, CancellationToken cancellationToken)
    {
        var tariffs = await credit.TariffsAsync(loop.Id, cancellationToken);
        foreach (var (party, side) in new[] { (deal.BuyerId, OrderSide.Buy), (deal.SellerId, OrderSide.Sell) })
        {
            var cost = DealExposure.Of(loop, terms, deal.Carrier, side, tariffs, terms.StartsAt);
            if (cost <= Money.Zero || cost <= (await credit.OfAsync(loop, party, tariffs, cancellationToken)).Free)
            {
                continue;
            }

            if (party != memberId)
            {
                // How another stands with the loop is nobody's business but its own.
                throw Refused(nameof(DealWish.Quantity), "The other party cannot take on as much at present. Propose less, or a shorter time.", "cover");
            }

            throw new RefusedException([CreditBook.Refusal(await credit.OfAsync(loop, party, tariffs, cancellationToken), cost, terms.Quantity, loop.Currency)]);
        }
    }

    private static RefusedException Refused(string field, Said message, string bound) => new([new Problem(field, message, bound)]);

    private static Said KWh(long wattHours) => $"{Energy.FromWh(wattHours).KilowattHours:0.###}";
}

/// <summary>Who may take part in deals, and with what.</summary>
public static class DealPlants
{
    /// <summary>The roles that buy or sell.</summary>
    public static IReadOnlyList<Role> Traders { get; } = [Role.Consumer, Role.Prosumer, Role.Producer, Role.Storage];

    /// <summary>Whether the plant can promise the carrier ahead: a store's level, a converter's input and the loop's balance cannot be promised.</summary>
    public static bool DealsIn(this Plant plant, Carrier carrier)
    {
        ArgumentNullException.ThrowIfNull(plant);
        return plant.Kind is not (PlantKind.Store or PlantKind.BalancingPlant) && plant.Sells(carrier);
    }

    public static bool HasParty(this Deal deal, int memberId)
    {
        ArgumentNullException.ThrowIfNull(deal);
        return deal.SellerId == memberId || deal.BuyerId == memberId;
    }

    /// <summary>Whether the actor may make deals for the member.</summary>
    public static bool MayDeal(this Actor actor, int loopId, int memberId)
    {
        ArgumentNullException.ThrowIfNull(actor);
        return actor.IsSystem || actor.Roles.Any(held => held.LoopId == loopId && held.MemberId == memberId && Traders.Contains(held.Role));
    }

    internal static async Task<List<OwnPlant>> OfAsync(MarketplaceDb db, int loopId, int ownerId, CancellationToken cancellationToken) =>
        [.. (await db.Plants.AsNoTracking()
            .Where(plant => plant.LoopId == loopId && plant.OwnerId == ownerId).OrderBy(plant => plant.Code)
            .Select(plant => new { plant.Code, plant.Definition })
            .ToListAsync(cancellationToken)).Select(plant => new OwnPlant(plant.Code, PlantDefinition.Read(plant.Definition)))];

    internal sealed record OwnPlant(string Code, Plant Definition);
}

/// <summary>The records of deals on the ledger: members by their numbers, never by name; notes are in none.</summary>
internal static class DealRecord
{
    public static string ActKey(long dealId, int number) => string.Create(CultureInfo.InvariantCulture, $"deal/{dealId}/{number}");

    public static string HourKey(DateTimeOffset hour, long dealId) => string.Create(CultureInfo.InvariantCulture, $"dealhour/{Instants.Iso(hour)}/{dealId}");

    public static string HoursBatch(DateTimeOffset hour) => $"dealhours/{Instants.Iso(hour)}";

    public static LedgerRecord Of(DealAct act) => new(
        RecordKind.Deal, 1, ActKey(act.DealId, act.Number), act.Canonical, 0, DateOnly.FromDateTime(act.At.UtcDateTime));

    public static LedgerRecord Of(DealHour hour) => new(
        RecordKind.Deal, 1, HourKey(hour.Hour, hour.DealId), hour.Canonical, 0, DateOnly.FromDateTime(hour.Hour.UtcDateTime));

    public static byte[] Canonical(string loop, Deal deal, DealAct act) => CanonicalRecord.Of("deal", 1)
        .Add("loop", loop)
        .Add("deal", deal.Id)
        .Add("act", act.Number)
        .Add("kind", act.Kind.ToString())
        .Add("member", act.MemberId)
        .Add("seller", deal.SellerId)
        .Add("buyer", deal.BuyerId)
        .Add("carrier", deal.Carrier.Name())
        .Add("quantityWh", act.Quantity.WattHours)
        .Add("priceMicroPerKWh", act.Price.MicroPerKWh)
        .Add("startsAt", act.StartsAt)
        .Add("endsAt", act.EndsAt)
        .Add("hourFrom", act.HourFrom)
        .Add("hourUntil", act.HourUntil)
        .Add("expiresAt", act.ExpiresAt)
        .Add("plant", act.PlantCode ?? "")
        .Add("marketTime", new DateTimeOffset(act.MarketAt.UtcTicks - (act.MarketAt.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero))
        .ToBytes();

    public static byte[] Canonical(string loop, DealHour hour) => CanonicalRecord.Of("dealHour", 1)
        .Add("loop", loop)
        .Add("hour", hour.Hour)
        .Add("deal", hour.DealId)
        .Add("seller", hour.SellerId)
        .Add("buyer", hour.BuyerId)
        .Add("carrier", hour.Carrier.Name())
        .Add("plant", hour.PlantCode)
        .Add("agreedWh", hour.Agreed.WattHours)
        .Add("deliveredWh", hour.Delivered.WattHours)
        .Add("priceMicroPerKWh", hour.Price.MicroPerKWh)
        .Add("curtailed", hour.Curtailed.ToString())
        .ToBytes();
}
