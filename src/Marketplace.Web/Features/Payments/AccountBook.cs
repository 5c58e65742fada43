using System.Data;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>A document as the account knows it.</summary>
/// <param name="OwedCents">Above zero: the member pays; below zero: it is to the member's credit.</param>
public sealed record BookedDocument(
    int Id, string Number, Role Role, DocumentKind Kind, DateTimeOffset PeriodStart, DateTimeOffset PeriodEnd, DateTimeOffset IssuedAt, DateOnly DueOn, long OwedCents, int? CorrectsId)
{
    public EntryKey Key => new(EntryKind.Document, Id);
}

/// <summary>Everything between a member and the loop, and what of it is open.</summary>
/// <param name="Payments">The payments of files for the bank, whatever became of them.</param>
/// <param name="Journal">What the journal's account of the member holds.</param>
public sealed record MemberAccount(
    int MemberId, IReadOnlyList<BookedDocument> Documents, IReadOnlyList<MoneyReceipt> Receipts, IReadOnlyList<BankPayment> Payments, OpenItems Items, Money Journal)
{
    /// <summary>What of each document is disputed, by its number within the loop.</summary>
    public IReadOnlyDictionary<int, long> Disputed { get; init; } = new Dictionary<int, long>();

    public IReadOnlyList<Reminder> Reminders { get; init; } = [];

    public IReadOnlyList<GoodwillCredit> Credits { get; init; } = [];

    /// <summary>What of a document is open and disputed: neither reminded of nor collected.</summary>
    public long DisputedCents(BookedDocument document) => Math.Clamp(Disputed.GetValueOrDefault(document.Id), 0, Math.Max(0, OpenCents(document)));

    /// <summary>What of a document waits in a file for the bank.</summary>
    public long InFileCents(BookedDocument document) =>
        Payments.Where(payment => payment.State == BankPaymentState.InFile && payment.EntryKind == EntryKind.Document && payment.EntryId == document.Id).Sum(payment => payment.Cents);

    /// <summary>What a reminder's fee still comes to.</summary>
    public long OpenFeeCents(Reminder reminder) => reminder.FeeCents == 0 ? 0 : Items.OpenCents(new EntryKey(EntryKind.Fee, reminder.Id));

    public long OpenCents(BookedDocument document) => document.OwedCents == 0 ? 0 : Items.OpenCents(document.Key);

    public long OpenCents(MoneyReceipt receipt) => Items.OpenCents(new EntryKey(EntryKind.Receipt, receipt.Id));
}

/// <summary>What members' accounts are made of, before it is said what settles what.</summary>
internal sealed record AccountFacts(
    int MemberId, IReadOnlyList<BookedDocument> Documents, IReadOnlyList<MoneyReceipt> Receipts, IReadOnlyList<BankPayment> Payments, IReadOnlyList<Allocation> Made,
    IReadOnlyDictionary<int, long> Disputed, IReadOnlyList<Reminder> Reminders, IReadOnlyList<GoodwillCredit> Credits)
{
    /// <summary>The account's entries. What waits in files is so at this moment: a payment that is booked meanwhile holds nothing any more.</summary>
    public List<AccountEntry> Entries()
    {
        var inFile = Payments.Where(payment => payment.State == BankPaymentState.InFile)
            .GroupBy(payment => new EntryKey(payment.EntryKind, payment.EntryId)).ToDictionary(entry => entry.Key, entry => entry.Sum(payment => payment.Cents));
        return [.. Documents.Where(document => document.OwedCents != 0).Select(document => new AccountEntry(
                document.Key, document.OwedCents, document.DueOn, document.CorrectsId is { } corrected && document.Kind == DocumentKind.CreditNote ? new EntryKey(EntryKind.Document, corrected) : null,
                document.OwedCents > 0 ? Disputed.GetValueOrDefault(document.Id) : 0))
            .Concat(Receipts.Select(receipt => EntryOf(receipt, receipt.Id)))
            .Concat(Reminders.Where(reminder => reminder.FeeCents > 0).Select(reminder => new AccountEntry(new EntryKey(EntryKind.Fee, reminder.Id), reminder.FeeCents, reminder.MadeOn)))
            .Concat(Credits.Select(EntryOf))
            .Select(entry => entry with { InFileCents = inFile.GetValueOrDefault(entry.Key) })];
    }

    /// <summary>A receipt as an entry of the account.</summary>
    /// <param name="id">Its number; one of its own where it has none yet.</param>
    public AccountEntry EntryOf(MoneyReceipt receipt, long id)
    {
        var owed = -receipt.Kind.Sign() * receipt.Amount.Cents;
        EntryKey? named = receipt.TakesBackId is { } back
            ? new EntryKey(EntryKind.Receipt, back)
            // A payment can settle what is owed, a payout what is to the member's credit; another document than that is only a name.
            : Documents.FirstOrDefault(document => document.Id == receipt.BillId && Math.Sign(document.OwedCents) == -Math.Sign(owed))?.Key;
        return new AccountEntry(
            new EntryKey(EntryKind.Receipt, id), owed, DateOnly.FromDateTime(receipt.At.UtcDateTime), receipt.Kind == ReceiptKind.PayoutReturned ? null : named,
            TakesBack: receipt is { Kind: ReceiptKind.PaymentReturned, TakesBackId: not null });
    }

    public MemberAccount With(OpenItems items, Money journal) =>
        new(MemberId, Documents, Receipts, Payments, items, journal) { Disputed = Disputed, Reminders = Reminders, Credits = Credits };

    // It is for the disputed document where that is owed; else it waits like any credit.
    private AccountEntry EntryOf(GoodwillCredit credit) => new(
        new EntryKey(EntryKind.Goodwill, credit.DisputeId), -credit.Cents, credit.GivenOn, Documents.FirstOrDefault(document => document.Id == credit.BillId && document.OwedCents > 0)?.Key);
}

