using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering;

/// <summary>A meter's energy by the day or month, summed where the readings are. Its member, the operator and the loop's auditors may ask.</summary>
/// <param name="AsOf">By what had been received until then; null is by all that is known.</param>
public sealed record SumMeter(int LoopId, string MeterCode, Interval Interval, Grain Grain, DateTimeOffset? AsOf = null) : IRequest<MeterSums?>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>A meter and its sums; steps without any value are not there.</summary>
public sealed record MeterSums(MeterSheet Meter, IReadOnlyList<MeterSum> Steps);

/// <param name="Present">Hours with a value.</param>
/// <param name="Estimated">Of these, the ones whose value in force is an estimate.</param>
/// <param name="Corrected">Of these, the ones that had another value before.</param>
public sealed record MeterSum(Interval At, Energy Energy, int Present, int Estimated, int Corrected);

internal sealed class SumMeterValidator : AbstractValidator<SumMeter>
{
    public SumMeterValidator()
    {
        RuleFor(request => request.Interval).Must(interval => interval.Length <= CurrentReadings.LongestInterval).WithMessage("At most 400 days can be shown at once.");
        RuleFor(request => request.Grain).Must(grain => grain != Grain.Hour).WithMessage("Hours are not summed.");
    }
}

internal sealed class SumMeterHandler(Work work, CurrentActor current) : IRequestHandler<SumMeter, MeterSums?>
{
    public async Task<MeterSums?> Handle(SumMeter request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        if (await VisibleMeter.FindAsync(db, current.Actor, loopId, request.MeterCode, cancellationToken) is not { } meter)
        {
            return null;
        }

        var member = await db.Members.AsNoTracking().SingleAsync(member => member.LoopId == loopId && member.Id == meter.MemberId, cancellationToken);
        var calendar = (await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken)).Calendar;
        var (from, to, asOf) = (request.Interval.Start, request.Interval.End, request.AsOf ?? DateTimeOffset.MaxValue);
        var rows = await db.Database.SqlQuery<SumRow>($"""
            SELECT date_trunc({request.Grain.SqlName()}, hour AT TIME ZONE {calendar.Zone.Id})::date AS "Day", sum(energy)::bigint AS "Energy", count(*)::int AS "Present",
                   (count(*) FILTER (WHERE quality = {(short)ReadingQuality.Estimated}))::int AS "Estimated", (count(*) FILTER (WHERE revision > 0))::int AS "Corrected"
            FROM (SELECT DISTINCT ON (hour) hour, energy, quality, revision FROM market.readings
                  WHERE loop_id = {loopId} AND meter_id = {meter.Id} AND hour >= {from} AND hour < {to} AND received_at <= {asOf}
                  ORDER BY hour, revision DESC) r
            GROUP BY 1 ORDER BY 1
            """).ToListAsync(cancellationToken);
        return new MeterSums(
            new MeterSheet(meter.Id, meter.Code, meter.Carrier, meter.Direction, member.Id, member.Name, meter.InServiceFrom, meter.InServiceUntil, []),
            [.. rows.Select(row => new MeterSum(calendar.Step(request.Grain, row.Day), Energy.FromWh(row.Energy), row.Present, row.Estimated, row.Corrected))]);
    }

    private sealed record SumRow(DateOnly Day, long Energy, int Present, int Estimated, int Corrected);
}
