using System.Globalization;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Devices;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Transparency.Records;

/// <summary>What was done with devices, keys and their revocation above all: for the loop's operators, technicians and auditors.</summary>
internal sealed class DeviceActs(MarketplaceDb db) : IRecordSource
{
    public RecordKind Kind => RecordKind.DeviceKey;

    public async Task<KeptRecord?> FindAsync(EntryPlace place, Actor actor, CancellationToken cancellationToken)
    {
        if (!(actor.Operates(place.LoopId) || actor.Audits(place.LoopId))
            || !place.BatchKey.StartsWith(DeviceRecord.Prefix, StringComparison.Ordinal)
            || place.BatchKey[DeviceRecord.Prefix.Length..].Split('/') is not [var device, var act]
            || !int.TryParse(device, NumberStyles.None, CultureInfo.InvariantCulture, out var deviceId)
            || !int.TryParse(act, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || await db.DeviceActs.AsNoTracking().SingleOrDefaultAsync(
                row => row.LoopId == place.LoopId && row.DeviceId == deviceId && row.Number == number, cancellationToken) is not { } found)
        {
            return null;
        }

        var code = await db.Devices.Where(row => row.LoopId == place.LoopId && row.Id == deviceId).Select(row => row.Code).SingleAsync(cancellationToken);
        return new KeptRecord(
            DeviceRecord.ForLedger(deviceId, number, found.Canonical, found.At), $"/loops/{place.Slug}/operations/devices/{Uri.EscapeDataString(code)}");
    }
}
