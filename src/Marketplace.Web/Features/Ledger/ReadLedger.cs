using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;
using Npgsql;

namespace Marketplace.Web.Features.Ledger;

/// <summary>How a loop's ledger stands, for everybody. Without a slug: the first loop's.</summary>
public sealed record ReadLedger(string? Slug) : IRequest<LedgerView?>, IGuarded
{
    public bool Permits(Actor actor) => true;
}

/// <summary>A loop that one may choose.</summary>
public sealed record LedgerChoice(string Slug, string Name);

/// <summary>A published checkpoint, and who cosigned it when.</summary>
public sealed record CheckpointRow(long Size, string Root, DateTimeOffset PublishedAt, IReadOnlyList<KnownSignature> Cosignatures);

/// <summary>A point of the growth picture.</summary>
public sealed record GrowthPoint(long Size, DateTimeOffset SignedAt);

/// <summary>A loop's ledger as the public sees it.</summary>
/// <param name="Kinds">How many entries of kind 1, 2, 3 … there are.</param>
/// <param name="QuorumWitnesses">How many witnesses the policy names; none if it asks for none.</param>
public sealed record LedgerView(
    IReadOnlyList<LedgerChoice> Loops, LedgerChoice Loop, VerifierKey Key, SignedCheckpoint? Latest, PublishedCheckpoint? Published,
    IReadOnlyList<long> Kinds, IReadOnlyList<GrowthPoint> Growth, IReadOnlyList<CheckpointRow> Newest, int QuorumWitnesses, string? HaltedBecause);

internal sealed class ReadLedgerHandler(NpgsqlDataSource source, LogKeys keys, LogPolicies policies, IEd25519 ed25519) : IRequestHandler<ReadLedger, LedgerView?>
{
    private const int Recent = 1500;
    private const int Points = 60;
    private const int Shown = 10;

    public async Task<LedgerView?> Handle(ReadLedger request, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var loops = await LoopsAsync(connection, cancellationToken);
        var found = loops.FirstOrDefault(l => request.Slug is null || l.Choice.Slug == request.Slug);
        if (found.Choice is not { } loop)
        {
            return null;
        }

        var signed = await LogTables.LatestSignedAsync(connection, found.Id, cancellationToken);
        return new LedgerView(
            [.. loops.Select(l => l.Choice)],
            loop,
            keys.Of(loop.Slug).Verifier,
            signed,
            await LogTables.LatestPublishedAsync(connection, found.Id, cancellationToken),
            signed?.Kinds ?? [],
            await GrowthAsync(connection, found.Id, cancellationToken),
            await NewestAsync(connection, found.Id, loop.Slug, cancellationToken),
            policies.Of(loop.Slug).Witnesses.Count,
            await LogTables.HaltedBecauseAsync(connection, found.Id, cancellationToken));
    }

    private static async Task<List<(int Id, LedgerChoice Choice)>> LoopsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT id, slug, name FROM market.loops ORDER BY id", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var loops = new List<(int, LedgerChoice)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            loops.Add((reader.GetInt32(0), new LedgerChoice(reader.GetString(1), reader.GetString(2))));
        }

        return loops;
    }

    // Of the last checkpoints only, so that the page costs the same in ten years.
    private static async Task<List<GrowthPoint>> GrowthAsync(NpgsqlConnection connection, int loopId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT size, signed_at FROM (
                SELECT size, signed_at, row_number() OVER (ORDER BY size DESC) AS place, count(*) OVER () AS all_of_them
                FROM (SELECT size, signed_at FROM ledger.checkpoints WHERE loop_id = $1 ORDER BY size DESC LIMIT $2) AS recent) AS numbered
            WHERE place = all_of_them OR (place - 1) % greatest(1, all_of_them / $3) = 0 ORDER BY size
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Recent });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Points });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var points = new List<GrowthPoint>();
        while (await reader.ReadAsync(cancellationToken))
        {
            points.Add(new GrowthPoint(reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset>(1)));
        }

        return points;
    }

    private async Task<List<CheckpointRow>> NewestAsync(NpgsqlConnection connection, int loopId, string slug, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT note, published_at FROM ledger.publications WHERE loop_id = $1 ORDER BY size DESC, publication_id DESC LIMIT $2", connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Shown });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<CheckpointRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var opened = policies.Of(slug).OpenLogOnly(SignedNote.Parse(Encoding.UTF8.GetBytes(reader.GetString(0))), ed25519);
            rows.Add(new CheckpointRow(opened.Checkpoint.Size, opened.Checkpoint.Root.ToString(), reader.GetFieldValue<DateTimeOffset>(1), opened.Cosignatures));
        }

        return rows;
    }
}
