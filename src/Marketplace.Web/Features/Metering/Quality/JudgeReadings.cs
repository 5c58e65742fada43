using Marketplace.Data;
using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Delivery;
using Marketplace.Metering.Checks.Value;
using Marketplace.Quantities;
using Marketplace.Web.Features.Corrections;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>Puts meters with new hours through the checks and keeps what they find as flags, some meters at a time. It annotates: no reading
/// is changed or left out. Running it again finds nothing new.</summary>
/// <param name="AfterMeter">Only meters after this one: a pass comes to an end although readings keep coming.</param>
public sealed record JudgeReadings(int LoopId, int AfterMeter = 0, int MostMeters = 32) : IRequest<JudgedReadings>, ISystemOnly, IRepeatableStep;

/// <param name="Hours">Hours looked at, with those around that they are compared with.</param>
/// <param name="Found">Flags raised.</param>
/// <param name="Withdrawn">Flags whose ground later readings took away.</param>
/// <param name="Next">The meter after which others wait; null when none does.</param>
public sealed record JudgedReadings(int Meters, long Hours, int Found, int Withdrawn, int? Next)
{
    public static JudgedReadings Nothing { get; } = new(0, 0, 0, 0, null);
}

internal sealed class JudgeReadingsHandler(Work work, MeasuredHours measured, MeterClasses classes, FlagBook flags, RegisterEvidence registers, LateReadings late, MarketTime marketTime)
    : IRequestHandler<JudgeReadings, JudgedReadings>
{
    /// <summary>Like hours are compared over four weeks on each side.</summary>
    private static readonly TimeSpan Around = TimeSpan.FromDays(28);

    /// <summary>New hours may complete what earlier ones began: a run, a change of level.</summary>
    private static readonly TimeSpan Back = TimeSpan.FromDays(7);

    private sealed record Due(int MeterId, DateTimeOffset From, DateTimeOffset Until, long Stamp)
    {
        public MeterSpan Span => new(MeterId, From - Back - Around, Until + Around);

        public Interval New => new(From, Until);
    }

    private sealed record Verdict(Meter Meter, Due Due, Interval Looked, IReadOnlyList<Finding> Findings, List<Interval> Missing);

    public async Task<JudgedReadings> Handle(JudgeReadings request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        if (!await flags.TryLockAsync(loopId, cancellationToken))
        {
            return JudgedReadings.Nothing;
        }

        var waiting = await DueAsync(request, cancellationToken);
        var due = waiting.Take(request.MostMeters).ToList();
        if (due.Count == 0)
        {
            return JudgedReadings.Nothing;
        }

        var ids = due.ConvertAll(one => one.MeterId);
        var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var meters = await work.Db.Meters.AsNoTracking().Where(meter => meter.LoopId == loopId && ids.Contains(meter.Id)).ToDictionaryAsync(meter => meter.Id, cancellationToken);
        var memberIds = meters.Values.Select(meter => meter.MemberId).ToHashSet();
        var joined = await work.Db.Members.AsNoTracking().Where(member => member.LoopId == loopId && memberIds.Contains(member.Id))
            .ToDictionaryAsync(member => member.Id, member => member.JoinedAt, cancellationToken);
        var parameters = await classes.OfAsync(loopId, cancellationToken);
        var calendar = loop.Calendar;
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var today = calendar.StartOf(calendar.DayOf(now));
        var hours = await measured.ReadAsync(loopId, due.ConvertAll(one => one.Span), cancellationToken);
        var changeDays = ChangeDays(calendar, due.Min(one => one.Span.From), today).ToList();
        var counted = await registers.ReadAsync(loopId, due.ConvertAll(one => one.Span), cancellationToken);

        // The checks only compute: they share the processors.
        var verdicts = due.Where(one => meters.ContainsKey(one.MeterId)).AsParallel().AsOrdered().WithCancellation(cancellationToken).Select(one =>
        {
            var meter = meters[one.MeterId];
            var series = MeasuredHours.Series(meter.Code, one.Span.From, hours[one.MeterId]);
            var ofMeter = MeterClasses.For(meter, parameters);
            // Only where time is real do the days of a membership mean anything.
            var contract = loop.Kind == LoopKind.Live && meter.Direction == MeterDirection.Consumption && joined.TryGetValue(meter.MemberId, out var since)
                ? (Interval[])[new Interval(MarketHour.Containing(since), DateTimeOffset.MaxValue)] : null;
            var judged = SeriesValidation.Judge(series, ofMeter, new SeriesContext(calendar, contract));
            var looked = new Interval(one.From - Back, one.Until);
            // A plant runs when the market calls it: that it rests, starts and runs at full load says nothing about its meter.
            var told = judged.Findings.Where(finding => meter.PlantCode is null || !OfHabit.Contains(finding.Check));
            var beside = counted.GetValueOrDefault(meter.Id);
            Finding[] findings =
            [
                .. told.Concat(beside?.Judge(series, ofMeter) ?? []).Concat(beside?.JudgeSiblings(series, now - ofMeter.SilentAfter) ?? [])
                    .Concat(OfChangeDays(series, calendar, changeDays, today)).Where(finding => Touches(finding.During, looked)),
            ];
            return new Verdict(meter, one, looked, findings, MissingIn(series, meter, one, today));
        }).ToList();

        var first = due.Min(one => one.Span.From);
        var known = (await flags.ReadAsync(loopId, [.. ids], new Interval(first, due.Max(one => one.Span.Until)), cancellationToken)).ToLookup(flag => flag.MeterId);
        var raised = verdicts.SelectMany(verdict => New(verdict, [.. known[verdict.Meter.Id]])).ToList();
        var withdrawn = verdicts.SelectMany(verdict => Gone(verdict, known[verdict.Meter.Id])).ToArray();
        await flags.AddAsync(loopId, raised, cancellationToken);
        await flags.ResolveAsync(loopId, withdrawn, FlagResolutionKind.NoLongerFound, "Later readings do not show it any more.", null, cancellationToken);
        await late.NoteAsync(loopId, due.ConvertAll(one => (one.MeterId, one.New)), cancellationToken);
        await ForgetAsync(loopId, due, cancellationToken);
        return new JudgedReadings(due.Count, hours.Values.Sum(one => (long)one.Length), raised.Count, withdrawn.Length, waiting.Count > due.Count ? due[^1].MeterId : null);
    }

    /// <summary>Hours without a measurement while the meter is in service: between measurements, and up to the last finished day.</summary>
    private static List<Interval> MissingIn(MeterSeries series, Meter meter, Due due, DateTimeOffset today)
    {
        var service = meter.InServiceFrom > due.From - Back ? MarketHour.Containing(meter.InServiceFrom.AddTicks(TimeSpan.TicksPerHour - 1)) : due.From - Back;
        var lastMeasured = Enumerable.Range(0, series.Count).LastOrDefault(at => series[at] is not null && series.At(at) < due.Until, -1);
        var until = due.Until < today ? due.Until : lastMeasured >= 0 && series.At(lastMeasured) > today ? series.At(lastMeasured) : today;
        until = until < due.Until ? until : due.Until;
        until = meter.InServiceUntil < until ? MarketHour.Containing(meter.InServiceUntil.Value) : until;
        var firstMeasured = Enumerable.Range(0, series.Count).FirstOrDefault(at => series[at] is not null, series.Count);
        var missing = new List<Interval>();
        foreach (var run in HourRun.In(series, (_, at) => series[at] is null))
        {
            // Before a meter's first hour nothing was due, unless these very hours are.
            var start = run.First < firstMeasured && series.At(run.First) < due.From ? due.From : series.At(run.First);
            start = start < service ? service : start;
            var end = series.At(run.End) < until ? series.At(run.End) : until;
            if (start < end)
            {
                missing.Add(new Interval(start, end));
            }
        }

        return missing;
    }

    /// <summary>Days of 23 or 25 hours that are over and that the meter measured from before to after: what another number of hours means there
    /// is not that the meter was away, but how its hours are written.</summary>
    private static IEnumerable<Finding> OfChangeDays(MeterSeries series, LoopCalendar calendar, List<Interval> changeDays, DateTimeOffset today)
    {
        var end = Math.Clamp(series.IndexOf(today), 0, series.Count);
        // The first hour that starts at this instant or after it: where midnight is not on the hour, the hour before belongs to the day before.
        int From(DateTimeOffset instant) => Math.Clamp(series.IndexOf(instant.AddTicks(TimeSpan.TicksPerHour - 1)), 0, end);
        bool HasHour(int from, int until) => Enumerable.Range(from, until - from).Any(at => series[at] is not null);
        return
            from day in changeDays
            let first = From(day.Start)
            let next = From(day.End)
            where HasHour(0, first) && HasHour(next, end)
            from finding in ClockChecks.JudgeChangeDays(
                Enumerable.Range(first, next - first).Where(at => series[at] is not null)
                    .Select(at => new DeliveredInterval(series.Meter, "energy", series.At(at), series.At(at + 1))),
                calendar)
            select finding;
    }

    private static IEnumerable<Interval> ChangeDays(LoopCalendar calendar, DateTimeOffset from, DateTimeOffset today)
    {
        for (var day = calendar.DayOf(from); calendar.Day(day) is var whole && whole.End <= today; day = day.AddDays(1))
        {
            if (whole.Length != TimeSpan.FromDays(1))
            {
                yield return whole;
            }
        }
    }

    private static IEnumerable<NewFlag> New(Verdict verdict, List<StoredFlag> known)
    {
        var standing = known.Where(flag => flag.Resolution != FlagResolutionKind.NoLongerFound).ToLookup(flag => flag.CheckName, flag => flag.During);
        foreach (var finding in verdict.Findings)
        {
            var covered = standing[finding.Check.Name].ToList();
            if (IsOfLevel(finding.Check))
            {
                // Where exactly a level changed is found anew with each week; it is one change all the same.
                if (!covered.Exists(flag => Touches(flag, finding.During)))
                {
                    yield return new NewFlag(verdict.Meter.Id, finding.During, finding.Check, finding.Words, finding.OtherMeter);
                }

                continue;
            }

            foreach (var part in FlagBook.Uncovered(finding.During, covered))
            {
                yield return new NewFlag(verdict.Meter.Id, part, finding.Check, finding.Words, finding.OtherMeter);
            }
        }

        // What an operator has decided about an hour is not asked again.
        var answered = known.Where(flag => flag.CheckName == IntervalChecks.Missing.Name
            ? flag.Resolution != FlagResolutionKind.NoLongerFound
            : flag.Resolution is FlagResolutionKind.Accepted or FlagResolutionKind.Estimated).Select(flag => flag.During).ToList();
        foreach (var part in verdict.Missing.SelectMany(run => FlagBook.Uncovered(run, answered)))
        {
            var count = (int)part.Length.TotalHours;
            yield return new NewFlag(verdict.Meter.Id, part, IntervalChecks.Missing, count == 1
                ? "1 hour without a measurement."
                : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{count} hours without a measurement."));
        }
    }

    /// <summary>Open flags on hours that came anew, of checks that do not say so any more.</summary>
    private static IEnumerable<long> Gone(Verdict verdict, IEnumerable<StoredFlag> known) =>
        from flag in known
        where flag.IsOpen && Touches(flag.During, verdict.Due.New) && flag.During.Start >= verdict.Due.Span.From && flag.During.End <= verdict.Due.Span.Until
        where Judged.Contains(flag.CheckName)
        where flag.CheckName == IntervalChecks.Missing.Name
            ? !verdict.Missing.Exists(run => Touches(run, flag.During))
            : !verdict.Findings.Any(finding => finding.Check.Name == flag.CheckName && Touches(finding.During, flag.During))
        select flag.Id;

    private static readonly HashSet<string> Judged =
    [
        IntervalChecks.Missing.Name, ClockChecks.ChangeDay.Name, DeviceChecks.MissingSibling.Name, LimitChecks.Negative.Name, LimitChecks.Capacity.Name, LimitChecks.Contract.Name, SpikeChecks.Peak.Name, SpikeChecks.Hampel.Name,
        RunChecks.Stuck.Name, RunChecks.LongZeros.Name, ZeroGapCheck.Check.Name, LevelChecks.History.Name, LevelChecks.Jump.Name, LevelChecks.UnitJump.Name,
    ];

    /// <summary>Checks that hold hours against the meter's own habits.</summary>
    private static readonly HashSet<Check> OfHabit =
    [
        SpikeChecks.Peak, SpikeChecks.Hampel, RunChecks.Stuck, RunChecks.LongZeros, ZeroGapCheck.Check, LevelChecks.History, LevelChecks.Jump, LevelChecks.UnitJump,
    ];

    private static bool IsOfLevel(Check check) => check == LevelChecks.Jump || check == LevelChecks.UnitJump;

    private static bool Touches(Interval one, Interval other) => one.Start < other.End && one.End > other.Start;

    private async Task<List<Due>> DueAsync(JudgeReadings request, CancellationToken cancellationToken) =>
        [.. (await work.Db.UnjudgedReadings.AsNoTracking().Where(row => row.LoopId == request.LoopId && row.MeterId > request.AfterMeter)
            .OrderBy(row => row.MeterId).Take(request.MostMeters + 1).ToListAsync(cancellationToken))
            .Select(row => new Due(row.MeterId, row.FromHour, row.UntilHour, row.Stamp))];

    // A meter whose hours came while its checks ran keeps its place; one that is being written to is left for the next time.
    private async Task ForgetAsync(int loopId, List<Due> due, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            WITH done AS (
                SELECT u.meter_id FROM market.unjudged_readings u JOIN unnest($2, $3) AS d(meter_id, stamp) ON d.meter_id = u.meter_id AND d.stamp = u.stamp
                WHERE u.loop_id = $1 ORDER BY u.meter_id FOR UPDATE OF u SKIP LOCKED)
            DELETE FROM market.unjudged_readings WHERE loop_id = $1 AND meter_id IN (SELECT meter_id FROM done)
            """,
            await work.ConnectionAsync(cancellationToken));
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. due.Select(one => one.MeterId)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. due.Select(one => one.Stamp)] });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
