using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Orders;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>A part of a movement, and what it is.</summary>
/// <param name="Payment">The payment of a file that it books or brings back.</param>
internal sealed record MatchedPart(int MemberId, int? BillId, ReceiptKind Kind, long Cents, long? TakesBackId = null, BankPayment? Payment = null);

/// <summary>What a movement turned out to be; without parts it waits for somebody, for the reason given.</summary>
/// <param name="CostCents">What the bank kept of it for itself.</param>
internal sealed record StatementMatch(IReadOnlyList<MatchedPart> Parts, string Why = "", int? Suggested = null, long CostCents = 0)
{
    public static StatementMatch None(string why, int? suggested = null) => new([], why, suggested);
}

/// <summary>Finds whose movements of the bank account are: by the names of payments of our own files, by the references of documents wherever
/// they stand, by amount and account together. Nothing is guessed: what is not certain waits. What may concern a movement is read once for many of
/// them; then each is judged on the accounts as those before it left them.</summary>
internal sealed class StatementMatching
{
    /// <summary>A bank's fee for a payment that came back is not more than this; what is missing beyond is something else.</summary>
    public const long MostFeeCents = 5_000;

    private readonly Dictionary<BankMovement, IReadOnlyList<NamedReference>> _given = [];
    private readonly Dictionary<string, BankPayment> _payments = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FileOfPayments> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Id, int MemberId)> _documents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<int, Account> _accounts = [];
    private readonly HashSet<long> _linked = [];
    private readonly HashSet<BankPayment> _justBooked = [];

    private StatementMatching()
    {
    }

    private sealed record FileOfPayments(BankFileKind Kind, long SumCents, List<BankPayment> Payments);

    /// <summary>A document that a movement names. What is open of it is worked out only where that is asked.</summary>
    private readonly record struct Candidate(Account Account, BookedDocument Document)
    {
        public int Id => Document.Id;

        public int MemberId => Account.Facts.MemberId;

        public long OwedCents => Document.OwedCents;

        public long OpenCents => Document.OwedCents == 0 ? 0 : Account.Items.OpenCents(Document.Key);
    }

    /// <summary>An account with what this statement has brought so far.</summary>
    private sealed class Account(AccountFacts facts)
    {
        // Numbers that no receipt has yet, rising: which is settled first among those of one day follows from them.
        private const long FirstNumber = long.MaxValue / 2;
        private readonly List<AccountEntry> _brought = [];
        private OpenItems? _items;

        public AccountFacts Facts => facts;

        public OpenItems Items => _items ??= OpenItems.Of([.. facts.Entries(), .. _brought], facts.Made);

        public void Bring(MoneyReceipt receipt) => _brought.Add(facts.EntryOf(receipt, FirstNumber + _brought.Count));

        public void Changed() => _items = null;

        /// <summary>What is owed: of which document, how much, and how much of that is not disputed.</summary>
        public IEnumerable<(int? BillId, long OpenCents, long DueCents)> Owed()
        {
            var items = Items;
            return facts.Documents.Where(document => document.OwedCents > 0)
                .Select(document => (BillId: (int?)document.Id, Cents: items.OpenCents(document.Key), Held: facts.Disputed.GetValueOrDefault(document.Id)))
                .Concat(facts.Reminders.Where(reminder => reminder.FeeCents > 0).Select(reminder => (BillId: (int?)reminder.BillId, Cents: items.OpenCents(new EntryKey(EntryKind.Fee, reminder.Id)), Held: 0L)))
                .Concat(facts.Receipts.Where(receipt => receipt.Kind.Sign() < 0).Select(receipt => (BillId: receipt.BillId, Cents: items.OpenCents(new EntryKey(EntryKind.Receipt, receipt.Id)), Held: 0L)))
                .Where(one => one.Cents > 0).Select(one => (one.BillId, one.Cents, one.Cents - Math.Min(one.Held, one.Cents)));
        }
    }

    /// <summary>Reads what may concern some movements and locks the members whose they may be, in rising order, as jobs do: their accounts stand still until
    /// the transaction ends.</summary>
    public static async Task<StatementMatching> ReadAsync(
        MarketplaceDb db, AccountBook accounts, OrderIntake intake, int loopId, IReadOnlyList<BankMovement> movements, CancellationToken cancellationToken)
    {
        var matching = new StatementMatching();
        await matching.ReadPaymentsAsync(db, loopId, movements, cancellationToken);
        await matching.ReadDocumentsAsync(db, loopId, movements, cancellationToken);
        await matching.ReadMembersAsync(db, loopId, movements, cancellationToken);
        var members = matching._payments.Values.Concat(matching._files.Values.SelectMany(file => file.Payments)).Select(payment => payment.MemberId)
            .Concat(matching._documents.Values.Select(document => document.MemberId)).Concat(matching._members.Values).Distinct().Order().ToList();
        await intake.LockAsync(loopId, members, cancellationToken);
        foreach (var facts in await accounts.FactsAsync(loopId, members, cancellationToken))
        {
            matching._accounts.Add(facts.MemberId, new Account(facts));
        }

        var byHand = matching._accounts.Values.SelectMany(account => account.Facts.Receipts).Where(receipt => receipt.BankEntryId is null).Select(receipt => (long?)receipt.Id).ToArray();
        matching._linked.UnionWith(await db.BankEntries.Where(entry => entry.LoopId == loopId && byHand.Contains(entry.ReceiptId)).Select(entry => entry.ReceiptId!.Value).ToListAsync(cancellationToken));
        return matching;
    }

    private async Task ReadPaymentsAsync(MarketplaceDb db, int loopId, IReadOnlyList<BankMovement> movements, CancellationToken cancellationToken)
    {
        var ids = movements.Select(movement => movement.EndToEndId).Where(id => id.Length > 0).Distinct().ToArray();
        foreach (var payment in await db.BankPayments.Where(payment => payment.LoopId == loopId && ids.Contains(payment.EndToEndId)).ToListAsync(cancellationToken))
        {
            _payments.Add(payment.EndToEndId, payment);
        }

        var names = movements.Select(movement => movement.BatchId).Where(id => id.Length > 0).Distinct().ToArray();
        var files = await db.BankFiles.Where(file => file.LoopId == loopId && names.Contains(file.MessageId))
            .Select(file => new { file.Id, file.Kind, file.MessageId, file.SumCents }).ToListAsync(cancellationToken);
        var fileIds = files.Select(file => file.Id).ToArray();
        var all = (await db.BankPayments.Where(payment => payment.LoopId == loopId && fileIds.Contains(payment.FileId)).OrderBy(payment => payment.Id).ToListAsync(cancellationToken))
            .ToLookup(payment => payment.FileId);
        foreach (var file in files)
        {
            _files.Add(file.MessageId, new FileOfPayments(file.Kind, file.SumCents, [.. all[file.Id]]));
        }
    }

    private async Task ReadDocumentsAsync(MarketplaceDb db, int loopId, IReadOnlyList<BankMovement> movements, CancellationToken cancellationToken)
    {
        foreach (var movement in movements.Where(movement => movement.Cents > 0))
        {
            _given[movement] = Given(movement);
        }

        var bodies = _given.Values.SelectMany(given => given).Select(reference => reference.Reference[4..]).Distinct().ToArray();
        foreach (var found in await db.Database.SqlQuery<FoundDocument>(
            $"""
            SELECT DISTINCT ON (market.payment_reference_body(number)) market.payment_reference_body(number) AS "Body", id AS "Id", member_id AS "MemberId"
            FROM market.bills WHERE loop_id = {loopId} AND market.payment_reference_body(number) = ANY({bodies}) ORDER BY market.payment_reference_body(number), id
            """).ToListAsync(cancellationToken))
        {
            _documents.Add(found.Body, (found.Id, found.MemberId));
        }
    }

    private async Task ReadMembersAsync(MarketplaceDb db, int loopId, IReadOnlyList<BankMovement> movements, CancellationToken cancellationToken)
    {
        var ibans = movements.Select(movement => movement.PartyAccount).Where(iban => iban.Length > 0).Distinct().ToArray();
        var owners = await db.Database.SqlQuery<AccountOwner>(
            $"""SELECT details ->> 'iban' AS "Iban", member_id AS "MemberId" FROM market.bill_recipients WHERE loop_id = {loopId} AND details ->> 'iban' = ANY({ibans})""").ToListAsync(cancellationToken);
        // An account of several members tells nothing.
        foreach (var own in owners.GroupBy(owner => owner.Iban, StringComparer.Ordinal).Where(own => own.Count() == 1))
        {
            _members.Add(own.Key, own.Single().MemberId);
        }
    }

    // What the payer put in its own place counts before what stands in words.
    private static IReadOnlyList<NamedReference> Given(BankMovement movement)
    {
        var given = new List<NamedReference>();
        foreach (var reference in movement.References)
        {
            if (PaymentReference.TryRead(reference.Reference, out var read))
            {
                given.Add(reference with { Reference = read });
            }
        }

        if (given.Count == 0)
        {
            var words = $"{movement.EndToEndId}\n{string.Join('\n', movement.References.Select(reference => reference.Reference))}\n{movement.Text}";
            given.AddRange(PaymentWords.References(words).Concat(PaymentWords.Numbers(words)).Distinct().Select(reference => new NamedReference(reference, null)));
        }

        return [.. given.DistinctBy(reference => reference.Reference)];
    }

    /// <summary>Whether a movement brings back what one before it has only just booked: that has to be kept first.</summary>
    public bool WaitsForBooking(BankMovement movement) => _payments.TryGetValue(movement.EndToEndId, out var payment) && _justBooked.Contains(payment);

    /// <summary>Takes down what a movement turned out to be; those that follow are judged with it.</summary>
    public void Bring(StatementMatch match, DateTimeOffset now)
    {
        foreach (var part in match.Parts)
        {
            if (part.Payment is { } payment)
            {
                (payment.State, payment.StateAt) = (part.TakesBackId is null ? BankPaymentState.Booked : BankPaymentState.Returned, now);
                _justBooked.Add(payment);
            }

            var account = _accounts[part.MemberId];
            account.Bring(new MoneyReceipt { MemberId = part.MemberId, Kind = part.Kind, Amount = Money.FromCents(part.Cents), BillId = part.BillId, TakesBackId = part.TakesBackId, At = now });
            account.Changed();
        }
    }

    public StatementMatch Find(BankMovement movement)
    {
        if (OwnPayment(movement) is { } own)
        {
            return own;
        }

        if (movement.Cents < 0 || movement.IsReturn)
        {
            return StatementMatch.None(movement.IsReturn ? "return" : "out", MemberOf(movement));
        }

        var match = ByReference(movement) ?? ByAccount(movement);
        return match.Parts.Any(RecordedByHand) ? StatementMatch.None("by-hand", match.Parts[0].MemberId) : match;
    }

    private StatementMatch? OwnPayment(BankMovement movement)
    {
        if (_payments.TryGetValue(movement.EndToEndId, out var payment))
        {
            return OfPayment(payment, movement);
        }

        if (!_files.TryGetValue(movement.BatchId, out var file))
        {
            return null;
        }

        var sign = file.Kind == BankFileKind.DirectDebits ? 1 : -1;
        return file.Payments.All(one => one.State == BankPaymentState.InFile) && movement.Cents == sign * file.SumCents
            ? new StatementMatch([.. file.Payments.Select(Booked)])
            : StatementMatch.None("file");
    }

    private StatementMatch? OfPayment(BankPayment payment, BankMovement movement)
    {
        var isDebit = payment.Kind == BankFileKind.DirectDebits;
        var booking = payment.BookingCents();
        if (payment.State is BankPaymentState.InFile or BankPaymentState.Withdrawn && movement.Cents == booking && !movement.IsReturn)
        {
            return new StatementMatch([Booked(payment)]);
        }

        // The bank may have added its fee to a debit that it took back. What comes back of a payout in part only, somebody has to look at.
        var fee = -(movement.Cents + booking);
        if (payment.State == BankPaymentState.Booked && (fee == 0 || (isDebit && movement.IsReturn && fee is > 0 and <= MostFeeCents)))
        {
            return _accounts[payment.MemberId].Facts.Receipts.FirstOrDefault(receipt => receipt.SubmissionId == SubmissionIds.OfPayment(payment)) is { } receipt
                ? new StatementMatch([Returned(payment, receipt.Id)], CostCents: fee)
                : StatementMatch.None("return", payment.MemberId);
        }

        // A payer may copy the name of a direct debit that came back into a transfer: then it is found by its reference.
        return movement.Cents > 0 && !movement.IsReturn && isDebit && payment.State is BankPaymentState.Returned or BankPaymentState.Withdrawn
            ? null
            : StatementMatch.None(movement.IsReturn ? "return" : "amount", payment.MemberId);
    }

    /// <summary>A payment of a file, as the bank has carried it out.</summary>
    public static MatchedPart Booked(BankPayment payment) => new(
        payment.MemberId, payment.BillId, payment.Kind == BankFileKind.DirectDebits ? ReceiptKind.Payment : ReceiptKind.PaidOut, payment.Cents, null, payment);

    /// <summary>A payment of a file that came back, with the receipt of when it was carried out.</summary>
    public static MatchedPart Returned(BankPayment payment, long receiptId) => new(
        payment.MemberId, payment.BillId, payment.Kind == BankFileKind.DirectDebits ? ReceiptKind.PaymentReturned : ReceiptKind.PayoutReturned, payment.Cents, receiptId, payment);

    private StatementMatch? ByReference(BankMovement movement)
    {
        var documents = new List<(Candidate Document, long? Cents)>();
        foreach (var reference in _given[movement])
        {
            if (_documents.TryGetValue(reference.Reference[4..], out var found))
            {
                var account = _accounts[found.MemberId];
                var document = account.Facts.Documents.First(document => document.Id == found.Id);
                documents.Add((new Candidate(account, document), reference.Cents));
            }
        }

        if (documents.Count == 0)
        {
            return null;
        }

        if (documents.Any(one => one.Document.OwedCents <= 0))
        {
            return StatementMatch.None("credit", documents[0].Document.MemberId);
        }

        if (documents.Count > 1 && documents.All(one => one.Cents > 0) && documents.Sum(one => one.Cents!.Value) == movement.Cents)
        {
            return new StatementMatch([.. documents.Select(one => Paid(one.Document, one.Cents!.Value))]);
        }

        if (documents.DistinctBy(one => one.Document.MemberId).Count() > 1)
        {
            return documents.All(one => one.Document.OpenCents > 0) && documents.Sum(one => one.Document.OpenCents) == movement.Cents
                ? new StatementMatch([.. documents.Select(one => Paid(one.Document, one.Document.OpenCents))])
                : StatementMatch.None("several");
        }

        return new StatementMatch(Shared([.. documents.Select(one => one.Document)], movement.Cents));
    }

    // In the order in which the payer named them; what is left over stays with the last.
    private static List<MatchedPart> Shared(IReadOnlyList<Candidate> documents, long cents)
    {
        var (parts, left) = (new List<MatchedPart>(), cents);
        foreach (var (i, document) in documents.Index())
        {
            var part = i == documents.Count - 1 ? left : Math.Min(left, document.OpenCents);
            if (part > 0)
            {
                parts.Add(Paid(document, part));
                left -= part;
            }
        }

        return parts;
    }

    private static MatchedPart Paid(Candidate document, long cents) => new(document.MemberId, document.Id, ReceiptKind.Payment, cents);

    private StatementMatch ByAccount(BankMovement movement)
    {
        if (MemberOf(movement) is not { } member)
        {
            return StatementMatch.None("unknown");
        }

        var open = _accounts[member].Owed().ToList();
        // Who disputes a part may pay the rest.
        var same = open.Where(entry => entry.OpenCents == movement.Cents || entry.DueCents == movement.Cents).ToList();
        return same.Count == 1
            ? new StatementMatch([new MatchedPart(member, same[0].BillId, ReceiptKind.Payment, movement.Cents)])
            : same.Count == 0 && open.Count > 1 && (open.Sum(entry => entry.OpenCents) == movement.Cents || open.Sum(entry => entry.DueCents) == movement.Cents)
                ? new StatementMatch([new MatchedPart(member, null, ReceiptKind.Payment, movement.Cents)])
                : StatementMatch.None("no-reference", member);
    }

    private int? MemberOf(BankMovement movement) => _members.TryGetValue(movement.PartyAccount, out var member) ? member : null;

    private bool RecordedByHand(MatchedPart part) => _accounts[part.MemberId].Facts.Receipts.Any(receipt =>
        receipt.Kind == part.Kind && receipt.Amount == Money.FromCents(part.Cents) && receipt.BankEntryId is null && !_linked.Contains(receipt.Id));

    private sealed record FoundDocument(string Body, int Id, int MemberId);

    private sealed record AccountOwner(string Iban, int MemberId);
}

/// <summary>What payments of files do to the loop's account.</summary>
internal static class BankPayments
{
    /// <summary>What the bank books when it carries the payment out: above zero, money comes in.</summary>
    public static long BookingCents(this BankPayment payment) => payment.Kind == BankFileKind.DirectDebits ? payment.Cents : -payment.Cents;
}
