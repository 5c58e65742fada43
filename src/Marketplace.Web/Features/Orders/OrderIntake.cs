using System.Globalization;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Auctions;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

public enum IntakeOutcome
{
    Placed,

    /// <summary>The same submission had placed it before.</summary>
    AlreadyThere,
    Refused,
}

/// <summary>What became of one order.</summary>
/// <param name="OrderId">The order that stands for it; null if refused.</param>
public sealed record Taken(IntakeOutcome Outcome, long? OrderId, Problem? Problem);

/// <summary>The one way in for orders: single ones, a template's, a file's and those of programs. Whatever it needs to know of a member
/// it asks once; what fits is added by COPY.</summary>
public sealed class OrderIntake(Work work, Gate gate, MarketTime marketTime, CreditBook credit, LiveMarket live, CurrentActor current, TimeProvider time)
{
    private const int FurthestDays = 366;

    /// <summary>One at a time places orders for a member, so that two at once cannot pass a bound together. Taken before any gate.</summary>
    public Task LockAsync(int loopId, int memberId, CancellationToken cancellationToken) =>
        work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({Name(loopId, memberId)}, 0))", cancellationToken);

    /// <summary>The same for many members, in rising order: who takes several at once takes them so, or two would wait for each other for ever.</summary>
    public async Task LockAsync(int loopId, IReadOnlyCollection<int> members, CancellationToken cancellationToken)
    {
        var names = members.Distinct().Order().Select(member => Name(loopId, member)).ToArray();
        if (names.Length > 0)
        {
            await work.Db.Database.ExecuteSqlAsync(
                $"SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest({names}) WITH ORDINALITY AS names (name, place) ORDER BY place", cancellationToken);
        }
    }

    /// <summary>Takes orders in, in their order; one that is refused does not take others with it.</summary>
    /// <param name="skipIdentical">Whether an order that stands already with exactly these terms counts as placed: for templates,
    /// which may be applied again over days that have some of their orders.</param>
    /// <param name="sentBy">Whose orders they are when the host itself goes through them, as it does with files.</param>
    /// <returns>What became of each, in the same order.</returns>
    public async Task<IReadOnlyList<Taken>> TakeAsync(
        Loop loop, int memberId, IReadOnlyList<OrderToPlace> orders, bool skipIdentical, CancellationToken cancellationToken, Guid? sentBy = null)
    {
        if (orders.Count == 0)
        {
            return [];
        }

        var db = work.Db;
        await LockAsync(loop.Id, memberId, cancellationToken);
        var (taken, waiting) = (new Taken?[orders.Count], new List<int>());
        var known = await SubmittedAsync(loop.Id, orders, cancellationToken);
        foreach (var (i, order) in orders.Index())
        {
            taken[i] = known.TryGetValue(order.SubmissionId, out var before) ? Before(before, memberId, order) : Fault(loop, order);
            if (taken[i] is null)
            {
                waiting.Add(i);
            }
        }

        if (waiting.Count == 0)
        {
            return [.. taken.OfType<Taken>()];
        }

        var last = (await marketTime.NowAsync(loop.Id, cancellationToken)).AddDays(FurthestDays);
        var closed = await gate.PassManyAsync(loop, [.. waiting.Select(i => orders[i].Hour).Distinct()], cancellationToken);
        var (book, standing) = await BookAsync(loop, memberId, [.. waiting.Select(i => orders[i])], cancellationToken);
        var placing = new List<int>();
        var submitted = new HashSet<Guid>();
        foreach (var i in waiting)
        {
            var order = orders[i];
            if (closed.TryGetValue(order.Hour, out var words))
            {
                taken[i] = Refused(new Problem("Hour", $"{words} {Said.Of("Choose a later hour.")}", "gate"));
            }
            else if (order.Hour > last)
            {
                taken[i] = Refused(new Problem("Hour", $"Orders are taken at most {FurthestDays} days ahead.", "too-far"));
            }
            else if (skipIdentical && standing.TryGetValue(Terms(order), out var there))
            {
                taken[i] = new Taken(IntakeOutcome.AlreadyThere, there, null);
            }
            else if (!submitted.Add(order.SubmissionId))
            {
                taken[i] = Refused(new Problem("SubmissionId", "The same submission stands here twice.", "duplicate"));
            }
            else if (book.TryAdd(order) is { } problem)
            {
                taken[i] = Refused(problem);
            }
            else
            {
                placing.Add(i);
            }
        }

        var now = time.GetUtcNow();
        var continuous = await live.EnterAsync(loop.Id, placing.Select(i => (orders[i].Hour, orders[i].Carrier)), cancellationToken);
        await db.BulkInsertAsync(
            [.. placing.Select(i => orders[i]).Select(order => new MarketOrder
            {
                LoopId = loop.Id,
                SubmissionId = order.SubmissionId,
                MemberId = memberId,
                Hour = order.Hour,
                Carrier = order.Carrier,
                Side = order.Side,
                PlantCode = order.Side == OrderSide.Sell ? order.PlantCode : null,
                Quantity = order.Quantity,
                Limit = order.Limit,
                PlacedBy = current.Actor.AccountId ?? sentBy,
                PlacedAt = now,
            })],
            cancellationToken);
        var placed = await SubmittedAsync(loop.Id, [.. placing.Select(i => orders[i])], cancellationToken);
        foreach (var i in placing)
        {
            taken[i] = new Taken(IntakeOutcome.Placed, placed[orders[i].SubmissionId].Id, null);
        }

        foreach (var (hour, carrier) in continuous)
        {
            await live.MatchAsync(loop.Id, hour, carrier, cancellationToken);
        }

        return [.. taken.OfType<Taken>()];
    }

    private async Task<Dictionary<Guid, MarketOrder>> SubmittedAsync(int loopId, IReadOnlyCollection<OrderToPlace> orders, CancellationToken cancellationToken)
    {
        var submissions = orders.Select(order => order.SubmissionId).Distinct().ToList();
        return submissions.Count == 0
            ? []
            : await work.Db.Orders.AsNoTracking()
                .Where(order => order.LoopId == loopId && submissions.Contains(order.SubmissionId))
                .ToDictionaryAsync(order => order.SubmissionId, cancellationToken);
    }

    /// <summary>What the member has in these hours, and the ids of its open orders by their terms.</summary>
    private async Task<(MemberBook Book, Dictionary<OrderToPlace, long> Standing)> BookAsync(
        Loop loop, int memberId, IReadOnlyCollection<OrderToPlace> orders, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, loop.Id);
        var tariffs = await credit.TariffsAsync(loopId, cancellationToken);
        var meters = await db.Meters
            .Where(meter => meter.LoopId == loopId && meter.MemberId == memberId && meter.Direction == MeterDirection.Consumption && meter.InServiceUntil == null)
            .Select(meter => new { meter.Carrier, meter.CapacityWatts })
            .ToListAsync(cancellationToken);
        var plants = orders.Any(order => order.Side == OrderSide.Sell)
            ? await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId && plant.OwnerId == memberId).ToListAsync(cancellationToken)
            : [];
        var book = new MemberBook
        {
            Loop = loop,
            Tariffs = tariffs,
            Credit = await credit.OfAsync(loop, memberId, tariffs, cancellationToken),
            // Of several meters of a carrier, one without a limit leaves them all without.
            TakesWh = meters.GroupBy(meter => meter.Carrier).ToDictionary(
                group => group.Key, group => group.All(meter => meter.CapacityWatts is not null) ? group.Sum(meter => meter.CapacityWatts) : null),
            Plants = plants.ToDictionary(plant => plant.Code, plant => PlantDefinition.Read(plant.Definition)),
            Standing = await StandingTerms.OfMemberAsync(db, loopId, memberId, cancellationToken),
        };
        var (first, last) = (orders.Min(order => order.Hour), orders.Max(order => order.Hour));
        var own = await db.Orders.AsNoTracking()
            .Where(order => order.LoopId == loopId && order.MemberId == memberId && order.Hour >= first && order.Hour <= last && order.WithdrawnAt == null)
            .ToListAsync(cancellationToken);
        var standing = new Dictionary<OrderToPlace, long>();
        foreach (var order in own)
        {
            book.Add(order.Hour, order.Carrier, order.Side, order.Quantity, order.Limit, order.PlantCode);
            standing[Terms(new OrderToPlace(Guid.Empty, order.Hour, order.Carrier, order.Side, order.Quantity, order.Limit, order.PlantCode))] = order.Id;
        }

        return (book, standing);
    }

    private static Taken Before(MarketOrder before, int memberId, OrderToPlace order)
    {
        if (before.MemberId != memberId)
        {
            throw new NotPermittedException(nameof(OrderIntake));
        }

        return (before.Hour, before.Carrier, before.Side, before.Quantity, before.Limit, before.PlantCode ?? "")
            == (order.Hour, order.Carrier, order.Side, order.Quantity, order.Limit, Terms(order).PlantCode ?? "")
            ? new Taken(IntakeOutcome.AlreadyThere, before.Id, null)
            : Refused(new Problem("SubmissionId", "This was sent before with other terms. Load the page again, or use a new key, for a new order.", "duplicate"));
    }

    private static Taken? Fault(Loop loop, OrderToPlace order) =>
        !MarketHour.IsStart(order.Hour) ? Refused(new Problem("Hour", "Choose a whole hour.", "whole-hour"))
        : order.Hour < loop.FirstHour ? Refused(new Problem("Hour", "The market of this loop had not begun then. Choose a later hour.", "market"))
        : order.Hour >= loop.EndsAt ? Refused(new Problem("Hour", "The market of this loop has ended by then; it takes no order for that hour.", "market"))
        : order.Quantity <= Energy.Zero ? Refused(new Problem("Quantity", "Enter a quantity above zero.", "minimum"))
        : order.Quantity > OrderBounds.LargestQuantity ? Refused(new Problem("Quantity", "One order can be for at most 1,000,000 kWh.", "maximum"))
        : order.Limit < OrderBounds.LowestPrice || order.Limit > OrderBounds.HighestPrice
            ? Refused(new Problem("Limit", "Enter a price limit between −1,000 and 1,000 hundredths of the currency per kWh.", "range"))
        : null;

    private static OrderToPlace Terms(OrderToPlace order) =>
        order with { SubmissionId = Guid.Empty, PlantCode = order.Side == OrderSide.Sell ? order.PlantCode : null };

    private static Taken Refused(Problem problem) => new(IntakeOutcome.Refused, null, problem);

    private static string Name(int loopId, int memberId) => string.Create(CultureInfo.InvariantCulture, $"orders/{loopId}/{memberId}");
}
