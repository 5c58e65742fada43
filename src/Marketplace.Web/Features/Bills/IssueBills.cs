using System.Globalization;
using FluentValidation;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Parties;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Bill = Marketplace.Data.Bill;

namespace Marketplace.Web.Features.Bills;

/// <summary>Issues the documents of a loop's period: bills for consumers, statements for producers, stores and investors.
/// All of them in one transaction or none; issuing an issued period changes nothing.</summary>
/// <param name="LoopId">The loop.</param>
/// <param name="Period">Whole market hours, usually a local month.</param>
/// <param name="IssuedOn">Market time of issue, where it is not the period's end. It stands in the documents' records: a run that
/// is resumed passes the same.</param>
public sealed record IssueBills(int LoopId, Interval Period, DateTimeOffset? IssuedOn = null) : IRequest<IssuedBills>, IGuarded, IChange
{
    public DateTimeOffset IssuedAt => IssuedOn ?? Period.End;

    // Any fixed number; with the loop it names the lock under which documents are numbered.
    private const int NumberingLock = 0x42494C4C;

    public bool Permits(Actor actor) => actor.Operates(LoopId);

    /// <summary>Waits until nobody else issues documents of the loop, and keeps others from it until the transaction ends.</summary>
    internal static Task LockAsync(MarketplaceDb db, int loopId, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({NumberingLock}, {loopId})", cancellationToken);
}

/// <summary>What came of it.</summary>
public enum BillingOutcome
{
    Issued,
    AlreadyIssued,

