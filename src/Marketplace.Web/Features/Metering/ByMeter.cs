using Npgsql;

namespace Marketplace.Web.Features.Metering;

/// <summary>
/// Has hours of single meters read by the key of the table of readings. Of a month that was just filled PostgreSQL knows nothing yet: it takes the
/// smaller index by hour for as good, reads every meter of the loop for each one asked for, and sorts. Only the key gives the order that these
/// statements ask for, so within them sorting is made dear.
/// </summary>
internal static class ByMeter
{
    /// <summary>Adds a statement to an empty batch that reads by the key, in the order of the key or its reverse. It wants a transaction.</summary>
    public static NpgsqlBatchCommand Add(NpgsqlBatch batch, string sql)
    {
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SET LOCAL enable_sort TO off"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SET LOCAL enable_incremental_sort TO off"));
        var command = new NpgsqlBatchCommand(sql);
        batch.BatchCommands.Add(command);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SET LOCAL enable_sort TO DEFAULT"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SET LOCAL enable_incremental_sort TO DEFAULT"));
        return command;
    }
}
