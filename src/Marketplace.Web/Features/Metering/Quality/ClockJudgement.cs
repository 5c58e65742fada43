using Marketplace.Data;
using Marketplace.Metering.Checks.Delivery;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>Judges a device's clock when it shows it: in a telegram, against the time at which it was read. A clock that is off has one open flag
/// at the meter, which ends when it is right again.</summary>
internal sealed class ClockJudgement(Work work, MeterClasses classes, FlagBook flags)
{
    /// <param name="at">When the device was read.</param>
    /// <param name="shown">What its clock showed then, without a zone: on the wall or, as many do, standard time all year. The nearer one is meant.</param>
    public async Task JudgeAsync(int loopId, int deviceId, string code, DateTimeOffset at, DateTime shown, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var meter = await (
            from register in db.DeviceRegisters
            join meters in db.Meters on new { register.LoopId, Id = register.MeterId } equals new { meters.LoopId, meters.Id }
            where register.LoopId == loopId && register.DeviceId == deviceId && register.FromHour <= at && (register.UntilHour == null || register.UntilHour > at)
            orderby register.Register
            select meters).AsNoTracking().FirstOrDefaultAsync(cancellationToken);

        // Where the checks are at this loop just now, the next telegram will say it.
        if (meter is null || !await flags.TryLockAsync(loopId, cancellationToken))
        {
            return;
        }

        var zone = (await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken)).Calendar.Zone;
        var device = new[] { zone.BaseUtcOffset, zone.GetUtcOffset(at) }
            .Select(offset => new DateTimeOffset(DateTime.SpecifyKind(shown, DateTimeKind.Unspecified), offset)).MinBy(time => (time - at).Duration());
        var hour = MarketHour.Containing(at);
        var parameters = MeterClasses.For(meter, await classes.OfAsync(loopId, cancellationToken));
        var found = ClockChecks.JudgeDrift([new DeliveredInterval(meter.Code, "telegram", hour, hour + MarketHour.Length, code, at, device)], parameters);
        var name = ClockChecks.Drift.Name;
        var open = await db.OpenFlags.Where(flag => flag.LoopId == loopId && flag.MeterId == meter.Id && flag.CheckName == name)
            .Select(flag => flag.FlagId).ToArrayAsync(cancellationToken);
        if (found.Count == 0)
        {
            await flags.ResolveAsync(loopId, open, FlagResolutionKind.NoLongerFound, "The clock is right again.", null, cancellationToken);
        }
        else if (open.Length == 0)
        {
            await flags.AddAsync(loopId, [.. found.Select(finding => new NewFlag(meter.Id, finding.During, finding.Check, finding.Words))], cancellationToken);
        }
    }
}
