using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Evaluates every contract for the periods that are over and settled, and keeps what came of it, on the ledger. Running it twice changes nothing; killed
/// halfway nothing is kept, and the next run does it.</summary>
/// <returns>How many results were added.</returns>
public sealed record EvaluateContracts(int LoopId) : IRequest<int>, ISystemOnly, IChange;

internal sealed class EvaluateContractsHandler(Work work, ContractEvaluation evaluation, TimeProvider time) : IRequestHandler<EvaluateContracts, int>
{
    public async Task<int> Handle(EvaluateContracts request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"contract results/{loopId}"}, 0))", cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        if (await evaluation.SettledUntilAsync(loopId, cancellationToken) is not { } settled)
        {
            return 0;
        }

        var added = 0;
        foreach (var (period, clauses) in await evaluation.OpenAsync(loop, settled, cancellationToken))
        {
            var now = time.GetUtcNow();
            foreach (var (result, _, _, explanation) in clauses)
            {
                result.EvaluatedAt = now;
                result.Canonical = ContractRecord.Canonical(loop.Slug, result, explanation);
            }

            var appended = await LedgerDoor.AppendAsync(
                await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, ContractRecord.ResultsBatch(period, clauses[0].Result),
                [.. clauses.Select(clause => ContractRecord.Of(clause.Result))], cancellationToken);
            for (var i = 0; i < clauses.Count; i++)
            {
                (clauses[i].Result.BatchId, clauses[i].Result.BatchPosition) = (appended.BatchId, appended.Positions[i]);
            }

            await db.BulkInsertAsync([.. clauses.Select(clause => clause.Result)], cancellationToken);
            var (contracts, versions) = (clauses.Select(clause => clause.Result.ContractId).ToArray(), clauses.Select(clause => clause.Result.Version).ToArray());
            await db.Database.ExecuteSqlAsync(
                $"""
                UPDATE market.contract_runs r SET evaluated_until = {period.End} FROM (SELECT DISTINCT * FROM unnest({contracts}, {versions})) AS done (contract_id, version)
                WHERE r.loop_id = {loopId} AND r.contract_id = done.contract_id AND r.version = done.version
                """,
                cancellationToken);
            added += clauses.Count;
        }

        return added;
    }
}
