using System.Globalization;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Parties;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Bill = Marketplace.Data.Bill;

namespace Marketplace.Web.Features.Bills;

/// <summary>What documents that are issued together have in common.</summary>
/// <param name="Tariff">The tariff at the period's end: it says when payment is due.</param>
internal sealed record Issue(Loop Loop, Interval Period, DateTimeOffset IssuedAt, Tariff Tariff, bool IsFinal = false);

/// <summary>A document to be numbered and issued.</summary>
/// <param name="Revision">0 for an original.</param>
/// <param name="Corrects">What it takes back or takes the place of.</param>
internal sealed record DocumentToIssue(BillDocument Document, DocumentKind Kind, short Revision, Bill? Corrects)
{
    /// <summary>The corrections that it takes up.</summary>
    public IReadOnlyList<(DateTimeOffset Hour, long Reference)> Corrections { get; init; } = [];

    /// <summary>What the law wants beside the lines, as JSON.</summary>
    public string? Facts { get; init; }
}

/// <summary>Numbers documents, puts them on the ledger, stores them and posts them to the journal, in the caller's transaction and under the numbering lock.</summary>
internal sealed class DocumentWriter(Work work, Journal journal, Sending.DocumentOutbox outbox)
{
    private static readonly AccountKind[] OfTheLoop = [AccountKind.Levies, AccountKind.CommunityShares, AccountKind.Compensations, AccountKind.Contracts];

    /// <param name="shares">The shares of plants' revenue that new documents take up.</param>
    /// <returns>The documents' numbers, in the order handed in.</returns>
    public async Task<IReadOnlyList<string>> WriteAsync(
        Issue issue, IReadOnlyList<DocumentToIssue> documents, IReadOnlyList<RevenueShare> shares, CancellationToken cancellationToken)
    {
        var (db, loop, period) = (work.Db, issue.Loop, issue.Period);
        var connection = await work.ConnectionAsync(cancellationToken);
        var keys = await db.Members.AsNoTracking().Where(member => member.LoopId == loop.Id).ToDictionaryAsync(member => member.Id, member => member.Key, cancellationToken);
        var calendar = loop.Calendar;
        var dueOn = calendar.DayOf(issue.IssuedAt).AddDays(issue.Tariff.PaymentDays);
        var series = await NumberSeries.NextAsync(db, loop, calendar.DayOf(period.End.AddTicks(-1)).Year, cancellationToken);
        var isFirst = !await db.Bills.AnyAsync(bill => bill.LoopId == loop.Id && bill.PeriodStart == period.Start && bill.PeriodEnd == period.End, cancellationToken);

        var headers = documents.Select((document, i) => new BillHeader(
            loop.Slug, series.Number(i), keys[document.Document.Member], period, loop.Currency, issue.IssuedAt, dueOn)
        {
            Kind = document.Kind,
            Corrects = document.Corrects?.Number,
            FactsSha256 = document.Facts is { } facts ? BillKeys.FactsHash(facts) : null,
        }).ToList();
        var canonical = documents.Select((document, i) => Billing.BillRecord.Bytes(headers[i], document.Document)).ToList();
        var appended = await LedgerDoor.AppendAsync(connection, work.Transaction, loop.Id, isFirst ? $"bills/{period}" : $"bills/{period}/{headers[0].Number}",
            [.. documents.Select((document, i) => new LedgerRecord(
                RecordKind.Bill, Billing.BillRecord.Version, BillKeys.Record(headers[i].Number), canonical[i], document.Document.Member, BillKeys.Month(period.Start)))],
            cancellationToken);

        await db.BulkInsertAsync([.. documents.Select((document, i) => new Bill
        {
            LoopId = loop.Id,
            Id = series.Id(i),
            Number = headers[i].Number,
            MemberId = document.Document.Member,
            Role = (Role)(short)document.Document.Role,
            Kind = document.Kind,
            Revision = document.Revision,
            CorrectsId = document.Corrects?.Id,
            IsFinal = issue.IsFinal,
            PeriodStart = period.Start,
            PeriodEnd = period.End,
            IssuedAt = issue.IssuedAt,
            DueOn = dueOn,
            TariffVersion = issue.Tariff.Version,
            NetCents = document.Document.NetCents,
            VatCents = document.Document.VatCents,
            TotalCents = document.Document.TotalCents,
            Canonical = canonical[i],
            BatchId = appended.BatchId,
            BatchPosition = appended.Positions[i],
        })], cancellationToken);
        await db.BulkInsertAsync([.. documents.SelectMany((document, i) => document.Document.Lines.Select((line, n) => RowOf(line, loop.Id, series.Id(i), n)))], cancellationToken);
        await db.BulkInsertAsync(
            [.. documents.SelectMany((document, i) => document.Corrections.Select(taken => new BillCorrection
            {
                LoopId = loop.Id, BillId = series.Id(i), Hour = taken.Hour, Reference = taken.Reference,
            }))],
            cancellationToken);
        await db.BulkInsertAsync(
            [.. documents.Select((document, i) => (document.Facts, i)).Where(entry => entry.Facts is not null)
                .Select(entry => new BillFactsRow { LoopId = loop.Id, BillId = series.Id(entry.i), Facts = entry.Facts! })],
            cancellationToken);
        await PartiesOfBills.KeepAsync(connection, work.Transaction, loop.Id, series.Id(0), series.Id(documents.Count - 1), cancellationToken);
        await outbox.QueueAsync(connection, work.Transaction, loop.Id, series.Id(0), series.Id(documents.Count - 1), cancellationToken);
        await PostAsync(issue, documents, series, shares, cancellationToken);
        return [.. headers.Select(header => header.Number)];
    }

