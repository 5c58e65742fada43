using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Corrections;

/// <summary>Settles what readings that came, or were replaced, after an hour's settlement change in it: the difference of imbalance and network
/// fee, at the hour's published prices. Trades stay, the published settlement stays; the difference is a named correction with a record of its own on
/// the ledger. Where nothing differs nothing happens, so a second time changes nothing.</summary>
public sealed record ResettleHour(int LoopId, DateTimeOffset Hour) : IRequest<bool>, ISystemOnly, IRepeatableStep;

internal sealed class ResettleHourHandler(Work work, HourInputs inputs, Journal journal, LateReadings late, MarketTime marketTime, TimeProvider time) : IRequestHandler<ResettleHour, bool>
{
    /// <summary>Public, as all names of corrections: it names nobody.</summary>
    public const string Reason = "Readings that came or were replaced after the hour was settled";

    private sealed record Amounts(long MeteredWh, Money Imbalance, Money Fee);

    private sealed record Key(int MemberId, string PlantCode, Carrier Carrier, MeterDirection Direction);

    public async Task<bool> Handle(ResettleHour request, CancellationToken cancellationToken)
    {
        var (db, loopId, hour) = (work.Db, request.LoopId, request.Hour);

        // One correction at a time, and not while bills are issued: what is billed stays as it was billed.
        await IssueBills.LockAsync(db, loopId, cancellationToken);
        if (!await db.HourSteps.AnyAsync(step => step.LoopId == loopId && step.Hour == hour && step.Step == HourStepKind.Settled, cancellationToken))
        {
            return false;
        }

        // Before the readings are read: one that is noted from here on waits for the next time.
        await late.FinishAsync(loopId, hour, cancellationToken);
        var (settling, _, _) = await inputs.LoadAsync(loopId, hour, cancellationToken);
        var published = await db.Positions.AsNoTracking().Where(position => position.LoopId == loopId && position.Hour == hour).ToListAsync(cancellationToken);
        var (number, before) = await BeforeAsync(loopId, hour, published, cancellationToken);
        var positions = settling.Positions();
        RequireSameTrades(published, positions, hour);
        var now = positions.ToDictionary(KeyOf, AmountsOf);
        var changed = before.Keys.Union(now.Keys)
            .Select(key => (Key: key, Was: before.GetValueOrDefault(key) ?? Nothing, Is: now.GetValueOrDefault(key) ?? Nothing))
            .Where(one => one.Was != one.Is).OrderBy(one => one.Key.MemberId).ThenBy(one => one.Key.PlantCode, StringComparer.Ordinal)
            .ThenBy(one => one.Key.Carrier).ThenBy(one => one.Key.Direction).ToList();
        if (changed.Count == 0)
        {
            return false;
        }

        await RecordAsync(loopId, hour, number + 1, changed, cancellationToken);
        var posted = await LateData.PostedHourAsync(db, loopId, hour, await marketTime.NowAsync(loopId, cancellationToken), cancellationToken);
        var shares = await StoreSharesMovedAsync(loopId, hour, published, before, now, cancellationToken);
        var moved = changed.GroupBy(one => (one.Key.MemberId, one.Key.Carrier)).Select(own => (
            own.Key.MemberId, own.Key.Carrier, Reference: ReferenceOf(loopId, hour, number + 1, own.Key.Carrier),
            Imbalance: own.Sum(one => one.Is.Imbalance.Micro - one.Was.Imbalance.Micro), Fee: own.Sum(one => one.Is.Fee.Micro - one.Was.Fee.Micro),
            Share: shares.GetValueOrDefault(own.Key), MeteredWh: own.Sum(one => one.Is.MeteredWh - one.Was.MeteredWh))).ToList();
        await db.BulkInsertAsync(
            [.. moved.Where(own => own.Imbalance + own.Fee + own.Share != 0).Select(own => new CorrectedMember
            {
                LoopId = loopId, Hour = hour, Reference = own.Reference, MemberId = own.MemberId, Carrier = own.Carrier,
                Amount = Money.FromMicro(own.Imbalance + own.Fee + own.Share), PostedHour = posted,
            })],
            cancellationToken);
        var accounts = await journal.AccountsAsync(
            loopId, [.. moved.Select(own => own.MemberId).Distinct()], cancellationToken, shares.Count > 0 ? [AccountKind.StoreShares] : null);
        await journal.PostAsync(
            [.. moved.SelectMany(own =>
            {
                var unbilled = accounts[AccountKind.Unbilled, own.MemberId];
                return (IEnumerable<Transfer>)
                [
                    .. accounts.Move(posted, TransferKind.Correction, own.Carrier, unbilled, accounts[AccountKind.Imbalance], own.Imbalance, own.Reference),
                    .. accounts.Move(posted, TransferKind.Correction, own.Carrier, unbilled, accounts[AccountKind.NetworkFees], own.Fee, own.Reference),
                    .. own.Share == 0 ? [] : accounts.Move(posted, TransferKind.Correction, own.Carrier, unbilled, accounts[AccountKind.StoreShares], own.Share, own.Reference),
                    .. accounts.Move(posted, TransferKind.EnergyImbalance, own.Carrier, accounts[AccountKind.Energy, own.MemberId], accounts[AccountKind.Imbalance], own.MeteredWh, own.Reference),
                ];
            })],
            cancellationToken);
        return true;
    }

