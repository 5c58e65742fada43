using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Settlement;

/// <summary>Settles an hour: metered energy against traded energy, money and energy in the journal, the result on the ledger.
/// Settling a settled hour changes nothing.</summary>
public sealed record SettleHour(int LoopId, DateTimeOffset Hour) : IRequest<Unit>, IGuarded, IRepeatableStep
{
    public bool Permits(Actor actor) => actor.IsSystem;
}

internal sealed class SettleHourHandler(Work work, HourInputs inputs, Journal journal, TimeProvider time) : IRequestHandler<SettleHour, Unit>
{
    public async Task<Unit> Handle(SettleHour request, CancellationToken cancellationToken)
    {
        var (loopId, hour) = (request.LoopId, request.Hour);
        var db = work.Db;
        var steps = await db.HourSteps.Where(step => step.LoopId == loopId && step.Hour == hour).Select(step => step.Step).ToListAsync(cancellationToken);
        if (steps.Contains(HourStepKind.Settled))
        {
            return Unit.Value;
        }

        if (!steps.Contains(HourStepKind.Cleared))
        {
            throw new RefusedException($"The hour {Instants.Iso(hour)} is not cleared.");
        }

        var slug = await db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
        var (settling, converters, met) = await inputs.LoadAsync(loopId, hour, cancellationToken);
        var positions = settling.Positions();
        var balances = settling.Balances(positions, converters);
        var shares = StoreShares.Of(loopId, hour, positions, await db.StorePlans.AsNoTracking()
            .Where(plan => plan.LoopId == loopId && plan.Hour == hour).ToListAsync(cancellationToken));
        var accounts = await journal.AccountsAsync(
            loopId, [.. positions.Select(position => position.MemberId).Union(settling.Network.Members)], cancellationToken,
            [.. settling.Network.Accounts, .. shares.Count > 0 ? [AccountKind.StoreShares] : Array.Empty<AccountKind>()]);
        var transfers = settling.Transfers(positions, accounts);
        settling.RequireEmptyMarket(transfers, accounts);

        var canonical = Canonical(slug, hour, positions, balances, settling.Network.Canonical(settling.Outside));
        var key = $"settlement/{Instants.Iso(hour)}";
        var connection = await work.ConnectionAsync(cancellationToken);
        var appended = await LedgerDoor.AppendAsync(
            connection, work.Transaction, loopId, key,
            [new LedgerRecord(RecordKind.Settlement, 1, key, canonical, 0, DateOnly.FromDateTime(hour.UtcDateTime))], cancellationToken);

        await IndexOfHour.CommitAsync(connection, work.Transaction, loopId, slug, hour, cancellationToken);

        await db.BulkInsertAsync(positions, cancellationToken);
        await db.BulkInsertAsync(balances, cancellationToken);
        await db.BulkInsertAsync(met, cancellationToken);
        await db.BulkInsertAsync(shares, cancellationToken);
        await db.BulkInsertAsync(settling.Network.Curtailed(loopId, hour, settling.Outside), cancellationToken);
        await journal.PostAsync([.. transfers, .. StoreShares.Transfers(hour, shares, accounts)], cancellationToken);
        await db.BulkInsertAsync(
            [new Data.Settlement
            {
                LoopId = loopId, Hour = hour, Canonical = canonical, BatchId = appended.BatchId, BatchPosition = appended.Positions[0],
            }],
            cancellationToken);
        await db.BulkInsertAsync(
            [new HourStep { LoopId = loopId, Hour = hour, Step = HourStepKind.Settled, DoneAt = time.GetUtcNow() }], cancellationToken);
        return Unit.Value;
    }

    /// <summary>Totals in words anyone can read, and a hash over every position, so that none can be changed unseen.</summary>
    private static byte[] Canonical(string loop, DateTimeOffset hour, List<Position> positions, List<HourBalance> balances, string? network)
    {
        var lines = new StringBuilder();
        foreach (var position in positions)
        {
            lines.Append(System.Globalization.CultureInfo.InvariantCulture,
                $"{position.MemberId} {position.PlantCode} {position.Carrier.Name()} {(short)position.Direction} {position.Traded.WattHours} {position.Metered.WattHours} {position.TradedAmount.Micro} {position.ImbalanceAmount.Micro} {position.NetworkFee.Micro}");
            if (position.WishEnergy != Energy.Zero)
            {
                lines.Append(System.Globalization.CultureInfo.InvariantCulture, $" {position.WishEnergy.WattHours} {position.WishPremium.Micro}");
            }

            lines.Append('\n');
        }

        var record = CanonicalRecord.Of("settlement", 1)
            .Add("loop", loop)
            .Add("hour", hour)
            .Add("positions", positions.Count)
            .Add("positionsSha256", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString()))));
        foreach (var balance in balances)
        {
            var name = balance.Carrier.Name();
            record
                .Add($"{name}BoughtWh", balance.Bought.WattHours)
                .Add($"{name}SoldWh", balance.Sold.WattHours)
                .Add($"{name}ShortfallWh", balance.Shortfall.WattHours)
                .Add($"{name}SurplusWh", balance.Surplus.WattHours);
        }

        if (network is not null)
        {
            record.Add("networkSha256", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(network))));
        }

        return record.ToBytes();
    }
}
