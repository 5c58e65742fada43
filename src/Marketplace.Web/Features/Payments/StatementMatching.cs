using Marketplace.Billing;
using Marketplace.Data;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>A part of a movement, and what it is.</summary>
/// <param name="Payment">The payment of a file that it books or brings back.</param>
internal sealed record MatchedPart(int MemberId, int? BillId, ReceiptKind Kind, long Cents, long? TakesBackId = null, BankPayment? Payment = null);

/// <summary>What a movement turned out to be; without parts it waits for somebody, for the reason given.</summary>
internal sealed record StatementMatch(IReadOnlyList<MatchedPart> Parts, string Why = "", int? Suggested = null)
{
    public static StatementMatch None(string why, int? suggested = null) => new([], why, suggested);
}

/// <summary>Finds whose a movement of the bank account is: by the name of a payment of our own files, by the references of documents wherever
/// they stand, by amount and account together. Nothing is guessed: what is not certain waits.</summary>
internal sealed class StatementMatching(MarketplaceDb db, int loopId)
{
    private sealed record Candidate(int Id, int MemberId, long OwedCents, long OpenCents);

    public async Task<StatementMatch> FindAsync(BankMovement movement, CancellationToken cancellationToken)
    {
        if (await OwnPaymentAsync(movement, cancellationToken) is { } own)
        {
            return own;
        }

        if (movement.Cents < 0)
        {
            return StatementMatch.None(movement.IsReturn ? "return" : "out", await MemberOfAsync(movement.PartyAccount, cancellationToken));
        }

        if (movement.IsReturn)
        {
            return StatementMatch.None("return", await MemberOfAsync(movement.PartyAccount, cancellationToken));
        }

        var match = await ByReferenceAsync(movement, cancellationToken) ?? await ByAccountAsync(movement, cancellationToken);
        return match.Parts.Count > 0 && await RecordedByHandAsync(match.Parts, cancellationToken) ? StatementMatch.None("by-hand", match.Parts[0].MemberId) : match;
    }

    private async Task<StatementMatch?> OwnPaymentAsync(BankMovement movement, CancellationToken cancellationToken)
    {
        if (movement.EndToEndId.Length > 0
            && await db.BankPayments.SingleOrDefaultAsync(payment => payment.LoopId == loopId && payment.EndToEndId == movement.EndToEndId, cancellationToken) is { } payment)
        {
            return await OfPaymentAsync(payment, movement, cancellationToken);
        }

        if (movement.BatchId.Length > 0
            && await db.BankFiles.AsNoTracking().SingleOrDefaultAsync(file => file.LoopId == loopId && file.MessageId == movement.BatchId, cancellationToken) is { } file)
        {
            var all = await db.BankPayments.Where(one => one.LoopId == loopId && one.FileId == file.Id).OrderBy(one => one.Id).ToListAsync(cancellationToken);
            var sign = file.Kind == BankFileKind.DirectDebits ? 1 : -1;
            return all.All(one => one.State == BankPaymentState.InFile) && movement.Cents == sign * file.SumCents
                ? new StatementMatch([.. all.Select(Booked)])
                : StatementMatch.None("file");
        }

        return null;
    }

    private async Task<StatementMatch?> OfPaymentAsync(BankPayment payment, BankMovement movement, CancellationToken cancellationToken)
    {
        var isDebit = payment.Kind == BankFileKind.DirectDebits;
        var booking = isDebit ? payment.Cents : -payment.Cents;
        if (payment.State is BankPaymentState.InFile or BankPaymentState.Withdrawn && movement.Cents == booking && !movement.IsReturn)
        {
            return new StatementMatch([Booked(payment)]);
        }

        if (payment.State == BankPaymentState.Booked && movement.Cents == -booking)
        {
            var receipt = await db.MoneyReceipts.AsNoTracking().SingleOrDefaultAsync(
                receipt => receipt.LoopId == loopId && receipt.SubmissionId == SubmissionIds.OfPayment(payment), cancellationToken);
            return receipt is null
                ? StatementMatch.None("return", payment.MemberId)
                : new StatementMatch([new MatchedPart(
                    payment.MemberId, payment.BillId, isDebit ? ReceiptKind.PaymentReturned : ReceiptKind.PayoutReturned, Math.Abs(movement.Cents), receipt.Id, payment)]);
        }

        // A payer may copy the name of a direct debit that came back into a transfer: then it is found by its reference.
        return movement.Cents > 0 && !movement.IsReturn && isDebit && payment.State is BankPaymentState.Returned or BankPaymentState.Withdrawn
            ? null
            : StatementMatch.None(movement.IsReturn ? "return" : "amount", payment.MemberId);
    }

