using FluentValidation;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering;

/// <summary>The virtual meters of a loop. Those who run or audit it may ask: a sum over several members is nobody's own.</summary>
public sealed record ListVirtualMeters(int LoopId) : IRequest<IReadOnlyList<VirtualMeterRow>>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.Audits(LoopId);
}

/// <param name="Formula">Such as "house-1 + house-2 − 0.5 pump".</param>
public sealed record VirtualMeterRow(string Code, Carrier Carrier, string Formula);

/// <summary>A virtual meter computed over an interval, hour by hour or summed by the day or month.</summary>
public sealed record ReadVirtualMeter(int LoopId, string Code, Interval Interval, Grain Grain) : IRequest<VirtualSheet?>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.Audits(LoopId);
}

/// <param name="Steps">Steps with at least one hour that could be computed.</param>
public sealed record VirtualSheet(VirtualMeterRow Meter, IReadOnlyList<VirtualStep> Steps);

/// <param name="Hours">Hours that could be computed: all parts have a value.</param>
/// <param name="Estimated">Of these, the ones in which a part is an estimate.</param>
public sealed record VirtualStep(Interval At, Energy Energy, int Hours, int Estimated);

internal sealed class ReadVirtualMeterValidator : AbstractValidator<ReadVirtualMeter>
{
    public ReadVirtualMeterValidator() =>
        RuleFor(request => request.Interval).Must(interval => interval.Length <= CurrentReadings.LongestInterval).WithMessage("At most 400 days can be shown at once.");
}

internal sealed class ReadVirtualMeterHandler(Work work) : IRequestHandler<ReadVirtualMeter, VirtualSheet?>, IRequestHandler<ListVirtualMeters, IReadOnlyList<VirtualMeterRow>>
{
    private sealed record Version(DateTimeOffset FromHour, VirtualMeters Meters, IReadOnlyList<(int Id, VirtualTerm Term)> Terms);

    public async Task<IReadOnlyList<VirtualMeterRow>> Handle(ListVirtualMeters request, CancellationToken cancellationToken)
    {
        var rows = new List<VirtualMeterRow>();
        foreach (var meter in await work.Db.VirtualMeters.AsNoTracking().Where(meter => meter.LoopId == request.LoopId).OrderBy(meter => meter.Code).ToListAsync(cancellationToken))
        {
            rows.Add(Row(meter, await VersionsAsync(meter, cancellationToken)));
        }

        return rows;
    }

    public async Task<VirtualSheet?> Handle(ReadVirtualMeter request, CancellationToken cancellationToken)
    {
        var meter = await work.Db.VirtualMeters.AsNoTracking().SingleOrDefaultAsync(meter => meter.LoopId == request.LoopId && meter.Code == request.Code, cancellationToken);
        if (meter is null)
        {
            return null;
        }

        var versions = await VersionsAsync(meter, cancellationToken);
        var calendar = (await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken)).Calendar;
        var values = new Dictionary<(string, DateTimeOffset), QualifiedEnergy>();
        foreach (var id in versions.SelectMany(version => version.Terms).Select(term => term.Id).Distinct())
        {
            foreach (var hour in await CurrentReadings.ReadAsync(work, request.LoopId, "m.id = $4", id, request.Interval, cancellationToken))
            {
                values[(hour.MeterCode, hour.Hour)] = new QualifiedEnergy(hour.Energy, hour.Quality == ReadingQuality.Estimated ? ValueQuality.Estimated : ValueQuality.Measured);
            }
        }

        var hours = request.Interval.Steps(MarketHour.Length)
            .Select(hour => (Hour: hour, Value: versions.LastOrDefault(version => version.FromHour <= hour)?.Meters.Of(meter.Code, code => values.TryGetValue((code, hour), out var value) ? value : null)))
            .Where(hour => hour.Value is not null);
        var steps = hours
            .GroupBy(hour => request.Grain == Grain.Hour ? MarketMoment.HourOf(hour.Hour) : calendar.Step(request.Grain, FirstDayOf(hour.Hour)))
            .Select(step => new VirtualStep(
                step.Key, step.Aggregate(Energy.Zero, (sum, hour) => sum + hour.Value!.Value.Energy), step.Count(), step.Count(hour => hour.Value!.Value.Quality == ValueQuality.Estimated)));
        return new VirtualSheet(Row(meter, versions), [.. steps]);

        DateOnly FirstDayOf(DateTimeOffset hour)
        {
            var day = calendar.DayOf(hour);
            return request.Grain == Grain.Day ? day : new DateOnly(day.Year, day.Month, 1);
        }
    }

    /// <summary>By time; of several from the same hour on the last counts.</summary>
    private async Task<List<Version>> VersionsAsync(Data.VirtualMeter meter, CancellationToken cancellationToken)
    {
        var parts = await (
            from part in work.Db.VirtualMeterParts.AsNoTracking()
            where part.LoopId == meter.LoopId && part.VirtualMeterId == meter.Id
            join real in work.Db.Meters on new { part.LoopId, part.MeterId } equals new { real.LoopId, MeterId = real.Id }
            select new { part, real.Code }).ToListAsync(cancellationToken);
        return [.. parts.GroupBy(row => row.part.Version).OrderBy(version => version.First().part.FromHour).ThenBy(version => version.Key).Select(version =>
        {
            var terms = version.OrderBy(row => row.Code, StringComparer.Ordinal).Select(row => (row.part.MeterId, new VirtualTerm(row.Code, row.part.FactorMillionths / 1_000_000m))).ToList();
            return new Version(version.First().part.FromHour, new VirtualMeters([new Marketplace.Metering.VirtualMeter(meter.Code, [.. terms.Select(term => term.Item2)])]), terms);
        })];
    }

    private static VirtualMeterRow Row(Data.VirtualMeter meter, List<Version> versions) => new(meter.Code, meter.Carrier, versions.Count == 0 ? "" : string.Concat(
        versions[^1].Terms.Select((term, i) => (term.Term.Factor < 0 ? (i == 0 ? "−" : " − ") : i == 0 ? "" : " + ")
            + (Math.Abs(term.Term.Factor) == 1m ? "" : Math.Abs(term.Term.Factor).ToString("0.######", System.Globalization.CultureInfo.InvariantCulture) + " × ") + term.Term.Meter)));
}
