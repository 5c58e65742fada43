using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering;

/// <summary>One meter with its hours in an interval. Its member, the operator and the loop's auditors may ask.</summary>
/// <param name="AsOf">By what had been received until then; null is by all that is known.</param>
public sealed record ReadMeter(int LoopId, string MeterCode, Interval Interval, DateTimeOffset? AsOf = null) : IRequest<MeterSheet?>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>A meter and what it measured.</summary>
public sealed record MeterSheet(
    int MeterId, string Code, Carrier Carrier, MeterDirection Direction, int MemberId, string MemberName,
    DateTimeOffset InServiceFrom, DateTimeOffset? InServiceUntil, IReadOnlyList<MeteredHour> Hours)
{
    public bool IsInService(DateTimeOffset hour) => hour >= InServiceFrom && (InServiceUntil is null || hour < InServiceUntil);
}

internal sealed class ReadMeterValidator : AbstractValidator<ReadMeter>
{
    public ReadMeterValidator() =>
        RuleFor(request => request.Interval).Must(interval => interval.Length <= CurrentReadings.LongestInterval)
            .WithMessage("At most 400 days can be shown at once.");
}

internal sealed class ReadMeterHandler(Work work, CurrentActor current) : IRequestHandler<ReadMeter, MeterSheet?>
{
    public async Task<MeterSheet?> Handle(ReadMeter request, CancellationToken cancellationToken)
    {
        if (await VisibleMeter.FindAsync(work.Db, current.Actor, request.LoopId, request.MeterCode, cancellationToken) is not { } meter)
        {
            return null;
        }

        var member = await work.Db.Members.AsNoTracking()
            .SingleAsync(member => member.LoopId == meter.LoopId && member.Id == meter.MemberId, cancellationToken);
        var hours = await CurrentReadings.ReadAsync(
            work, meter.LoopId, "m.id = $4", meter.Id, request.Interval, cancellationToken, request.AsOf);
        return new MeterSheet(
            meter.Id, meter.Code, meter.Carrier, meter.Direction, member.Id, member.Name, meter.InServiceFrom, meter.InServiceUntil, hours);
    }
}

/// <summary>Finds a meter for somebody who may see it. For all others it does not exist.</summary>
internal static class VisibleMeter
{
    public static async Task<Meter?> FindAsync(MarketplaceDb db, Actor actor, int loopId, string code, CancellationToken cancellationToken)
    {
        var meter = await db.Meters.AsNoTracking().SingleOrDefaultAsync(meter => meter.LoopId == loopId && meter.Code == code, cancellationToken);
        return meter is not null && (actor.Operates(loopId) || actor.ActsFor(loopId, meter.MemberId) || actor.Audits(loopId)) ? meter : null;
    }
}
