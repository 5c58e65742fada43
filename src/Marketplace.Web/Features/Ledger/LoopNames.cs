using System.Collections.Concurrent;
using Npgsql;

namespace Marketplace.Web.Features.Ledger;

/// <summary>Which loop an address names. A loop keeps its slug and id for ever, so both are remembered.</summary>
public sealed class LoopNames(NpgsqlDataSource source)
{
    private readonly ConcurrentDictionary<int, string> _slugs = new();
    private readonly ConcurrentDictionary<string, int> _ids = new();

    /// <summary>The slug of a loop.</summary>
    public async ValueTask<string> SlugOfAsync(int loopId, CancellationToken cancellationToken)
    {
        if (_slugs.TryGetValue(loopId, out var slug))
        {
            return slug;
        }

        await using var command = source.CreateCommand("SELECT slug FROM market.loops WHERE id = $1");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        slug = await command.ExecuteScalarAsync(cancellationToken) as string ?? throw new InvalidOperationException($"There is no loop {loopId}");
        return _slugs.GetOrAdd(loopId, slug);
    }

    /// <summary>The loop with this slug; the first loop where none is named; null where there is none.</summary>
    public async ValueTask<int?> FindAsync(string? slug, CancellationToken cancellationToken)
    {
        if (_ids.TryGetValue(slug ?? "", out var known))
        {
            return known;
        }

        await using var command = source.CreateCommand(
            slug is null ? "SELECT min(id) FROM market.loops" : "SELECT id FROM market.loops WHERE slug = $1");
        if (slug is not null)
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = slug });
        }

        return await command.ExecuteScalarAsync(cancellationToken) is int id ? _ids.GetOrAdd(slug ?? "", id) : null;
    }
}
