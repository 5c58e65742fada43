using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Transparency;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Home;

/// <summary>Whether everything is consistent: the newest checkpoint with its cosignatures, what stands in the way of signing, the energy balance of
/// the last day, the journal against the settled positions, and hours that failed.</summary>
public sealed record LoopConsistency(int LoopId) : IRequest<Consistency>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.Audits(LoopId);
}

/// <param name="Published">The newest published checkpoint; none before the first.</param>
/// <param name="Cosigned">Witnesses whose signatures under it hold, checked now.</param>
/// <param name="Witnesses">How many the policy names.</param>
/// <param name="BadSignatures">Signatures under it that do not hold.</param>
/// <param name="Look">When this host last recomputed stored parts of the log.</param>
/// <param name="Standing">Alarms of the log that stand.</param>
/// <param name="Balances">Hours and carriers of the last settled day that were looked at.</param>
/// <param name="Unbalanced">Of these, the ones whose energy does not balance to the watt-hour.</param>
/// <param name="JournalDifference">By how much what the journal moved for the last settled day differs from what was settled.</param>
/// <param name="FailedSteps">Steps of hours that failed and wait.</param>
public sealed record Consistency(
    PublishedCheckpoint? Published, int Cosigned, int Witnesses, int BadSignatures, LogLook? Look, IReadOnlyList<LogIncident> Standing,
    int Balances, int Unbalanced, Money JournalDifference, long Transfers, int FailedSteps)
{
    /// <summary>Nothing speaks against it.</summary>
    public bool Holds => BadSignatures == 0 && Standing.Count == 0 && Look?.Problem is null && Unbalanced == 0 && JournalDifference == Money.Zero && FailedSteps == 0;
}

internal sealed class LoopConsistencyHandler(Work work, LogPolicies policies, LookMemory memory, IEd25519 ed25519) : IRequestHandler<LoopConsistency, Consistency>
{
    public async Task<Consistency> Handle(LoopConsistency request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var connection = await work.ConnectionAsync(cancellationToken);
        var published = await LogTables.LatestPublishedAsync(connection, loopId, cancellationToken);
        var policy = await policies.OfAsync(loopId, cancellationToken);
        var signatures = published is null ? [] : CheckpointSignatures.Read(published.Note, policy, ed25519);
        var standing = await LogIncidents.StandingAsync(connection, loopId, cancellationToken);
        var failed = await db.HourFailures.CountAsync(failure => failure.LoopId == loopId, cancellationToken);
        var settled = await db.HourSteps.Where(step => step.LoopId == loopId && step.Step == HourStepKind.Settled).MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        var (balances, unbalanced, difference, transfers) = settled is { } last ? await BooksAsync(loopId, last, cancellationToken) : (0, 0, 0L, 0L);
        return new Consistency(
            published,
            signatures.Count(signature => signature is { Role: SignerRole.Witness, Holds: true }),
            policy.Witnesses.Count,
            signatures.Count(signature => signature.Holds == false),
            memory.Of(loopId),
            standing,
            balances,
            unbalanced,
            Money.FromMicro(difference),
            transfers,
            failed);
    }

    private async Task<(int Balances, int Unbalanced, long Difference, long Transfers)> BooksAsync(int loopId, DateTimeOffset last, CancellationToken cancellationToken)
    {
        var (from, to) = (last.AddHours(-23), last + MarketHour.Length);
        // Members' unbilled accounts hold what their settled positions came to, hour by hour: nothing may be moved that was not settled.
        var row = await work.Db.Database.SqlQuery<BooksRow>($"""
            SELECT (SELECT count(*)::int FROM market.balances WHERE loop_id = {loopId} AND hour >= {from} AND hour < {to}) AS "Balances",
                   (SELECT count(*)::int FROM market.balances WHERE loop_id = {loopId} AND hour >= {from} AND hour < {to}
                      AND sold + converted_out <> bought + converted_in + lost) AS "Unbalanced",
                   ((SELECT coalesce(sum(traded_amount + imbalance_amount + network_fee + wish_premium), 0) FROM market.positions WHERE loop_id = {loopId} AND hour >= {from} AND hour < {to})
                     - (SELECT coalesce(sum(CASE WHEN d.kind = {(short)AccountKind.Unbilled} THEN t.amount ELSE 0 END - CASE WHEN c.kind = {(short)AccountKind.Unbilled} THEN t.amount ELSE 0 END), 0)
                        FROM market.transfers t
                        JOIN market.accounts d ON d.loop_id = t.loop_id AND d.id = t.debit_account
                        JOIN market.accounts c ON c.loop_id = t.loop_id AND c.id = t.credit_account
                        WHERE t.loop_id = {loopId} AND t.hour >= {from} AND t.hour < {to} AND t.kind = ANY ({OfHours})))::bigint AS "Difference",
                   (SELECT count(*) FROM market.transfers WHERE loop_id = {loopId} AND hour >= {from} AND hour < {to}) AS "Transfers"
            """).SingleAsync(cancellationToken);
        return (row.Balances, row.Unbalanced, row.Difference, row.Transfers);
    }

    private static readonly short[] OfHours = [.. TransferKinds.OfHours.Select(kind => (short)kind)];

    private sealed record BooksRow(int Balances, int Unbalanced, long Difference, long Transfers);
}
