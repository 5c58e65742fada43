using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Across;
using Marketplace.Metering.Forecasts;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>Hours of a meter to be estimated.</summary>
internal sealed record HoursToEstimate(Meter Meter, IReadOnlySet<DateTimeOffset> Hours)
{
    public DateTimeOffset First { get; } = Hours.Min();

    public DateTimeOffset Last { get; } = Hours.Max();
}

/// <summary>Gathers what gaps can be estimated from and climbs the ladder: siblings, registers, weather and forecasts beside the meter's own hours.</summary>
internal sealed class GapEstimates(MarketplaceDb db, MeasuredHours measured, MeterClasses classes, RegisterEvidence registers)
{
    /// <summary>As far as the weather profile looks.</summary>
    private static readonly TimeSpan Around = TimeSpan.FromDays(56);

    /// <returns>An estimate for each hour asked for, by meter.</returns>
    public async Task<Dictionary<int, List<EstimatedGapHour>>> OfAsync(Loop loop, IReadOnlyList<HoursToEstimate> asked, CancellationToken cancellationToken)
    {
        var (loopId, calendar) = (loop.Id, loop.Calendar);
        var spans = asked.Select(one => new MeterSpan(one.Meter.Id, one.First - Around, one.Last + MarketHour.Length + Around)).ToList();
        var whole = new Interval(spans.Min(span => span.From), spans.Max(span => span.Until));
        var own = await measured.ReadSoundAsync(loopId, spans, cancellationToken);
        var siblings = await SiblingsAsync(loopId, asked, cancellationToken);
        var spanOf = spans.ToDictionary(span => span.MeterId);
        var siblingSpans = siblings.Select(pair => new MeterSpan(pair.Value.Id, spanOf[pair.Key].From, spanOf[pair.Key].Until)).DistinctBy(span => span.MeterId).ToList();
        var ofSiblings = await measured.ReadSoundAsync(loopId, siblingSpans, cancellationToken);
        var counted = await registers.ReadAsync(loopId, spans, cancellationToken);
        var parameters = await classes.OfAsync(loopId, cancellationToken);
        var temperatures = (await db.Conditions.AsNoTracking().Where(row => row.LoopId == loopId && row.Hour >= whole.Start && row.Hour < whole.End)
            .Select(row => new { row.Hour, row.AirTempC }).ToListAsync(cancellationToken)).ToDictionary(row => row.Hour, row => (int)(row.AirTempC * 1000m));
        var forecasts = await ForecastsAsync(loop, asked, cancellationToken);
        OutdoorTemperature? temperature = temperatures.Count == 0 ? null : hour => temperatures.TryGetValue(hour, out var outside) ? outside : null;

        return asked.AsParallel().AsOrdered().WithCancellation(cancellationToken).ToDictionary(one => one.Meter.Id, one =>
        {
            var span = spanOf[one.Meter.Id];
            // What is to be estimated is no evidence, whatever stands there.
            var hours = own[one.Meter.Id];
            foreach (var hour in one.Hours)
            {
                hours[(int)((hour - span.From) / MarketHour.Length)] = null;
            }

            var series = MeasuredHours.Series(one.Meter.Code, span.From, hours);
            var sibling = siblings.TryGetValue(one.Meter.Id, out var found) && siblingSpans.Find(known => known.MeterId == found.Id) is { MeterId: > 0 } at
                ? MeasuredHours.Series(found.Code, at.From, ofSiblings[found.Id]) : null;
            var estimates = new List<EstimatedGapHour>();
            // A gap began where it began, but what lies after the last hour asked for may be still to come.
            foreach (var gap in HourRun.In(series, (_, at) => series[at] is null && series.At(at) <= one.Last))
            {
                if (!Enumerable.Range(gap.First, gap.Count).Any(at => one.Hours.Contains(series.At(at))))
                {
                    continue;
                }

                var around = counted.GetValueOrDefault(one.Meter.Id)?.Around(series.At(gap.First), series.At(gap.End));
                var filled = EstimationLadder.Fill(
                    new EstimationEvidence(
                        series, calendar, sibling, temperature, around?.Before, around?.After, MeterClasses.For(one.Meter, parameters),
                        hour => forecasts.TryGetValue((one.Meter.Id, hour), out var energy) ? energy : null),
                    gap);
                estimates.AddRange(filled.Where(hour => one.Hours.Contains(hour.Hour)));
            }

            return estimates;
        });
    }

    /// <summary>A meter that the checks found to be a constant multiple of another measures the same thing.</summary>
    private async Task<Dictionary<int, Meter>> SiblingsAsync(int loopId, IReadOnlyList<HoursToEstimate> asked, CancellationToken cancellationToken)
    {
        var name = SharedPlantCheck.Check.Name;
        var ids = asked.Select(one => one.Meter.Id).ToArray();
        var codes = asked.Select(one => one.Meter.Code).ToArray();
        var pairs = await (
            from flag in db.ReadingFlags.AsNoTracking()
            where flag.LoopId == loopId && flag.CheckName == name && (ids.Contains(flag.MeterId) || codes.Contains(flag.OtherMeter))
                && !db.FlagResolutions.Any(end => end.LoopId == loopId && end.FlagId == flag.Id && end.Kind == FlagResolutionKind.NoLongerFound)
            join first in db.Meters on new { flag.LoopId, Code = flag.OtherMeter! } equals new { first.LoopId, first.Code }
            join second in db.Meters on new { flag.LoopId, Id = flag.MeterId } equals new { second.LoopId, second.Id }
            orderby flag.Id
            select new { first, second }).ToListAsync(cancellationToken);
        var siblings = new Dictionary<int, Meter>();
        foreach (var pair in pairs)
        {
            siblings.TryAdd(pair.second.Id, pair.first);
            siblings.TryAdd(pair.first.Id, pair.second);
        }

        return siblings.Where(pair => ids.Contains(pair.Key)).ToDictionary();
    }

    private async Task<Dictionary<(int, DateTimeOffset), Energy>> ForecastsAsync(Loop loop, IReadOnlyList<HoursToEstimate> asked, CancellationToken cancellationToken)
    {
        var ids = asked.Select(one => one.Meter.Id).ToArray();
        var (first, last) = (loop.Calendar.DayOf(asked.Min(one => one.First)), loop.Calendar.DayOf(asked.Max(one => one.Last)));
        var rows = await (
            from forecast in db.MeterForecasts.AsNoTracking()
            where forecast.LoopId == loop.Id && ids.Contains(forecast.MeterId) && forecast.Day >= first && forecast.Day <= last
            where db.ForecastDays.Any(day => day.LoopId == loop.Id && day.Day == forecast.Day && day.Version == forecast.Version)
            orderby forecast.Version
            select forecast).ToListAsync(cancellationToken);
        var found = new Dictionary<(int, DateTimeOffset), Energy>();
        foreach (var row in rows)
        {
            var start = loop.Calendar.StartOf(row.Day);
            for (var i = 0; i < row.HoursWh.Length; i++)
            {
                found[(row.MeterId, start.AddHours(i))] = new Energy(row.HoursWh[i]);
            }
        }

        return found;
    }
}
