using System.Globalization;
using CsvHelper;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills.Documents;

/// <summary>Every amount behind a document as CSV, a row for each line and hour: their sums, rounded as the document says, are the document.</summary>
public sealed record ReadAmounts(int LoopId, string Number) : IRequest<string>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

internal sealed class ReadAmountsHandler(Work work, BillAccess access, LineHours hours) : IRequestHandler<ReadAmounts, string>
{
    private static readonly string[] s_head =
        ["line", "kind", "carrier", "plant", "tariff", "vat", "hour_utc", "hour_local", "quantity", "unit", "price_micro_per_kwh", "amount_micro", "estimated"];

    public async Task<string> Handle(ReadAmounts request, CancellationToken cancellationToken)
    {
        var bill = await access.FindAsync(request.LoopId, request.Number, cancellationToken);
        var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == bill.LoopId, cancellationToken);
        var numbers = await work.Db.BillLines.AsNoTracking().Where(line => line.LoopId == bill.LoopId && line.BillId == bill.Id)
            .OrderBy(line => line.Line).Select(line => line.Line).ToListAsync(cancellationToken);
        await using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var csv = CsvWriter.Create(text, null, leaveOpen: true))
        {
            csv.WriteRecord(s_head);
            foreach (var number in numbers)
            {
                var (line, tariff) = await hours.FindAsync(bill, number, cancellationToken);
                var rows = await LineHours.ReadAsync(work.Db, bill, line, tariff.During, cancellationToken);
                if (rows.Count == 0)
                {
                    csv.WriteRecord(Row(line, null, loop.Calendar));
                }

                foreach (var row in rows)
                {
                    csv.WriteRecord(Row(line, row, loop.Calendar));
                }
            }
        }

        return text.ToString();
    }

    private static string?[] Row(BillLineView line, LineHour? hour, Quantities.LoopCalendar calendar) =>
    [
        Number(line.Number), Billing.BillLineKinds.Name(line.Kind), line.Carrier?.Name(), line.Plant, Number(line.Trace.TariffVersion),
        string.Create(CultureInfo.InvariantCulture, $"{line.Vat.Code}/{line.Vat.BasisPoints}"),
        hour is null ? null : Instants.Iso(hour.Hour),
        hour is null ? null : calendar.ToLocal(hour.Hour).ToString("yyyy-MM-dd'T'HH:mmzzz", CultureInfo.InvariantCulture),
        Number(hour?.Quantity.WattHours ?? line.Quantity),
        hour is null ? Billing.BillLineKinds.Unit(line.Kind) : "Wh",
        Number(hour?.Price?.MicroPerKWh),
        Number((hour?.Amount ?? line.Exact).Micro),
        hour is { Estimated: true } ? "yes" : "no",
    ];

    private static string? Number(long? value) => value?.ToString(CultureInfo.InvariantCulture);
}
