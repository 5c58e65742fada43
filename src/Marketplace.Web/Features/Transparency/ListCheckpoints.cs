using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;
using Npgsql;

namespace Marketplace.Web.Features.Transparency;

/// <summary>A loop's checkpoints, the newest first.</summary>
/// <param name="AtMost">The largest size shown; null for the newest.</param>
public sealed record ListCheckpoints(int LoopId, long? AtMost = null, int Rows = ListCheckpoints.PageRows) : IRequest<CheckpointList>, IPublic
{
    public const int PageRows = 25;
}

/// <summary>One checkpoint of the list.</summary>
/// <param name="Added">Entries that the one before did not have.</param>
/// <param name="Cosignatures">By the policy's witnesses, all checked.</param>
public sealed record CheckpointRow(
    long Size, long Added, TreeHash Root, DateTimeOffset SignedAt, DateTimeOffset? PublishedAt, IReadOnlyList<SignatureRow> Cosignatures);

/// <summary>A part of the list.</summary>
/// <param name="OlderAtMost">Where the next part begins; null at the end.</param>
public sealed record CheckpointList(IReadOnlyList<CheckpointRow> Rows, long? OlderAtMost);

internal sealed class ListCheckpointsHandler(NpgsqlDataSource source, LogPolicies policies, IEd25519 ed25519)
    : IRequestHandler<ListCheckpoints, CheckpointList>
{
    public async Task<CheckpointList> Handle(ListCheckpoints request, CancellationToken cancellationToken)
    {
        var policy = await policies.EverAsync(request.LoopId, cancellationToken);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var rows = Math.Clamp(request.Rows, 1, ListCheckpoints.PageRows);
        var found = await LogReads.CheckpointsAsync(connection, request.LoopId, request.AtMost ?? long.MaxValue, rows + 1, cancellationToken);
        return new CheckpointList(
            [.. found.Take(rows).Select((checkpoint, i) => new CheckpointRow(
                checkpoint.Head.Size,
                checkpoint.Head.Size - (i + 1 < found.Count ? found[i + 1].Head.Size : 0),
                checkpoint.Head.Root,
                checkpoint.Head.SignedAt,
                checkpoint.Published?.PublishedAt,
                checkpoint.Published is { } published
                    ? [.. CheckpointSignatures.Read(published.Note, policy, ed25519).Where(signature => signature is { Role: SignerRole.Witness, Holds: true })]
                    : []))],
            found.Count > rows ? found[rows].Head.Size : null);
    }
}
