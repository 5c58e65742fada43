using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>Books some movements of a statement that is kept, in one transaction; those that it has booked before are passed over.</summary>
internal sealed record BookMovements(int LoopId, int StatementId, IReadOnlyList<BankMovement> Movements) : IRequest<BookedMovements>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Taken">So many, from the first: a payment that comes back in the same statement waits until it is booked.</param>
internal sealed record BookedMovements(int Taken, int Booked, int Waiting, int Repeated);

internal sealed class BookMovementsHandler(Work work, Journal journal, MoneyBook money, AccountBook accountBook, OrderIntake intake, MarketTime market, TimeProvider time)
    : IRequestHandler<BookMovements, BookedMovements>
{
    public async Task<BookedMovements> Handle(BookMovements request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await MakeBankFile.LockAsync(db, loopId, cancellationToken);
        var kept = (await db.BankEntries.Where(entry => entry.LoopId == loopId && entry.StatementId == request.StatementId).Select(entry => entry.Key).ToListAsync(cancellationToken)).ToHashSet();
        var movements = request.Movements.Where(movement => !kept.Contains(Cut(movement.Key, 80))).ToList();
        if (movements.Count == 0)
        {
            return new BookedMovements(request.Movements.Count, 0, 0, 0);
        }

        var earlier = await EarlierEntries.ReadAsync(db, loopId, request.StatementId, movements, cancellationToken);
        var matching = await StatementMatching.ReadAsync(db, accountBook, intake, loopId, movements, cancellationToken);
        var found = new List<(BankEntry Entry, StatementMatch Match)>();
        foreach (var movement in movements.TakeWhile(movement => !matching.WaitsForBooking(movement)))
        {
            var entry = EntryOf(loopId, request.StatementId, movement);
            var match = earlier.Judge(movement, entry) switch
            {
                Repeat.Known => StatementMatch.None(""),
                Repeat.Perhaps => StatementMatch.None("repeat"),
                _ => matching.Find(movement),
            };
            matching.Bring(match, time.GetUtcNow());
            (entry.Reason, entry.SuggestedMember) = (match.Why, match.Suggested);
            entry.State = match.Parts.Count > 0 ? BankEntryState.Matched : match.Why.Length > 0 ? BankEntryState.Waiting : BankEntryState.Repeated;
            found.Add((entry, match));
        }

        db.BankEntries.AddRange(found.Select(one => one.Entry));
        await db.SaveChangesAsync(cancellationToken);
        await money.RecordAsync(loopId, [.. found.SelectMany(one => one.Match.Parts.Select((part, i) => ReceiptOf(one.Entry, part, i)))], AccountKind.Bank, cancellationToken);
        await PostAsync(loopId, found, cancellationToken);
        var taken = found.Count == movements.Count ? request.Movements.Count : request.Movements.Count - movements.Count + found.Count;
        int Count(BankEntryState state) => found.Count(one => one.Entry.State == state);
        return new BookedMovements(taken, Count(BankEntryState.Matched), Count(BankEntryState.Waiting), Count(BankEntryState.Repeated));
    }

    /// <summary>What waits is money at the bank that is nobody's yet; what the bank kept for itself is no member's.</summary>
    private async Task PostAsync(int loopId, List<(BankEntry Entry, StatementMatch Match)> found, CancellationToken cancellationToken)
    {
        var accounts = await journal.AccountsAsync(loopId, [], cancellationToken, [AccountKind.Unassigned, AccountKind.OtherBank]);
        var hour = MarketHour.Containing(await market.NowAsync(loopId, cancellationToken));
        await journal.PostAsync(
            [
                .. found.Where(one => one.Entry.State == BankEntryState.Waiting).SelectMany(one => accounts.Move(
                    hour, TransferKind.BankEntry, null, accounts[AccountKind.Bank], accounts[AccountKind.Unassigned], Money.FromCents(one.Entry.Cents).Micro, one.Entry.Id)),
                .. found.Where(one => one.Match.CostCents != 0).SelectMany(one => accounts.Move(
                    hour, TransferKind.BankEntry, null, accounts[AccountKind.OtherBank], accounts[AccountKind.Bank], Money.FromCents(one.Match.CostCents).Micro, one.Entry.Id)),
            ],
            cancellationToken);
    }

    private static MoneyReceipt ReceiptOf(BankEntry entry, MatchedPart part, int number) => new()
    {
        LoopId = entry.LoopId, MemberId = part.MemberId, Kind = part.Kind, Amount = Money.FromCents(part.Cents), BillId = part.BillId, TakesBackId = part.TakesBackId, BankEntryId = entry.Id,
        SubmissionId = part is { Payment: { } own, TakesBackId: null } ? SubmissionIds.OfPayment(own) : SubmissionIds.OfEntry(entry.LoopId, entry.Id, number),
    };

    private static BankEntry EntryOf(int loopId, int statementId, BankMovement movement) => new()
    {
        LoopId = loopId, StatementId = statementId, Key = Cut(movement.Key, 80), BookedOn = movement.BookedOn, Cents = movement.Cents, IsReturn = movement.IsReturn,
        ReturnReason = Cut(movement.ReturnReason, 35), EndToEndId = Cut(movement.EndToEndId, 35), References = [.. movement.References.Select(reference => reference.Reference)],
        Text = movement.Text, PartyName = movement.PartyName, PartyAccount = movement.PartyAccount,
    };

    private static string Cut(string text, int most) => text.Length > most ? text[..most] : text;
}