    /// <summary>What the owners of stores that the market scheduled owe the loop more, or less, because their store earned otherwise.</summary>
    private async Task<Dictionary<(int MemberId, Carrier Carrier), long>> StoreSharesMovedAsync(
        int loopId, DateTimeOffset hour, List<Position> published, Dictionary<Key, Amounts> before, Dictionary<Key, Amounts> now, CancellationToken cancellationToken)
    {
        var plans = await work.Db.StorePlans.AsNoTracking().Where(plan => plan.LoopId == loopId && plan.Hour == hour).ToListAsync(cancellationToken);
        var fixedPart = published.ToLookup(position => position.PlantCode, position => position.TradedAmount + position.WishPremium);
        return plans
            .Select(plan => (Plan: plan, Keys: before.Keys.Union(now.Keys).Where(key => key.PlantCode == plan.PlantCode).ToList()))
            .Where(store => store.Keys.Count > 0)
            .GroupBy(store => (store.Keys[0].MemberId, store.Keys[0].Carrier), store => (OfTheLoop(store.Plan, store.Keys, now) - OfTheLoop(store.Plan, store.Keys, before)).Micro)
            .Where(own => own.Sum() != 0)
            .ToDictionary(own => own.Key, own => own.Sum());

        Money OfTheLoop(StorePlan plan, List<Key> keys, Dictionary<Key, Amounts> amounts) => StoreShares.OfTheLoop(
            -keys.Select(key => amounts.GetValueOrDefault(key) ?? Nothing).Select(amount => amount.Imbalance + amount.Fee)
                .Concat(fixedPart[plan.PlantCode]).Aggregate(Money.Zero, (sum, amount) => sum + amount),
            plan);
    }

    private static Amounts Nothing { get; } = new(0, Money.Zero, Money.Zero);

    private static Key KeyOf(Position position) => new(position.MemberId, position.PlantCode, position.Carrier, position.Direction);

    private static Amounts AmountsOf(Position position) => new(position.Metered.WattHours, position.ImbalanceAmount, position.NetworkFee);

    /// <summary>Only readings may have changed since.</summary>
    /// <exception cref="BrokenInvariantException">A trade differs from what was published.</exception>
    private static void RequireSameTrades(List<Position> published, List<Position> positions, DateTimeOffset hour)
    {
        var then = published.Where(position => position.Traded != Energy.Zero).ToDictionary(KeyOf, position => (position.Traded, position.TradedAmount));
        var now = positions.Where(position => position.Traded != Energy.Zero).ToDictionary(KeyOf, position => (position.Traded, position.TradedAmount));
        if (then.Count != now.Count || then.Any(one => !now.TryGetValue(one.Key, out var same) || same != one.Value))
        {
            throw new BrokenInvariantException("the trades of a published hour do not change", Instants.Iso(hour));
        }
    }

