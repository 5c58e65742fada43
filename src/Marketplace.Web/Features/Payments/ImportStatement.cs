using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FluentValidation;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>Reads statements of the loop's account in (camt.053) and books what they show: wholly or, where the file is wrong, not at all.
/// A statement that was read before changes nothing.</summary>
public sealed record ImportStatement(int LoopId, byte[] Content) : IRequest<ImportedStatements>, IOperatorAct
{
    public const int MostBytes = 32 * 1024 * 1024;

    string IOperatorAct.Subject => Convert.ToHexStringLower(SHA256.HashData(Content)[..8]);
}

/// <param name="Statements">Read now.</param>
/// <param name="Known">Read before; nothing was done.</param>
/// <param name="Booked">Movements booked to members.</param>
/// <param name="Waiting">Movements in the worklist.</param>
public sealed record ImportedStatements(int Statements, int Known, int Booked, int Waiting);

public sealed class ImportStatementValidator : AbstractValidator<ImportStatement>
{
    public ImportStatementValidator() => RuleFor(request => request.Content.Length).InclusiveBetween(1, ImportStatement.MostBytes)
        .OverridePropertyName(nameof(ImportStatement.Content)).WithMessage("Choose a file of at most 32 MB.");
}

internal sealed class ImportStatementHandler(Work work, Journal journal, MoneyBook money, MarketTime market, CurrentActor current, TimeProvider time)
    : IRequestHandler<ImportStatement, ImportedStatements>
{
    public async Task<ImportedStatements> Handle(ImportStatement request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        await MakeBankFile.LockAsync(db, request.LoopId, cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var own = (await db.BillIssuers.AsNoTracking().SingleOrDefaultAsync(issuer => issuer.LoopId == loop.Id, cancellationToken))?.Details.Iban ?? "";
        var result = new ImportedStatements(0, 0, 0, 0);
        foreach (var (head, movements) in Read(request.Content, loop, own))
        {
            var digest = Digest(head, movements);
            var known = await db.AccountStatements.AsNoTracking().SingleOrDefaultAsync(
                one => one.LoopId == loop.Id && one.Account == head.Account && one.StatementId == head.Id, cancellationToken);
            if (known is not null)
            {
                result = known.Sha256.AsSpan().SequenceEqual(digest)
                    ? result with { Known = result.Known + 1 }
                    : throw new RefusedException(nameof(request.Content), $"A statement {head.Id} with other entries was read before. Ask the bank which of the two is right.");
                continue;
            }

            var (booked, waiting) = await KeepAsync(loop.Id, head, movements, digest, cancellationToken);
            result = result with { Statements = result.Statements + 1, Booked = result.Booked + booked, Waiting = result.Waiting + waiting };
        }

        return result;
    }

    private static List<(StatementHead Head, List<BankMovement> Movements)> Read(byte[] content, Loop loop, string own)
    {
        var statements = new List<(StatementHead Head, List<BankMovement> Movements)>();
        try
        {
            foreach (var (head, movement) in BankStatementXml.Read(new MemoryStream(content, writable: false)))
            {
                if (movement is null)
                {
                    statements.Add((head, []));
                    if (head.Account != own)
                    {
                        throw new RefusedException(nameof(ImportStatement.Content), $"Statement {head.Id} is of the account {head.Account}, which is not the loop's.");
                    }
                }
                else if (movement.Currency != loop.Currency)
                {
                    throw new StatementFormatException(movement.Line, "Amt", $"The amount is in {movement.Currency}; the loop counts in {loop.Currency}.");
                }
                else if (movement.Cents != 0)
                {
                    statements[^1].Movements.Add(movement);
                }
            }
        }
        catch (StatementFormatException wrong)
        {
            throw new RefusedException(nameof(ImportStatement.Content), $"{Said.Of(wrong.Message)} Nothing of the file was booked.");
        }

        return statements;
    }

    private async Task<(int Booked, int Waiting)> KeepAsync(
        int loopId, StatementHead head, List<BankMovement> movements, byte[] digest, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var id = (await db.AccountStatements.Where(one => one.LoopId == loopId).MaxAsync(one => (int?)one.Id, cancellationToken) ?? 0) + 1;
        db.AccountStatements.Add(new AccountStatement
        {
            LoopId = loopId, Id = id, Account = head.Account, StatementId = head.Id, Currency = head.Currency, OpeningCents = head.OpeningCents, ClosingCents = head.ClosingCents,
            Movements = movements.Count, Sha256 = digest, ImportedAt = time.GetUtcNow(), ImportedBy = current.Actor.AccountId,
        });
        await db.SaveChangesAsync(cancellationToken);
        var matching = new StatementMatching(db, loopId);
        var booked = 0;
        foreach (var movement in movements)
        {
            // Each is looked up after the one before it was booked: what that one settled is not open any more.
            var match = await matching.FindAsync(movement, cancellationToken);
            var entry = EntryOf(loopId, id, movement, match);
            db.BankEntries.Add(entry);
            await db.SaveChangesAsync(cancellationToken);
            if (match.Parts.Count == 0)
            {
                await WaitAsync(entry, cancellationToken);
                continue;
            }

            booked++;
            foreach (var (i, part) in match.Parts.Index())
            {
                await BookAsync(entry, part, i, cancellationToken);
            }
        }

        return (booked, movements.Count - booked);
    }

    private async Task BookAsync(BankEntry entry, MatchedPart part, int number, CancellationToken cancellationToken)
    {
        if (part.Payment is { } payment)
        {
            payment.State = part.TakesBackId is null ? BankPaymentState.Booked : BankPaymentState.Returned;
            payment.StateAt = time.GetUtcNow();
            await work.Db.SaveChangesAsync(cancellationToken);
        }

        await money.RecordAsync(
            new MoneyReceipt
            {
                LoopId = entry.LoopId, MemberId = part.MemberId, Kind = part.Kind, Amount = Money.FromCents(part.Cents), BillId = part.BillId, TakesBackId = part.TakesBackId,
                BankEntryId = entry.Id,
                SubmissionId = part is { Payment: { } own, TakesBackId: null } ? SubmissionIds.OfPayment(own) : SubmissionIds.OfEntry(entry.LoopId, entry.Id, number),
            },
            AccountKind.Bank, cancellationToken);
    }

    private async Task WaitAsync(BankEntry entry, CancellationToken cancellationToken)
    {
        var accounts = await journal.AccountsAsync(entry.LoopId, [], cancellationToken, [AccountKind.Unassigned]);
        await journal.PostAsync(
            [.. accounts.Move(
                MarketHour.Containing(await market.NowAsync(entry.LoopId, cancellationToken)), TransferKind.BankEntry, null,
                accounts[AccountKind.Bank], accounts[AccountKind.Unassigned], Money.FromCents(entry.Cents).Micro, entry.Id)],
            cancellationToken);
    }

    private static BankEntry EntryOf(int loopId, int statementId, BankMovement movement, StatementMatch match) => new()
    {
        LoopId = loopId, StatementId = statementId, Key = Cut(movement.Key, 80), BookedOn = movement.BookedOn, Cents = movement.Cents, IsReturn = movement.IsReturn,
        ReturnReason = Cut(movement.ReturnReason, 35), EndToEndId = Cut(movement.EndToEndId, 35), References = [.. movement.References.Select(reference => reference.Reference)],
        Text = movement.Text, PartyName = movement.PartyName, PartyAccount = movement.PartyAccount,
        State = match.Parts.Count > 0 ? BankEntryState.Matched : BankEntryState.Waiting, Reason = match.Why, SuggestedMember = match.Suggested,
    };

    private static byte[] Digest(StatementHead head, List<BankMovement> movements)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{head.Id}\n{head.OpeningCents}\n{head.ClosingCents}\n")));
        foreach (var movement in movements)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(
                CultureInfo.InvariantCulture, $"{movement.Key}\n{movement.BookedOn:yyyy-MM-dd}\n{movement.Cents}\n{movement.EndToEndId}\n{movement.PartyAccount}\n{movement.Text}\n")));
        }

        return hash.GetHashAndReset();
    }

    private static string Cut(string text, int most) => text.Length > most ? text[..most] : text;
}
