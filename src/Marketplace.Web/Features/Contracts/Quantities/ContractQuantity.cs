using Marketplace.Contracts;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Npgsql;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>Something that clauses of contracts are about, with the way to measure it. To add one, write one file with an implementation: it is found by itself,
/// and templates may name it (docs/contracts.md).</summary>
public interface IContractQuantity
{
    /// <summary>Its name, its unit and what a clause has to say with it.</summary>
    QuantityForm Form { get; }

    /// <summary>Measures it for all that is asked at once, with one statement however many there are.</summary>
    /// <param name="scope">The loop, the period and the way to the database.</param>
    /// <param name="asked">Of whom, of what.</param>
    /// <returns>In the order of what was asked, in the form's unit. Where nothing happened it is zero.</returns>
    Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken);
}

/// <summary>What is to be measured for one clause of one contract.</summary>
/// <param name="Member">At whose meters, plants or trades.</param>
/// <param name="Other">With whom, where it is measured between two; else 0.</param>
/// <param name="Carrier">Of which carrier; none where the clause names none.</param>
/// <param name="Plant">Of which plant; empty where the clause names none.</param>
/// <param name="ContractId">Under which contract.</param>
/// <param name="StartsAt">When the contract began.</param>
/// <param name="EndsAt">When it ends, as far as is known.</param>
/// <param name="Basis">What it is measured of, where the clause names that: the number as these terms have it, with the parameter that gave it.</param>
public sealed record Measure(int Member, int Other, Carrier? Carrier, string Plant, long ContractId, DateTimeOffset StartsAt, DateTimeOffset EndsAt, MeasureBasis? Basis = null);

/// <param name="Parameter">None where the template itself has the number.</param>
public sealed record MeasureBasis(long Number, string? Parameter);

/// <summary>For when, and from where. Positions, deals and temperatures of the period are settled and complete.</summary>
public sealed class MeasureScope(Work work, Loop loop, Interval period)
{
    public Work Work { get; } = work;

    public Loop Loop { get; } = loop;

    public Interval Period { get; } = period;

    /// <summary>Reads rows of a key and a whole number. The statement finds the loop as $1, the period as $2 and $3; further parameters follow.</summary>
    public async Task<Dictionary<TKey, long>> ReadAsync<TKey>(
        string sql, Func<NpgsqlDataReader, TKey> key, CancellationToken cancellationToken, params object[] more)
        where TKey : notnull
    {
        await using var command = new NpgsqlCommand(sql, await Work.ConnectionAsync(cancellationToken));
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Loop.Id });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = Period.Start });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = Period.End });
        foreach (var value in more)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        var rows = new Dictionary<TKey, long>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(key(reader), reader.GetInt64(reader.FieldCount - 1));
        }

        return rows;
    }

    /// <summary>The members asked about, each once.</summary>
    public static int[] MembersOf(IReadOnlyList<Measure> asked) => [.. asked.Select(measure => measure.Member).Distinct().Order()];

    /// <summary>The plants asked about, each once.</summary>
    public static string[] PlantsOf(IReadOnlyList<Measure> asked) => [.. asked.Select(measure => measure.Plant).Distinct().Order(StringComparer.Ordinal)];
}