    /// <summary>Nothing was issued, for the reason given. Nothing is skipped: the whole period waits.</summary>
    Blocked,
}

/// <summary>What came of issuing a period.</summary>
/// <param name="Outcome">Issued now, issued before, or blocked.</param>
/// <param name="Reason">Why it is blocked, for the operator.</param>
/// <param name="Run">The period's documents and sums; none while it is blocked.</param>
public sealed record IssuedBills(BillingOutcome Outcome, string? Reason, BillRun? Run);

public sealed class IssueBillsValidator : AbstractValidator<IssueBills>
{
    public IssueBillsValidator()
    {
        RuleFor(request => request.Period)
            .Must(period => period.Start.UtcTicks % TimeSpan.TicksPerHour == 0 && period.End.UtcTicks % TimeSpan.TicksPerHour == 0)
            .WithMessage("A billing period consists of whole market hours.");
        RuleFor(request => request.IssuedAt)
            .GreaterThanOrEqualTo(request => request.Period.End)
            .WithMessage("A period is billed after it has ended.");
    }
}

internal sealed class IssueBillsHandler(Work work, Journal journal, Sequencer sequencer) : IRequestHandler<IssueBills, IssuedBills>
{
    public async Task<IssuedBills> Handle(IssueBills request, CancellationToken cancellationToken)
    {
        var (loopId, period) = (request.LoopId, request.Period);
        var db = work.Db;
        var connection = await work.ConnectionAsync(cancellationToken);
        await IssueBills.LockAsync(db, loopId, cancellationToken);

        var billed = await db.Bills.AsNoTracking()
            .Where(bill => bill.LoopId == loopId && bill.PeriodStart < period.End && bill.PeriodEnd > period.Start)
            .Select(bill => new { bill.PeriodStart, bill.PeriodEnd })
            .Distinct().ToListAsync(cancellationToken);
        if (billed.Any(other => other.PeriodStart == period.Start && other.PeriodEnd == period.End))
        {
            return new IssuedBills(BillingOutcome.AlreadyIssued, null, await BillRuns.ReadAsync(connection, work.Transaction, loopId, period, cancellationToken));
        }

        if (billed.Count > 0)
        {
            return Blocked($"Part of the period is already billed ({new Interval(billed[0].PeriodStart, billed[0].PeriodEnd)}).");
        }

        var settled = new SettledPeriod(connection, work.Transaction, loopId, period);
        if (await settled.FirstUnsettledAsync(cancellationToken) is { } open)
        {
            return Blocked($"The hour {Instants.Iso(open)} is not settled yet.");
        }

        if (await settled.FirstUnsettledChargingAsync(cancellationToken) is { } charging)
        {
            return Blocked($"The charging quotas of {Instants.Iso(charging)} are not settled yet.");
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var spans = TariffSpan.Of(await db.Tariffs.AsNoTracking().Where(tariff => tariff.LoopId == loopId).ToListAsync(cancellationToken), period);
        if (spans.Count == 0)
        {
            return Blocked($"No tariff is in force at {Instants.Iso(period.Start)}.");
        }

        var positions = await settled.PositionsAsync(spans, cancellationToken);
        RequireSame("what the journal holds as unbilled is the sum of the settled positions",
            positions.GroupBy(sum => sum.Member).ToDictionary(group => group.Key, group => group.Sum(sum => sum.Total.Micro)),
            await settled.UnbilledAsync(TransferKinds.OfHours, cancellationToken));
        var charges = await settled.ChargesAsync(cancellationToken);
        RequireSame("what the journal holds as unbilled beside the settled hours is what corrections, charging and shares of stores come to",
            charges.GroupBy(sum => sum.Member).ToDictionary(group => group.Key, group => group.Sum(sum => sum.Amount.Micro)),
            await settled.UnbilledAsync(TransferKinds.OfCharges, cancellationToken));

        var plants = await PlantsOfPeriod.ReadAsync(db, loopId, cancellationToken);
        var shares = plants.Shares(positions, charges);
        var documents = Invoicing.Documents(new BillingInputs
        {
            Tariffs = [.. spans.Select(span => span.Terms)],
            Stores = plants.Stores,
            Positions = positions,
            Charges = charges,
            Days = await settled.SuppliedDaysAsync(spans, loop.TimeZone, cancellationToken),
            Shares = shares,
        });
        if (documents.Count > 0)
        {
            await WriteAsync(request, loop, spans[^1].Tariff, documents, shares, cancellationToken);

            // A crash before this has run leaves the documents committed and unsigned; the next thing on the ledger signs them too.
            work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
        }

        var run = await BillRuns.ReadAsync(connection, work.Transaction, loopId, period, cancellationToken);
        run.RequireSound();
        return new IssuedBills(BillingOutcome.Issued, null, run);
    }

    private static IssuedBills Blocked(string reason) => new(BillingOutcome.Blocked, reason, null);

    private static void RequireSame(string invariant, Dictionary<int, long> one, IReadOnlyDictionary<int, long> other)
    {
        foreach (var member in one.Keys.Union(other.Keys))
        {
            if (one.GetValueOrDefault(member) != other.GetValueOrDefault(member))
            {
                throw new BrokenInvariantException(invariant, string.Create(CultureInfo.InvariantCulture,
                    $"Member {member}: expected {one.GetValueOrDefault(member)}, journal {other.GetValueOrDefault(member)} millionths"));
            }
        }
    }

    private async Task WriteAsync(
        IssueBills request, Loop loop, Tariff tariff, IReadOnlyList<BillDocument> documents, IReadOnlyList<RevenueShare> shares, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var connection = await work.ConnectionAsync(cancellationToken);
        var keys = await db.Members.AsNoTracking().Where(member => member.LoopId == loop.Id).ToDictionaryAsync(member => member.Id, member => member.Key, cancellationToken);
        var calendar = loop.Calendar;
        var dueOn = calendar.DayOf(request.IssuedAt).AddDays(tariff.PaymentDays);
        var series = await NumberSeries.NextAsync(db, loop, calendar.DayOf(request.Period.End.AddTicks(-1)).Year, cancellationToken);

        var headers = documents.Select((document, i) => new BillHeader(
            loop.Slug, series.Number(i), keys[document.Member], request.Period, loop.Currency, request.IssuedAt, dueOn)).ToList();
        var canonical = documents.Select((document, i) => Billing.BillRecord.Bytes(headers[i], document)).ToList();
        var appended = await LedgerDoor.AppendAsync(connection, work.Transaction, loop.Id, $"bills/{request.Period}",
            [.. documents.Select((document, i) => new LedgerRecord(
                RecordKind.Bill, Billing.BillRecord.Version, BillKeys.Record(headers[i].Number), canonical[i], document.Member, BillKeys.Month(request.Period.Start)))],
            cancellationToken);

        await db.BulkInsertAsync([.. documents.Select((document, i) => new Bill
        {
            LoopId = loop.Id,
            Id = series.Id(i),
            Number = headers[i].Number,
            MemberId = document.Member,
            Role = (Role)(short)document.Role,
            PeriodStart = request.Period.Start,
            PeriodEnd = request.Period.End,
            IssuedAt = request.IssuedAt,
            DueOn = dueOn,
            TariffVersion = tariff.Version,
            NetCents = document.NetCents,
            VatCents = document.VatCents,
            TotalCents = document.TotalCents,
            Canonical = canonical[i],
            BatchId = appended.BatchId,
            BatchPosition = appended.Positions[i],
        })], cancellationToken);
        await db.BulkInsertAsync([.. documents.SelectMany((document, i) => document.Lines.Select((line, n) => new BillLineRow
        {
            LoopId = loop.Id,
            BillId = series.Id(i),
            Line = checked((short)(n + 1)),
            Kind = (short)line.Kind,
            Carrier = (short)(line.Carrier ?? 0),
            PlantCode = line.Plant.Length == 0 ? null : line.Plant,
            Quantity = line.Quantity,
            Amount = line.Exact,
            AmountCents = line.Cents,
            VatBasisPoints = line.Vat.BasisPoints,
            Trace = TraceJson.Write(line),
        }))], cancellationToken);
        await PartiesOfBills.KeepAsync(connection, work.Transaction, loop.Id, series.Id(0), series.Id(documents.Count - 1), cancellationToken);
        await PostAsync(request, series, Postings.Of(documents, shares), cancellationToken);
    }

    private async Task PostAsync(IssueBills request, NumberSeries series, IReadOnlyList<Posting> postings, CancellationToken cancellationToken)
    {
        var members = postings.SelectMany(posting => new[] { posting.DebitMember, posting.CreditMember }).Where(member => member > 0).Distinct().ToList();
        var accounts = await journal.AccountsAsync(request.LoopId, members, cancellationToken);
        await journal.PostAsync([.. postings.SelectMany(posting => accounts.Move(
            request.Period.End, KindOf(posting.Kind), null,
            accounts[KindOf(posting.Debit), posting.DebitMember], accounts[KindOf(posting.Credit), posting.CreditMember],
            posting.Amount.Micro, series.Id(posting.Document)))], cancellationToken);
    }

    private static AccountKind KindOf(PostingAccount account) => account switch
    {
        PostingAccount.Unbilled => AccountKind.Unbilled,
        PostingAccount.Receivable => AccountKind.Receivable,
        PostingAccount.StandingCharges => AccountKind.StandingCharges,
        PostingAccount.Vat => AccountKind.Vat,
        PostingAccount.Rounding => AccountKind.Rounding,
        _ => throw new ArgumentOutOfRangeException(nameof(account), account, "Not an account of documents"),
    };

    private static TransferKind KindOf(PostingKind kind) => kind switch
    {
        PostingKind.StandingCharge => TransferKind.StandingCharge,
        PostingKind.RevenueShare => TransferKind.RevenueShare,
        PostingKind.Bill => TransferKind.Bill,
        PostingKind.Vat => TransferKind.Vat,
        PostingKind.Rounding => TransferKind.Rounding,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a posting of documents"),
    };
}

/// <summary>The next ids and numbers of a loop's documents: <c>{SLUG}-{year}-{000001}</c>. Taken under the numbering lock.</summary>
internal sealed record NumberSeries(string Prefix, int FirstId, int FirstNumber)
{
    public int Id(int document) => FirstId + document;

