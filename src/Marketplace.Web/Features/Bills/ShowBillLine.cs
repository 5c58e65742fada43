using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Bill = Marketplace.Data.Bill;

namespace Marketplace.Web.Features.Bills;

/// <summary>One line of a bill: its formula, its tariff and its hours.</summary>
public sealed record ShowBillLine(int LoopId, string Number, short Line) : IRequest<BillLineDetail>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="Hours">The hours it is the sum of; empty for lines that are not sums of hours.</param>
public sealed record BillLineDetail(
    string Number, int MemberId, Role Role, Interval Period, BillLineView Line, TariffShown Tariff, IReadOnlyList<LineHour> Hours)
{
    /// <summary>The exact sum of the hours. It is the line's exact amount.</summary>
    public Money Sum => Hours.Aggregate(Money.Zero, (sum, hour) => sum + hour.Amount);
}

/// <summary>The tariff of a line, and when in the billed period it was in force.</summary>
public sealed record TariffShown(int Version, DateTimeOffset ValidFrom, Interval During, Tariff Terms);

/// <summary>An hour of a line.</summary>
/// <param name="Quantity">What the line counts: energy traded, metered, or the difference.</param>
/// <param name="Price">The price of that hour, if there was one.</param>
public sealed record LineHour(DateTimeOffset Hour, Energy Traded, Energy Metered, Energy Quantity, Price? Price, Money Amount, bool Estimated)
{
    public Interval Interval => new(Hour, Hour.AddHours(1));
}

internal sealed class ShowBillLineHandler(Work work, BillAccess access, LineHours hours) : IRequestHandler<ShowBillLine, BillLineDetail>
{
    public async Task<BillLineDetail> Handle(ShowBillLine request, CancellationToken cancellationToken)
    {
        var bill = await access.FindAsync(request.LoopId, request.Number, cancellationToken);
        var (line, tariff) = await hours.FindAsync(bill, request.Line, cancellationToken);
        return new BillLineDetail(bill.Number, bill.MemberId, bill.Role, new Interval(bill.PeriodStart, bill.PeriodEnd), line, tariff,
            await LineHours.ReadAsync(work.Db, bill, line, tariff.During, cancellationToken));
    }
}

/// <summary>A line of a bill and the settled hours behind it.</summary>
internal sealed class LineHours(Work work, ILineNames lineNames)
{
    public async Task<(BillLineView Line, TariffShown Tariff)> FindAsync(Bill bill, short number, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var row = await db.BillLines.AsNoTracking().SingleOrDefaultAsync(line => line.LoopId == bill.LoopId && line.BillId == bill.Id && line.Line == number, cancellationToken)
            ?? throw new NotPermittedException("This line");
        var names = row.PlantCode is null
            ? []
            : await db.Plants.AsNoTracking().Where(plant => plant.LoopId == bill.LoopId && plant.Code == row.PlantCode)
                .ToDictionaryAsync(plant => plant.Code, plant => plant.Name, cancellationToken);
        var line = (await lineNames.NamedAsync(bill.LoopId, [BillLineView.Of(row, names)], cancellationToken))[0];
        var spans = await TariffSpan.ReadAsync(db, bill.LoopId, new Interval(bill.PeriodStart, bill.PeriodEnd), cancellationToken);
        var span = spans.Single(span => span.Tariff.Version == line.Trace.TariffVersion && span.Part == line.Trace.Part);
        return (line, new TariffShown(span.Tariff.Version, span.Tariff.ValidFrom, span.During, span.Tariff));
    }

