using Marketplace.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Marketplace.Web.Pipeline;

/// <summary>The unit of work of one request: its context, its transaction, and what follows once it has committed.</summary>
public sealed class Work(MarketplaceDb db)
{
    private readonly List<Func<CancellationToken, Task>> _followUps = [];

    public MarketplaceDb Db { get; } = db;

    /// <summary>The open connection under the context, for bulk copies and hand-written SQL.</summary>
    public async ValueTask<NpgsqlConnection> ConnectionAsync(CancellationToken cancellationToken)
    {
        await Db.Database.OpenConnectionAsync(cancellationToken);
        return (NpgsqlConnection)Db.Database.GetDbConnection();
    }

    /// <summary>The transaction that the pipeline began for this change.</summary>
    public NpgsqlTransaction Transaction =>
        (NpgsqlTransaction?)Db.Database.CurrentTransaction?.GetDbTransaction()
        ?? throw new InvalidOperationException("This request is not marked as a change, so it has no transaction");

    /// <summary>Runs after the commit and after this request's connection is returned. A crash before it has run must be
    /// harmless: what it does is also done by the next tick.</summary>
    public void AfterCommit(Func<CancellationToken, Task> followUp) => _followUps.Add(followUp);

    internal async Task RunFollowUpsAsync(CancellationToken cancellationToken)
    {
        foreach (var followUp in _followUps)
        {
            await followUp(cancellationToken);
        }
    }
}