    public string Number(int document) => Prefix + (FirstNumber + document).ToString("000000", CultureInfo.InvariantCulture);

    public static async Task<NumberSeries> NextAsync(MarketplaceDb db, Loop loop, int year, CancellationToken cancellationToken)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{loop.Slug.ToUpperInvariant()}-{year}-");
        var bills = db.Bills.AsNoTracking().Where(bill => bill.LoopId == loop.Id);
        var lastId = await bills.MaxAsync(bill => (int?)bill.Id, cancellationToken) ?? 0;
        var lastNumber = await bills.Where(bill => bill.Number.StartsWith(prefix))
            .OrderByDescending(bill => bill.Id).Select(bill => bill.Number).FirstOrDefaultAsync(cancellationToken);
        var last = lastNumber is null ? 0 : int.Parse(lastNumber[prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture);
        return new NumberSeries(prefix, lastId + 1, last + 1);
    }
}

/// <summary>Under which names a document's commitment is kept.</summary>
public static class BillKeys
{
    /// <summary>The record's key in the ledger.</summary>
    public static string Record(string number) => $"bill/{number}";

    /// <summary>The month whose secret salts the record: that in which the period starts.</summary>
    public static DateOnly Month(DateTimeOffset periodStart) => DateOnly.FromDateTime(periodStart.UtcDateTime);
}
