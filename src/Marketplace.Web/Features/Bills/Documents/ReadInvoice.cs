using System.Globalization;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Features.Parties;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Bills.Documents;

/// <summary>A bill or statement as an invoice between the loop and the member. Refused while nobody has said who writes the loop's bills.</summary>
public sealed record ReadInvoice(int LoopId, string Number) : IRequest<InvoiceOfBill>, IOpenToGrants
{
    public GrantScope Scope => GrantScope.Bills;

    public int? GrantedMember => null;

    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>The invoice, and in which language its reader reads.</summary>
public sealed record InvoiceOfBill(Invoice Invoice, string Language);

internal sealed class ReadInvoiceHandler(Work work, BillAccess access, ILineNames lineNames, IStringLocalizer<Texts> texts) : IRequestHandler<ReadInvoice, InvoiceOfBill>
{
    public async Task<InvoiceOfBill> Handle(ReadInvoice request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var bill = await access.FindAsync(request.LoopId, request.Number, cancellationToken, request.Scope);
        var parties = await PartiesOfBills.ReadAsync(db, bill, cancellationToken)
            ?? throw new RefusedException("", texts["Invoice.NoIssuer"]);
        // The document's words are its reader's, whoever asks for it. The change ends with this method.
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = Shell.Texts.Language(parties.Recipient.Language);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == bill.LoopId, cancellationToken);
        var key = await db.Members.Where(member => member.LoopId == bill.LoopId && member.Id == bill.MemberId).Select(member => member.Key).SingleAsync(cancellationToken);
        var rows = await db.BillLines.AsNoTracking().Where(line => line.LoopId == bill.LoopId && line.BillId == bill.Id).OrderBy(line => line.Line).ToListAsync(cancellationToken);
        var codes = rows.Where(row => row.PlantCode != null).Select(row => row.PlantCode!).Distinct().ToList();
        var plants = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == bill.LoopId && codes.Contains(plant.Code))
            .ToDictionaryAsync(plant => plant.Code, plant => plant.Name, cancellationToken);

        var lines = await lineNames.NamedAsync(bill.LoopId, [.. rows.Select(row => BillLineView.Of(row, plants))], cancellationToken);
        var corrected = bill.CorrectsId is not { } corrects ? null
            : await db.Bills.AsNoTracking().Where(other => other.LoopId == bill.LoopId && other.Id == corrects).Select(other => new { other.Number, other.IssuedAt }).SingleAsync(cancellationToken);
        var isBill = bill.Role == Role.Consumer;
        var (member, issuer) = (PartiesOfBills.OnInvoice(parties.Recipient, key), PartiesOfBills.OnInvoice(parties.Issuer, loop.Slug));
        var calendar = loop.Calendar;
        var reference = PaymentReference.Of(bill.Number);
        // A statement is an invoice that the loop writes for the member who sells: what the member earns is what the loop owes.
        var sign = isBill ? 1 : -1;
        var invoice = new Invoice
        {
            Kind = (isBill, bill.Kind) switch
            {
                (true, DocumentKind.CreditNote) => InvoiceKind.CreditNote,
                (true, _) => InvoiceKind.Invoice,
                (false, DocumentKind.CreditNote) => InvoiceKind.SelfBilledCreditNote,
                _ => InvoiceKind.SelfBilled,
            },
            Number = bill.Number,
            IssuedOn = calendar.DayOf(bill.IssuedAt),
            DueOn = bill.DueOn,
            Currency = loop.Currency,
            From = calendar.DayOf(bill.PeriodStart),
            Until = calendar.DayOf(bill.PeriodEnd.AddTicks(-1)),
            Seller = isBill ? issuer : member,
            Buyer = isBill ? member : issuer,
            Lines =
            [
                .. lines.Select(line => new InvoiceLine
                {
                    Number = line.Number,
                    Name = line.PlantName is { } plant && line.Carrier is not null ? $"{BillWords.Name(texts, bill.Role, line)}, {plant}" : BillWords.Name(texts, bill.Role, line),
                    Description = texts["Formula." + line.Kind],
                    Quantity = sign * line.Quantity,
                    Unit = line.Kind == BillLineKind.ContractClause && line.Trace.Unit.Length > 0 ? line.Trace.Unit : line.Kind.Unit(),
                    NetCents = sign * line.Cents,
                    Vat = line.Vat,
                }),
            ],
            ExemptionReason = texts[isBill ? "Invoice.ExemptBill" : "Invoice.ExemptStatement"],
            PaymentTerms = texts["Invoice.Terms", reference],
            PaymentReference = reference,
            Mandate = isBill ? parties.Recipient.Mandate : "",
            CreditorId = isBill ? parties.Issuer.CreditorId : "",
            DebitedAccount = isBill && parties.Recipient.Mandate.Length > 0 ? member.Account : null,
            Preceding = corrected is null ? null : (corrected.Number, calendar.DayOf(corrected.IssuedAt)),
            Note = texts[isBill ? "Invoice.NoteBill" : "Invoice.NoteStatement"],
        };
        if (invoice.TotalCents != sign * bill.TotalCents)
        {
            throw new BrokenInvariantException("an invoice comes to what its bill does", $"{bill.Number}: {invoice.TotalCents} and {bill.TotalCents} cents");
        }

        return new InvoiceOfBill(invoice, parties.Recipient.Language);
    }
}