/// <summary>Reads members' accounts, and keeps what settles what. What an account comes to is the journal's; which document is open follows
/// from the receipts, the same way each time.</summary>
public sealed class AccountBook(MarketplaceDb db, TimeProvider time)
{
    /// <summary>The account as it stands now, in one view of the database.</summary>
    /// <exception cref="BrokenInvariantException">The journal and the entries say different things.</exception>
    public async Task<MemberAccount> ReadAsync(int loopId, int memberId, CancellationToken cancellationToken)
    {
        await using var view = db.Database.CurrentTransaction is null ? await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken) : null;
        var account = await LoadAsync(loopId, memberId, cancellationToken);
        if (view is not null && account.Journal != Money.FromCents(account.Items.BalanceCents))
        {
            throw new BrokenInvariantException("a member's account is what the journal holds as receivable", $"Member {memberId}: {account.Items.BalanceCents} cents, journal {account.Journal}");
        }

        return account;
    }

    /// <summary>Writes down the allocations that are due. The caller has locked the member and saves nothing else by this context.</summary>
    /// <returns>The account with them.</returns>
    public async Task<MemberAccount> SettleAsync(int loopId, int memberId, CancellationToken cancellationToken)
    {
        var account = await LoadAsync(loopId, memberId, cancellationToken);
        await WriteAsync(loopId, [(memberId, account.Items)], cancellationToken);
        return account;
    }

    /// <summary>The same for many members, whom the caller has locked, with as many queries as for one.</summary>
    /// <returns>How many allocations were made.</returns>
    public async Task<int> SettleAsync(int loopId, IReadOnlyCollection<int> members, CancellationToken cancellationToken)
    {
        var accounts = members.Count == 0 ? [] : await FactsAsync(loopId, members, cancellationToken);
        return await WriteAsync(loopId, [.. accounts.Select(facts => (facts.MemberId, OpenItems.Of(facts.Entries(), facts.Made)))], cancellationToken);
    }

    private async Task<int> WriteAsync(int loopId, IReadOnlyList<(int MemberId, OpenItems Items)> accounts, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var rows = new List<PaymentAllocation>();
        foreach (var (memberId, items) in accounts.Where(account => account.Items.Further.Count > 0))
        {
            var turns = items.All.Take(items.All.Count - items.Further.Count)
                .GroupBy(made => (made.Owed, made.Credit)).ToDictionary(pair => pair.Key, pair => pair.Count());
            foreach (var made in items.Further)
            {
                var turn = turns[(made.Owed, made.Credit)] = turns.GetValueOrDefault((made.Owed, made.Credit)) + 1;
                rows.Add(new PaymentAllocation
                {
                    LoopId = loopId, MemberId = memberId, OwedKind = made.Owed.Kind, OwedId = made.Owed.Id, CreditKind = made.Credit.Kind, CreditId = made.Credit.Id,
                    Turn = checked((short)turn), Cents = made.Cents, MadeAt = now,
                });
            }
        }

        await db.BulkInsertAsync(rows, cancellationToken);
        return rows.Count;
    }

    private async Task<MemberAccount> LoadAsync(int loopId, int memberId, CancellationToken cancellationToken)
    {
        var facts = (await FactsAsync(loopId, [memberId], cancellationToken))[0];
        return facts.With(OpenItems.Of(facts.Entries(), facts.Made), await JournalAsync(loopId, memberId, cancellationToken));
    }

    /// <summary>What the accounts of some members are made of, in their order. Payments of files are this context's own: one whose state was changed there counts as changed.</summary>
    internal async Task<IReadOnlyList<AccountFacts>> FactsAsync(int loopId, IReadOnlyCollection<int> members, CancellationToken cancellationToken)
    {
        var ids = members.ToArray();
        var documents = (await db.Bills.AsNoTracking().Where(bill => bill.LoopId == loopId && ids.Contains(bill.MemberId)).OrderBy(bill => bill.Id)
            .Select(bill => new
            {
                bill.MemberId,
                Document = new BookedDocument(
                    bill.Id, bill.Number, bill.Role, bill.Kind, bill.PeriodStart, bill.PeriodEnd, bill.IssuedAt, bill.DueOn,
                    bill.Kind == DocumentKind.CreditNote ? -bill.TotalCents : bill.TotalCents, bill.CorrectsId),
            })
            .ToListAsync(cancellationToken)).ToLookup(bill => bill.MemberId, bill => bill.Document);
        var receipts = (await db.MoneyReceipts.AsNoTracking()
            .Where(receipt => receipt.LoopId == loopId && ids.Contains(receipt.MemberId) && receipt.Kind != ReceiptKind.Deposit && receipt.Kind != ReceiptKind.DepositReturned)
            .OrderBy(receipt => receipt.Id).ToListAsync(cancellationToken)).ToLookup(receipt => receipt.MemberId);
        var payments = (await db.BankPayments.Where(payment => payment.LoopId == loopId && ids.Contains(payment.MemberId)).OrderBy(payment => payment.Id).ToListAsync(cancellationToken))
            .ToLookup(payment => payment.MemberId);
        var made = (await db.PaymentAllocations.AsNoTracking().Where(made => made.LoopId == loopId && ids.Contains(made.MemberId))
            .OrderBy(made => made.MadeAt).ThenBy(made => made.Turn).ThenBy(made => made.OwedKind).ThenBy(made => made.OwedId)
            .Select(made => new { made.MemberId, Allocation = new Allocation(new EntryKey(made.OwedKind, made.OwedId), new EntryKey(made.CreditKind, made.CreditId), made.Cents) })
            .ToListAsync(cancellationToken)).ToLookup(made => made.MemberId, made => made.Allocation);
        var disputed = await OpenEntries.DisputedAsync(db, loopId, ids, cancellationToken);
        var reminders = (await db.Reminders.AsNoTracking().Where(reminder => reminder.LoopId == loopId && ids.Contains(reminder.MemberId)).OrderBy(reminder => reminder.Id).ToListAsync(cancellationToken))
            .ToLookup(reminder => reminder.MemberId);
        var credits = (await db.GoodwillCredits.AsNoTracking().Where(credit => credit.LoopId == loopId && ids.Contains(credit.MemberId)).OrderBy(credit => credit.DisputeId).ToListAsync(cancellationToken))
            .ToLookup(credit => credit.MemberId);
        return [.. ids.Select(id => new AccountFacts(
            id, [.. documents[id]], [.. receipts[id]], [.. payments[id]], [.. made[id]], disputed[id].ToDictionary(one => one.BillId, one => one.Cents), [.. reminders[id]], [.. credits[id]]))];
    }

    private async Task<Money> JournalAsync(int loopId, int memberId, CancellationToken cancellationToken)
    {
        var micro = await db.Database.SqlQuery<long>($"""
            SELECT coalesce(sum(t.moved), 0)::bigint AS "Value"
            FROM market.accounts a
            CROSS JOIN LATERAL (
                SELECT sum(amount) AS moved FROM market.transfers WHERE loop_id = a.loop_id AND debit_account = a.id AND reference <> 0
                UNION ALL
                SELECT -sum(amount) FROM market.transfers WHERE loop_id = a.loop_id AND credit_account = a.id AND reference <> 0) t
            WHERE a.loop_id = {loopId} AND a.kind = {(short)AccountKind.Receivable} AND a.member_id = {memberId}
            """).SingleAsync(cancellationToken);
        return new Money(micro);
    }
}