    /// <summary>What each position came to last: in the settlement, or in a resettlement after it.</summary>
    private async Task<(int Number, Dictionary<Key, Amounts> Before)> BeforeAsync(int loopId, DateTimeOffset hour, List<Position> published, CancellationToken cancellationToken)
    {
        var before = published.ToDictionary(KeyOf, AmountsOf);
        var number = 0;
        await using var command = new NpgsqlCommand(
            """
            SELECT number, member_id, plant_code, carrier, direction, metered, imbalance_amount, network_fee FROM market.resettled_positions
            WHERE loop_id = $1 AND hour = $2 ORDER BY number
            """,
            await work.ConnectionAsync(cancellationToken));
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = hour });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            number = reader.GetInt32(0);
            before[new Key(reader.GetInt32(1), reader.GetString(2), (Carrier)reader.GetInt16(3), (MeterDirection)reader.GetInt16(4))] =
                new Amounts(reader.GetInt64(5), Money.FromMicro(reader.GetInt64(6)), Money.FromMicro(reader.GetInt64(7)));
        }

        return (number, before);
    }

    private async Task RecordAsync(int loopId, DateTimeOffset hour, int number, List<(Key Key, Amounts Was, Amounts Is)> changed, CancellationToken cancellationToken)
    {
        var slug = await work.Db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
        var lines = new StringBuilder();
        foreach (var (key, was, now) in changed)
        {
            lines.Append(CultureInfo.InvariantCulture,
                $"{key.MemberId} {key.PlantCode} {key.Carrier.Name()} {(short)key.Direction} {was.MeteredWh} {now.MeteredWh} {was.Imbalance.Micro} {now.Imbalance.Micro} {was.Fee.Micro} {now.Fee.Micro}\n");
        }

        var record = string.Create(CultureInfo.InvariantCulture, $"resettlement/{Instants.Iso(hour)}/{number}");
        var canonical = CanonicalRecord.Of("resettlement", 1)
            .Add("loop", slug).Add("hour", hour).Add("number", number).Add("reason", Reason).Add("positions", changed.Count)
            .Add("positionsSha256", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString())))).ToBytes();
        var connection = await work.ConnectionAsync(cancellationToken);
        var appended = await LedgerDoor.AppendAsync(
            connection, work.Transaction, loopId, record,
            [new LedgerRecord(RecordKind.Settlement, 1, record, canonical, 0, DateOnly.FromDateTime(hour.UtcDateTime))], cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            WITH made AS (
                INSERT INTO market.resettlements (loop_id, hour, number, at, reason, canonical, batch_id, batch_position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8))
            INSERT INTO market.resettled_positions (loop_id, hour, number, member_id, plant_code, carrier, direction, metered, imbalance_amount, network_fee)
            SELECT $1, $2, $3, * FROM unnest($9, $10, $11, $12, $13, $14, $15)
            """,
            connection);
        Add(loopId);
        Add(hour);
        Add(number);
        Add(time.GetUtcNow());
        Add(Reason);
        Add(canonical);
        Add(appended.BatchId);
        Add(appended.Positions[0]);
        Add(changed.Select(one => one.Key.MemberId).ToArray());
        Add(changed.Select(one => one.Key.PlantCode).ToArray());
        Add(changed.Select(one => (short)one.Key.Carrier).ToArray());
        Add(changed.Select(one => (short)one.Key.Direction).ToArray());
        Add(changed.Select(one => one.Is.MeteredWh).ToArray());
        Add(changed.Select(one => one.Is.Imbalance.Micro).ToArray());
        Add(changed.Select(one => one.Is.Fee.Micro).ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);

        void Add<T>(T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
    }

    // Below zero, as the references of all corrections.
    private static long ReferenceOf(int loopId, DateTimeOffset hour, int number, Carrier carrier) => -(BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"resettlement/{loopId}/{Instants.Iso(hour)}/{number}/{carrier.Name()}")))) & long.MaxValue);
}
