using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace Marketplace.Data;

/// <summary>Adds rows by binary COPY, in the columns of the model. Runs in the context's open transaction, if there is one.</summary>
public static class Bulk
{
    private static readonly ConcurrentDictionary<Type, Table> Tables = new();

    /// <summary>Adds all rows at once; a duplicate key refuses them all.</summary>
    public static async Task BulkInsertAsync<T>(this MarketplaceDb db, IReadOnlyCollection<T> rows, CancellationToken cancellationToken)
        where T : class
    {
        if (rows.Count == 0)
        {
            return;
        }

        await db.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            var table = Tables.GetOrAdd(typeof(T), _ => Table.Of(db.Model.FindEntityType(typeof(T))!));
            await using var copy = await ((NpgsqlConnection)db.Database.GetDbConnection()).BeginBinaryImportAsync(table.Copy, cancellationToken);
            foreach (var row in rows)
            {
                await copy.StartRowAsync(cancellationToken);
                foreach (var column in table.Columns)
                {
                    if (column.Read(row) is { } value)
                    {
                        await copy.WriteAsync(value, column.Type, cancellationToken);
                    }
                    else
                    {
                        await copy.WriteNullAsync(cancellationToken);
                    }
                }
            }

            await copy.CompleteAsync(cancellationToken);
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }

    private sealed record Column(Func<object, object?> Read, string Type);

    private sealed record Table(string Copy, Column[] Columns)
    {
        public static Table Of(IEntityType entity)
        {
            // Identity columns are the database's to fill.
            var properties = entity.GetProperties()
                .Where(property => property.ValueGenerated == ValueGenerated.Never)
                .ToList();
            var names = string.Join(", ", properties.Select(property => $"\"{property.GetColumnName()}\""));
            return new Table(
                $"COPY {entity.GetSchema()}.{entity.GetTableName()} ({names}) FROM STDIN (FORMAT BINARY)",
                [.. properties.Select(ColumnOf)]);
        }

        private static Column ColumnOf(IProperty property)
        {
            var getter = property.GetGetter();
            var convert = property.GetTypeMapping().Converter?.ConvertToProvider;
            var type = property.GetColumnType();
            return new Column(
                row =>
                {
                    var value = getter.GetClrValue(row);
                    return value is null || convert is null ? value : convert(value);
                },
                // "numeric(6,2)": the wire knows no precision.
                type.Split('(')[0]);
        }
    }
}