    public static async Task<IReadOnlyList<LineHour>> ReadAsync(MarketplaceDb db, Bill bill, BillLineView line, Interval during, CancellationToken cancellationToken)
    {
        if (line.Kind.IsCharge())
        {
            return await ChargesAsync(db, bill, line, cancellationToken);
        }

        if (!line.Kind.HasHours())
        {
            return [];
        }

        var (carrier, direction) = (line.Carrier!.Value, line.Direction);
        var positions = await db.Positions.AsNoTracking()
            .Where(position => position.LoopId == bill.LoopId && position.MemberId == bill.MemberId && position.Hour >= during.Start && position.Hour < during.End
                && position.Carrier == carrier && position.Direction == direction && position.PlantCode == line.Plant)
            .OrderBy(position => position.Hour)
            .ToListAsync(cancellationToken);
        var fee = line.Trace["rateMicroPerKWh"] is { } rate ? new Price(rate) : (Price?)null;
        return [.. positions.Select(position => line.Kind switch
        {
            BillLineKind.Imbalance => Hour(position, position.Metered - position.Traded, position.ImbalancePrice, position.ImbalanceAmount),
            BillLineKind.NetworkFee => Hour(position, position.Metered, fee, position.NetworkFee),
            BillLineKind.Preference => Hour(position, position.WishEnergy, null, position.WishPremium),
            _ => Hour(position, position.Traded, position.Price, position.TradedAmount),
        })];

        static LineHour Hour(Position position, Energy quantity, Price? price, Money amount) =>
            new(position.Hour, position.Traded, position.Metered, quantity, price, amount, position.Estimated);
    }

    private static async Task<IReadOnlyList<LineHour>> ChargesAsync(MarketplaceDb db, Bill bill, BillLineView line, CancellationToken cancellationToken)
    {
        var (loopId, member, start, end) = (bill.LoopId, bill.MemberId, bill.PeriodStart, bill.PeriodEnd);
        var nothing = Energy.Zero;
        var rows = line.Kind switch
        {
            BillLineKind.Correction => await db.CorrectedMembers.AsNoTracking()
                .Where(row => row.LoopId == loopId && row.MemberId == member && row.PostedHour >= start && row.PostedHour < end && row.Carrier == line.Carrier
                    && db.BillCorrections.Any(taken => taken.LoopId == loopId && taken.BillId == bill.Id && taken.Hour == row.Hour && taken.Reference == row.Reference))
                .Select(row => new { row.Hour, Energy = nothing, row.Amount })
                .ToListAsync(cancellationToken),
            BillLineKind.ChargingTrade => await db.ChargingNets.AsNoTracking()
                .Where(row => row.LoopId == loopId && row.MemberId == member && row.Period >= start && row.Period < end)
                .Select(row => new { Hour = row.Period, row.Energy, row.Amount })
                .ToListAsync(cancellationToken),
            BillLineKind.ChargingPenalty => await db.ChargingUses.AsNoTracking()
                .Where(row => row.LoopId == loopId && row.MemberId == member && row.Hour >= start && row.Hour < end && row.Penalty != Money.Zero)
                .Select(row => new { row.Hour, Energy = row.OverUse, Amount = row.Penalty })
                .ToListAsync(cancellationToken),
            BillLineKind.StoreShare => await db.StoreShares.AsNoTracking()
                .Where(row => row.LoopId == loopId && row.MemberId == member && row.PlantCode == line.Plant && row.Hour >= start && row.Hour < end)
                .Select(row => new { row.Hour, Energy = nothing, row.Amount })
                .ToListAsync(cancellationToken),
            BillLineKind.Curtailment => await db.CurtailedMembers.AsNoTracking()
                .Where(row => row.LoopId == loopId && row.MemberId == member && row.Carrier == line.Carrier && row.Hour >= start && row.Hour < end && row.Amount != Money.Zero)
                .Select(row => new { row.Hour, row.Energy, row.Amount })
                .ToListAsync(cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(line), line.Kind, "Not a charge beside the settled hours"),
        };
        return [.. rows.GroupBy(row => MarketHour.Containing(row.Hour)).OrderBy(hour => hour.Key).Select(hour => new LineHour(
            hour.Key, default, default, hour.Aggregate(Energy.Zero, (sum, row) => sum + row.Energy), null,
            hour.Aggregate(Money.Zero, (sum, row) => sum + row.Amount), Estimated: false))];
    }
}
