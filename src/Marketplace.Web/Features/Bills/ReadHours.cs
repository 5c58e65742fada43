using System.Globalization;
using CsvHelper;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>Every settled hour behind a document, or behind one of its lines, as CSV.</summary>
/// <param name="Line">One line's hours; all of the document's without it.</param>
public sealed record ReadHours(int LoopId, string Number, short? Line = null) : IRequest<string>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

internal sealed class ReadHoursHandler(Work work, BillAccess access) : IRequestHandler<ReadHours, string>
{
    private static readonly string[] Head =
    [
        "hour_utc", "hour_local", "carrier", "direction", "plant", "traded_wh", "metered_wh", "price_micro_per_kwh", "traded_amount_micro",
        "imbalance_price_micro_per_kwh", "imbalance_amount_micro", "network_fee_micro", "estimated",
    ];

    public async Task<string> Handle(ReadHours request, CancellationToken cancellationToken)
    {
        var bill = await access.FindAsync(request.LoopId, request.Number, cancellationToken);
        var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == bill.LoopId, cancellationToken);
        var lines = await work.Db.BillLines.AsNoTracking()
            .Where(line => line.LoopId == bill.LoopId && line.BillId == bill.Id && (request.Line == null || line.Line == request.Line))
            .ToListAsync(cancellationToken);
        if (lines.Count == 0)
        {
            throw new NotPermittedException("This line");
        }

        var none = new Dictionary<string, string>();
        var sides = lines.Select(line => BillLineView.Of(line, none))
            .Where(line => Billing.BillLineKinds.HasHours(line.Kind))
            .Select(line => (line.Carrier!.Value, line.Direction, line.Plant)).ToHashSet();
        var positions = work.Db.Positions.AsNoTracking()
            .Where(position => position.LoopId == bill.LoopId && position.MemberId == bill.MemberId && position.Hour >= bill.PeriodStart && position.Hour < bill.PeriodEnd)
            .OrderBy(position => position.Hour).ThenBy(position => position.Carrier).ThenBy(position => position.Direction).ThenBy(position => position.PlantCode)
            .AsAsyncEnumerable();

        await using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var csv = CsvWriter.Create(text, null, leaveOpen: true))
        {
            csv.WriteRecord(Head);
            await foreach (var position in positions.WithCancellation(cancellationToken))
            {
                if (sides.Contains((position.Carrier, position.Direction, position.PlantCode)))
                {
                    csv.WriteRecord(Fields(position, loop.Calendar));
                }
            }
        }

        return text.ToString();
    }

    private static string?[] Fields(Position position, LoopCalendar calendar) =>
    [
        Instants.Iso(position.Hour),
        calendar.ToLocal(position.Hour).ToString("yyyy-MM-dd'T'HH:mmzzz", CultureInfo.InvariantCulture),
        position.Carrier.Name(),
        position.Direction == MeterDirection.Consumption ? "taken" : "given",
        position.PlantCode,
        Number(position.Traded.WattHours),
        Number(position.Metered.WattHours),
        Number(position.Price?.MicroPerKWh),
        Number(position.TradedAmount.Micro),
        Number(position.ImbalancePrice?.MicroPerKWh),
        Number(position.ImbalanceAmount.Micro),
        Number(position.NetworkFee.Micro),
        position.Estimated ? "yes" : "no",
    ];

    private static string? Number(long? value) => value?.ToString(CultureInfo.InvariantCulture);
}
