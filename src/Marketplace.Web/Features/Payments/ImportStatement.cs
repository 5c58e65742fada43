using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FluentValidation;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>Reads statements of the loop's account in (camt.053) and books what they show. Where the file is wrong nothing of it is booked; else statement by
/// statement and some hundred movements at a time, so that nobody waits long for an account that is being booked. Broken off, it goes on where it was when the
/// file is read again. A statement that was read before changes nothing.</summary>
public sealed record ImportStatement(int LoopId, byte[] Content) : IRequest<ImportedStatements>, IGuarded
{
    public const int MostBytes = 32 * 1024 * 1024;

    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Statements">Read now.</param>
/// <param name="Known">Read before; nothing was done.</param>
/// <param name="Booked">Movements booked to members.</param>
/// <param name="Waiting">Movements in the worklist.</param>
/// <param name="Repeated">Movements that an earlier statement had shown: nothing was done.</param>
/// <param name="Gaps">Statements whose opening balance is not the closing balance of the one before: one may be missing.</param>
public sealed record ImportedStatements(int Statements, int Known, int Booked, int Waiting, int Repeated = 0, int Gaps = 0);

public sealed class ImportStatementValidator : AbstractValidator<ImportStatement>
{
    public ImportStatementValidator() => RuleFor(request => request.Content.Length).InclusiveBetween(1, ImportStatement.MostBytes)
        .OverridePropertyName(nameof(ImportStatement.Content)).WithMessage("Choose a file of at most 32 MB.");
}

internal sealed class ImportStatementHandler(MarketplaceDb db, Requests requests) : IRequestHandler<ImportStatement, ImportedStatements>
{
    /// <summary>So many movements are booked in one go.</summary>
    private const int AtOnce = 500;

    public async Task<ImportedStatements> Handle(ImportStatement request, CancellationToken cancellationToken)
    {
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var own = (await db.BillIssuers.AsNoTracking().SingleOrDefaultAsync(issuer => issuer.LoopId == loop.Id, cancellationToken))?.Details.Iban ?? "";
        var statements = Read(request.Content, loop, own).ConvertAll(one => (one.Head, one.Movements, Digest: Digest(one.Head, one.Movements)));
        var unknown = new List<(StatementHead Head, List<BankMovement> Movements, byte[] Digest)>();
        foreach (var statement in statements)
        {
            if (!await IsCompleteAsync(loop.Id, statement.Head, statement.Digest, cancellationToken))
            {
                unknown.Add(statement);
            }
        }

        var result = new ImportedStatements(0, statements.Count - unknown.Count, 0, 0);
        foreach (var (head, movements, digest) in unknown)
        {
            var kept = await requests.Send(new KeepStatement(loop.Id, head, movements.Count, digest), cancellationToken);
            result = result with { Statements = result.Statements + 1, Gaps = result.Gaps + (kept.FollowsTheLast ? 0 : 1) };
            for (var from = 0; from < movements.Count;)
            {
                var booked = await requests.Send(new BookMovements(loop.Id, kept.Id, movements.GetRange(from, Math.Min(AtOnce, movements.Count - from))), cancellationToken);
                from += booked.Taken;
                result = result with
                {
                    Booked = result.Booked + booked.Booked, Waiting = result.Waiting + booked.Waiting, Repeated = result.Repeated + booked.Repeated,
                };
            }
        }

        return result;
    }

    private async Task<bool> IsCompleteAsync(int loopId, StatementHead head, byte[] digest, CancellationToken cancellationToken)
    {
        var known = await db.AccountStatements.AsNoTracking().SingleOrDefaultAsync(
            one => one.LoopId == loopId && one.Account == head.Account && one.StatementId == head.Id, cancellationToken);
        if (known is null)
        {
            return false;
        }

        KeepStatement.RequireSame(known, digest);
        return await db.BankEntries.CountAsync(entry => entry.LoopId == loopId && entry.StatementId == known.Id, cancellationToken) == known.Movements;
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
}
