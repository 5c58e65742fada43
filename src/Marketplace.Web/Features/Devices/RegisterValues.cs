using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Devices;

/// <summary>The values of registers that are not the energy of an hour: what a register said once is kept, whatever it says later.</summary>
internal sealed class RegisterValues(Work work, ReadingStore store)
{
    /// <summary>Stores the values that are new, in one go. The caller holds the lock of the loop's readings.</summary>
    /// <returns>For each, in the order given, what the register said at that instant before; null where it said nothing and this was stored.</returns>
    public async Task<long?[]> AddAsync(int loopId, IReadOnlyList<RegisterValue> values, CancellationToken cancellationToken)
    {
        if (values.Count == 0)
        {
            return [];
        }

        var before = new long?[values.Count];
        var said = await SaidAsync(loopId, values, cancellationToken);
        var fresh = new List<RegisterValue>(values.Count);
        for (var i = 0; i < values.Count; i++)
        {
            var value = values[i];
            if (said.TryGetValue((value.DeviceId, value.Register, value.At), out var standing))
            {
                before[i] = standing;
                continue;
            }

            said.Add((value.DeviceId, value.Register, value.At), value.Value);
            fresh.Add(value);
        }

        if (fresh.Count > 0)
        {
            await store.EnsureMonthsAsync("market.ensure_register_values_month", fresh.Select(value => value.At), cancellationToken);
            await work.Db.BulkInsertAsync(fresh, cancellationToken);
        }

        return before;
    }

    private async Task<Dictionary<(int Device, Register Register, DateTimeOffset At), long>> SaidAsync(
        int loopId, IReadOnlyList<RegisterValue> values, CancellationToken cancellationToken)
    {
        var said = new Dictionary<(int, Register, DateTimeOffset), long>(values.Count);
        await using var command = await store.CommandAsync(
            """
            SELECT v.device_id, v.register, v.at, v.value FROM unnest($2, $3, $4) AS sent (device_id, register, at)
            JOIN market.register_values v ON v.loop_id = $1 AND v.device_id = sent.device_id AND v.register = sent.register AND v.at = sent.at
            WHERE v.at BETWEEN $5 AND $6
            """,
            cancellationToken,
            ReadingStore.Parameter(loopId), ReadingStore.Parameter(values.Select(one => one.DeviceId).ToArray()),
            ReadingStore.Parameter(values.Select(one => (short)one.Register).ToArray()), ReadingStore.Parameter(values.Select(one => one.At).ToArray()),
            ReadingStore.Parameter(values.Min(one => one.At)), ReadingStore.Parameter(values.Max(one => one.At)));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            said.TryAdd((reader.GetInt32(0), (Register)reader.GetInt16(1), reader.GetFieldValue<DateTimeOffset>(2)), reader.GetInt64(3));
        }

        return said;
    }
}
