using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>Keeps what a bank says of a statement, before its movements are booked (<see cref="BookMovements"/>).</summary>
/// <param name="Movements">How many it has.</param>
/// <param name="Digest">Over all of it: the same name must mean the same content.</param>
internal sealed record KeepStatement(int LoopId, StatementHead Head, int Movements, byte[] Digest) : IRequest<KeptStatement>, IOperatorAct
{
    string IOperatorAct.Act => nameof(ImportStatement);

    string IOperatorAct.Subject => Convert.ToHexStringLower(Digest[..8]);

    /// <exception cref="RefusedException">The bank has used the name for something else.</exception>
    public static void RequireSame(AccountStatement known, byte[] digest)
    {
        if (!known.Sha256.AsSpan().SequenceEqual(digest))
        {
            throw new RefusedException(nameof(ImportStatement.Content), $"A statement {known.StatementId} with other entries was read before. Ask the bank which of the two is right.");
        }
    }
}

/// <param name="Id">Its number within the loop.</param>
/// <param name="FollowsTheLast">Whether its opening balance is the closing balance of the statement that was read before it, as far as the bank says them.</param>
internal sealed record KeptStatement(int Id, bool FollowsTheLast);

internal sealed class KeepStatementHandler(Work work, CurrentActor current, TimeProvider time) : IRequestHandler<KeepStatement, KeptStatement>
{
    public async Task<KeptStatement> Handle(KeepStatement request, CancellationToken cancellationToken)
    {
        var (db, loopId, head) = (work.Db, request.LoopId, request.Head);
        await MakeBankFile.LockAsync(db, loopId, cancellationToken);
        var known = await db.AccountStatements.AsNoTracking().SingleOrDefaultAsync(
            one => one.LoopId == loopId && one.Account == head.Account && one.StatementId == head.Id, cancellationToken);
        if (known is not null)
        {
            KeepStatement.RequireSame(known, request.Digest);
            return new KeptStatement(known.Id, FollowsTheLast: true);
        }

        var last = await db.AccountStatements.Where(one => one.LoopId == loopId && one.Account == head.Account && one.ClosingCents != null)
            .OrderByDescending(one => one.Id).Select(one => one.ClosingCents).FirstOrDefaultAsync(cancellationToken);
        var id = (await db.AccountStatements.Where(one => one.LoopId == loopId).MaxAsync(one => (int?)one.Id, cancellationToken) ?? 0) + 1;
        db.AccountStatements.Add(new AccountStatement
        {
            LoopId = loopId, Id = id, Account = head.Account, StatementId = head.Id, Currency = head.Currency, OpeningCents = head.OpeningCents, ClosingCents = head.ClosingCents,
            Movements = request.Movements, Sha256 = request.Digest, ImportedAt = time.GetUtcNow(), ImportedBy = current.Actor.AccountId,
        });
        await db.SaveChangesAsync(cancellationToken);
        return new KeptStatement(id, last is null || head.OpeningCents is null || last == head.OpeningCents);
    }
}