    internal static BillLineRow RowOf(BillLine line, int loopId, int billId, int place) => new()
    {
        LoopId = loopId,
        BillId = billId,
        Line = checked((short)(place + 1)),
        Kind = (short)line.Kind,
        Carrier = (short)(line.Carrier ?? 0),
        PlantCode = line.Plant.Length == 0 ? null : line.Plant,
        Name = line.Name.Length == 0 ? null : line.Name,
        Quantity = line.Quantity,
        Amount = line.Exact,
        AmountCents = line.Cents,
        VatBasisPoints = line.Vat.BasisPoints,
        Trace = TraceJson.Write(line),
    };

    private async Task PostAsync(Issue issue, IReadOnlyList<DocumentToIssue> documents, NumberSeries series, IReadOnlyList<RevenueShare> shares, CancellationToken cancellationToken)
    {
        // A credit note takes back what the journal has of its document, transfer by transfer.
        var credits = documents.Select((document, i) => (document, i)).Where(entry => entry.document.Kind == DocumentKind.CreditNote).ToList();
        if (credits.Count > 0)
        {
            var ids = credits.ToDictionary(entry => (long)entry.document.Corrects!.Id, entry => series.Id(entry.i));
            var taken = ids.Keys.ToList();
            var transfers = await work.Db.Transfers.AsNoTracking()
                .Where(transfer => transfer.LoopId == issue.Loop.Id && transfer.Hour == issue.Period.End && taken.Contains(transfer.Reference))
                .ToListAsync(cancellationToken);
            await journal.PostAsync([.. transfers.Select(transfer => new Transfer
            {
                LoopId = transfer.LoopId, Hour = transfer.Hour, Kind = transfer.Kind, Carrier = transfer.Carrier, DebitAccount = transfer.CreditAccount,
                CreditAccount = transfer.DebitAccount, Reference = ids[transfer.Reference], Amount = transfer.Amount,
            })], cancellationToken);
        }

        var fresh = documents.Select((document, i) => (document.Document, document.Kind, i)).Where(entry => entry.Kind == DocumentKind.Invoice).ToList();
        var postings = Postings.Of([.. fresh.Select(entry => entry.Document)], shares);
        var members = postings.SelectMany(posting => new[] { posting.DebitMember, posting.CreditMember }).Where(member => member > 0).ToHashSet();
        var accounts = await journal.AccountsAsync(issue.Loop.Id, members, cancellationToken, OfTheLoop);
        await journal.PostAsync([.. postings.SelectMany(posting => accounts.Move(
            issue.Period.End, KindOf(posting.Kind), null,
            accounts[KindOf(posting.Debit), posting.DebitMember], accounts[KindOf(posting.Credit), posting.CreditMember],
            posting.Amount.Micro, series.Id(fresh[posting.Document].i)))], cancellationToken);
    }

    private static AccountKind KindOf(PostingAccount account) => account switch
    {
        PostingAccount.Unbilled => AccountKind.Unbilled,
        PostingAccount.Receivable => AccountKind.Receivable,
        PostingAccount.StandingCharges => AccountKind.StandingCharges,
        PostingAccount.Vat => AccountKind.Vat,
        PostingAccount.Rounding => AccountKind.Rounding,
        PostingAccount.Levies => AccountKind.Levies,
        PostingAccount.CommunityShares => AccountKind.CommunityShares,
        PostingAccount.Compensations => AccountKind.Compensations,
        PostingAccount.Contracts => AccountKind.Contracts,
        _ => throw new ArgumentOutOfRangeException(nameof(account), account, "Not an account of documents"),
    };

    private static TransferKind KindOf(PostingKind kind) => kind switch
    {
        PostingKind.StandingCharge => TransferKind.StandingCharge,
        PostingKind.RevenueShare => TransferKind.RevenueShare,
        PostingKind.Bill => TransferKind.Bill,
        PostingKind.Vat => TransferKind.Vat,
        PostingKind.Rounding => TransferKind.Rounding,
        PostingKind.Levy => TransferKind.Levy,
        PostingKind.CommunityShare => TransferKind.CommunityShare,
        PostingKind.TemperatureCompensation => TransferKind.TemperatureCompensation,
        PostingKind.ContractClause => TransferKind.ContractClause,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a posting of documents"),
    };
}
