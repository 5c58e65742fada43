using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;
using Npgsql;

namespace Marketplace.Web.Features.Transparency;

/// <summary>How a loop's ledger stands, for everybody.</summary>
public sealed record ReadLedger(int LoopId) : IRequest<LedgerView>, IPublic;

/// <summary>A loop's ledger as the public sees it.</summary>
/// <param name="Latest">The newest signed checkpoint; null before the first.</param>
/// <param name="Published">The newest published one.</param>
/// <param name="WitnessCount">How many witnesses the policy names; none if it asks for none.</param>
/// <param name="HaltedBecause">Why signing has stopped, if it has.</param>
public sealed record LedgerView(
    VerifierKey Key, SignedCheckpoint? Latest, PublishedCheckpoint? Published, IReadOnlyList<LogSize> Growth, int WitnessCount, string? HaltedBecause);

internal sealed class ReadLedgerHandler(NpgsqlDataSource source, LogPolicies policies) : IRequestHandler<ReadLedger, LedgerView>
{
    private const int Steps = 60;

    public async Task<LedgerView> Handle(ReadLedger request, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var signed = await LogTables.LatestSignedAsync(connection, request.LoopId, cancellationToken);
        return new LedgerView(
            await policies.KeyAsync(request.LoopId, cancellationToken),
            signed,
            await LogTables.LatestPublishedAsync(connection, request.LoopId, cancellationToken),
            signed is null ? [] : await LogReads.GrowthAsync(connection, request.LoopId, signed.Size, Steps, cancellationToken),
            (await policies.OfAsync(request.LoopId, cancellationToken)).Witnesses.Count,
            await LogTables.HaltedBecauseAsync(connection, request.LoopId, cancellationToken));
    }
}
