using Npgsql;

namespace Marketplace.Web.Tests.Features.Campaigns;

/// <summary>The database as its owner, to put a fault into it.</summary>
internal sealed class NpgsqlDatabase(MarketplaceHost host) : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(host.Database.Owner);

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