    private static MatchedPart Booked(BankPayment payment) => new(
        payment.MemberId, payment.BillId, payment.Kind == BankFileKind.DirectDebits ? ReceiptKind.Payment : ReceiptKind.PaidOut, payment.Cents, null, payment);

    private async Task<StatementMatch?> ByReferenceAsync(BankMovement movement, CancellationToken cancellationToken)
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

        var documents = new List<(Candidate Document, long? Cents)>();
        foreach (var reference in given.DistinctBy(reference => reference.Reference))
        {
            if (await DocumentAsync(reference.Reference, cancellationToken) is { } document)
            {
                documents.Add((document, reference.Cents));
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

    private async Task<StatementMatch> ByAccountAsync(BankMovement movement, CancellationToken cancellationToken)
    {
        if (await MemberOfAsync(movement.PartyAccount, cancellationToken) is not { } member)
        {
            return StatementMatch.None("unknown");
        }

        var open = await OpenEntries.ReadAsync(db, loopId, owed: true, member, cancellationToken);
        // Who disputes a part may pay the rest.
        var same = open.Where(entry => entry.OpenCents == movement.Cents || entry.OpenCents - entry.HeldCents == movement.Cents).ToList();
        return same.Count == 1
            ? new StatementMatch([new MatchedPart(member, same[0].BillId, ReceiptKind.Payment, movement.Cents)])
            : same.Count == 0 && open.Count > 1 && (open.Sum(entry => entry.OpenCents) == movement.Cents || open.Sum(entry => entry.OpenCents - entry.HeldCents) == movement.Cents)
                ? new StatementMatch([new MatchedPart(member, null, ReceiptKind.Payment, movement.Cents)])
                : StatementMatch.None("no-reference", member);
    }

    private async Task<int?> MemberOfAsync(string account, CancellationToken cancellationToken)
    {
        if (account.Length == 0)
        {
            return null;
        }

        var members = await db.Database.SqlQuery<int>(
            $"""SELECT member_id AS "Value" FROM market.bill_recipients WHERE loop_id = {loopId} AND details ->> 'iban' = {account} LIMIT 2""").ToListAsync(cancellationToken);
        return members is [var only] ? only : null;
    }

    private Task<Candidate?> DocumentAsync(string reference, CancellationToken cancellationToken)
    {
        var body = reference[4..];
        return db.Database.SqlQuery<Candidate>(
            $"""
            SELECT b.id AS "Id", b.member_id AS "MemberId", b.owed AS "OwedCents",
                   (b.owed - coalesce((SELECT sum(a.cents) FROM market.payment_allocations a
                       WHERE a.loop_id = {loopId} AND a.owed_kind = {(short)EntryKind.Document} AND a.owed_id = b.id), 0))::bigint AS "OpenCents"
            FROM (SELECT id, member_id, CASE kind WHEN {(short)DocumentKind.CreditNote} THEN -total_cents ELSE total_cents END AS owed
                  FROM market.bills WHERE loop_id = {loopId} AND market.payment_reference_body(number) = {body} ORDER BY id LIMIT 1) b
            """).SingleOrDefaultAsync(cancellationToken);
    }

    private async Task<bool> RecordedByHandAsync(IReadOnlyList<MatchedPart> parts, CancellationToken cancellationToken)
    {
        foreach (var part in parts)
        {
            var amount = Quantities.Money.FromCents(part.Cents);
            if (await db.MoneyReceipts.AnyAsync(
                receipt => receipt.LoopId == loopId && receipt.MemberId == part.MemberId && receipt.Kind == part.Kind && receipt.Amount == amount && receipt.BankEntryId == null
                    && !db.BankEntries.Any(entry => entry.LoopId == loopId && entry.ReceiptId == receipt.Id),
                cancellationToken))
            {
                return true;
            }
        }

        return false;
    }
}
