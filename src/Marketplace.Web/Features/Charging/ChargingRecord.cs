using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Charging;

/// <summary>What the ledger holds of a charging period: totals in words anyone can read, and a hash over every line, which names members
/// by their numbers only.</summary>
internal static class ChargingRecord
{
    public const byte Version = 1;

    /// <summary>The field that says why a period was published without trades.</summary>
    public const string Cancelled = "cancelled";

    public static string Key(ChargingStepKind step, int groupId, DateTimeOffset period) =>
        string.Create(CultureInfo.InvariantCulture, $"charging/{groupId}/{NameOf(step)}/{Instants.Iso(period)}");

    public static LedgerRecord Record(ChargingStepKind step, int groupId, DateTimeOffset period, byte[] canonical) =>
        new(RecordKind.ChargingQuota, Version, Key(step, groupId, period), canonical, 0, DateOnly.FromDateTime(period.UtcDateTime));

    public static byte[] Allocation(string loop, ChargingAllocation allocation, (long Numerator, long Denominator) beta, IReadOnlyList<ChargingQuota> quotas) =>
        CanonicalRecord.Of("chargingAllocation", Version)
            .Add("loop", loop)
            .Add("group", allocation.GroupId)
            .Add("period", allocation.Period)
            .Add("marginW", allocation.MarginWatts)
            .Add("demandedW", allocation.DemandedWatts)
            .Add("betaNumerator", beta.Numerator)
            .Add("betaDenominator", beta.Denominator)
            .Add("pricing", allocation.Pricing == QuotaPricing.Uniform ? "uniform" : "pairwise")
            .Add("penaltyMicroPerKWh", allocation.PenaltyRate.MicroPerKWh)
            .Add("quotas", quotas.Count)
            .Add("quotasSha256", Hash(quotas.Select(quota => string.Create(
                CultureInfo.InvariantCulture, $"{quota.MemberId} {quota.DemandWatts} {quota.QuotaWatts} {quota.Energy.WattHours}"))))
            .ToBytes();

    public static byte[] Clearing(
        string loop, int groupId, DateTimeOffset period, IReadOnlyList<ChargingOrder> orders, QuotaResult result, string? cancelled)
    {
        var record = CanonicalRecord.Of("chargingResult", Version)
            .Add("loop", loop)
            .Add("group", groupId)
            .Add("period", period)
            .Add("orders", orders.Count)
            .Add("ordersSha256", Hash(orders.Select(order => string.Create(
                CultureInfo.InvariantCulture, $"{order.Id} {order.MemberId} {(short)order.Side} {order.Energy.WattHours} {order.Limit.MicroPerKWh}"))))
            .Add("trades", result.Trades.Count)
            .Add("tradedWh", result.Trades.Sum(trade => trade.Energy.WattHours))
            .Add("tradesSha256", Hash(result.Trades.Select(trade => string.Create(
                CultureInfo.InvariantCulture, $"{orders[trade.Buy].Id} {orders[trade.Sell].Id} {trade.Energy.WattHours} {trade.Price.MicroPerKWh}"))));
        if (result.Price is { } price)
        {
            record.Add("microPerKWh", price.MicroPerKWh);
        }

        if (cancelled is not null)
        {
            record.Add(Cancelled, string.Concat(cancelled.Select(c => char.IsControl(c) ? ' ' : c)));
        }

        return record.ToBytes();
    }

    public static byte[] Settlement(string loop, int groupId, DateTimeOffset hour, IReadOnlyList<ChargingUse> uses) =>
        CanonicalRecord.Of("chargingSettlement", Version)
            .Add("loop", loop)
            .Add("group", groupId)
            .Add("hour", hour)
            .Add("members", uses.Count)
            .Add("overUseWh", uses.Sum(use => use.OverUse.WattHours))
            .Add("penaltiesMicro", uses.Sum(use => use.Penalty.Micro))
            .Add("usesSha256", Hash(uses.Select(use => string.Create(
                CultureInfo.InvariantCulture,
                $"{use.MemberId} {use.Allowance.WattHours} {use.Used?.WattHours.ToString(CultureInfo.InvariantCulture) ?? "-"} {use.OverUse.WattHours} {use.Penalty.Micro}"))))
            .ToBytes();

    /// <summary>Commits the record of a step and marks the step as done, in the step's own transaction.</summary>
    public static async Task CommitAsync(
        Work work, int loopId, int groupId, DateTimeOffset period, ChargingStepKind step, byte[] canonical, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var appended = await LedgerDoor.AppendAsync(
            await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, Key(step, groupId, period),
            [Record(step, groupId, period, canonical)], cancellationToken);
        await work.Db.BulkInsertAsync(
            [new ChargingStep
            {
                LoopId = loopId, GroupId = groupId, Period = period, Step = step, DoneAt = now, Canonical = canonical,
                BatchId = appended.BatchId, BatchPosition = appended.Positions[0],
            }],
            cancellationToken);
    }

    private static string NameOf(ChargingStepKind step) => step switch
    {
        ChargingStepKind.Allocated => "allocation",
        ChargingStepKind.Cleared => "result",
        ChargingStepKind.Settled => "settlement",
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "Not a step"),
    };

    private static string Hash(IEnumerable<string> lines) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")))));
}
