using FluentValidation;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Value;
using Marketplace.Quantities;
using Marketplace.Web.Features.Corrections;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>What an operator does about flags.</summary>
public enum ExceptionCure
{
    /// <summary>The values stand.</summary>
    Accept = 1,

    /// <summary>The hours are estimated; what was measured stays on record.</summary>
    Estimate = 2,
}

/// <summary>Ends flags, many at once: accepts the values as they are, or has the hours estimated.</summary>
/// <param name="FlagIds">These, or none.</param>
/// <param name="AllThatFit">All open ones that fit this, or null.</param>
public sealed record ResolveExceptions(int LoopId, IReadOnlyList<long> FlagIds, ExceptionFilter? AllThatFit, ExceptionCure Cure, string Reason)
    : IRequest<ResolvedExceptions>, IOperatorAct
{
    /// <summary>So many at once: what does not fit is left for the next time.</summary>
    public const int Most = 5_000;

    /// <summary>So many hours are estimated at once: four weeks of some thirty meters.</summary>
    public const int MostHours = 20_000;

    string IOperatorAct.Subject => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{Cure}: {(AllThatFit is { } filter ? $"all flags with severity {filter.Severity?.ToString() ?? "any"}, check {filter.CheckName ?? "any"}, carrier {filter.Carrier?.ToString() ?? "any"}, meter {filter.Meter ?? "any"}" : $"{FlagIds.Count} flags: {string.Join(' ', FlagIds.Take(100))}")}");
}

/// <param name="Flags">How many flags were ended.</param>
/// <param name="Hours">How many hours were estimated.</param>
/// <param name="Left">How many of those asked for have to wait: too many for once.</param>
public sealed record ResolvedExceptions(int Flags, int Hours, int Left);

public sealed class ResolveExceptionsValidator : AbstractValidator<ResolveExceptions>
{
    public ResolveExceptionsValidator()
    {
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Say why; it stays on record.").MaximumLength(500).WithMessage("Use at most 500 characters.");
        RuleFor(request => request.Cure).IsInEnum().WithMessage("Choose what to do.");
        RuleFor(request => request.FlagIds).Must((request, ids) => ids.Count > 0 || request.AllThatFit is not null).WithMessage("Choose at least one row.");
        RuleFor(request => request.FlagIds).Must(ids => ids.Count <= ResolveExceptions.Most).WithMessage("Choose at most 5,000 rows.");
    }
}

internal sealed class ResolveExceptionsHandler(Work work, FlagBook flags, GapEstimates ladder, ReadingStore store, Sequencer sequencer, LateReadings late, CurrentActor current, MarketTime marketTime)
    : IRequestHandler<ResolveExceptions, ResolvedExceptions>
{
    public async Task<ResolvedExceptions> Handle(ResolveExceptions request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        // Readings first, then flags: in the order in which a delivery and the checks take them.
        if (request.Cure == ExceptionCure.Estimate)
        {
            await store.LockAsync(loopId, cancellationToken);
        }

        await flags.LockAsync(loopId, cancellationToken);
        var (chosen, left) = await ChosenAsync(request, cancellationToken);
        var hours = 0;
        if (request.Cure == ExceptionCure.Estimate)
        {
            var fitting = Fitting(chosen);
            left += chosen.Count - fitting.Count;
            chosen = fitting;
            hours = await EstimateAsync(request, chosen, cancellationToken);
        }

        // What the decision means for hours that are settled already is settled by the next pass of the checks, whatever the window says.
        var touched = chosen.Where(flag => flag.MeterId > 0).Select(flag => (flag.MeterId, new Interval(flag.Hour, flag.UntilHour))).ToList();
        if (touched.Count > 0)
        {
            await late.NoteAsync(loopId, touched, cancellationToken);
            await late.DecideAsync(loopId, touched, cancellationToken);
        }

        var kind = request.Cure == ExceptionCure.Accept ? FlagResolutionKind.Accepted : FlagResolutionKind.Estimated;
        var ended = await flags.ResolveAsync(loopId, [.. chosen.Select(flag => flag.Id)], kind, request.Reason.Trim(), current.Actor.AccountId, cancellationToken);
        return new ResolvedExceptions(ended, hours, left);
    }

    private async Task<(List<ReadingFlag> Chosen, int Left)> ChosenAsync(ResolveExceptions request, CancellationToken cancellationToken)
    {
        long[] ids = [.. request.FlagIds];
        var left = 0;
        if (request.AllThatFit is { } filter)
        {
            var all = await OpenFlags.ReadAsync(await work.ConnectionAsync(cancellationToken), request.LoopId, filter, null, ResolveExceptions.Most + 1, cancellationToken);
            left = all.Count > ResolveExceptions.Most ? 1 : 0;
            ids = [.. all.Take(ResolveExceptions.Most).Select(row => row.FlagId)];
        }

        var open = work.Db.OpenFlags.Where(open => open.LoopId == request.LoopId && ids.Contains(open.FlagId));
        return (await work.Db.ReadingFlags.AsNoTracking().Where(flag => flag.LoopId == request.LoopId && open.Any(open => open.FlagId == flag.Id))
            .OrderByDescending(flag => flag.Severity).ThenBy(flag => flag.Id).ToListAsync(cancellationToken), left);
    }

    /// <summary>Flags of meters, as many as have hours for once. What concerns several meters, or a contract, cannot be cured by estimating one.</summary>
    private static List<ReadingFlag> Fitting(List<ReadingFlag> chosen)
    {
        var (fitting, hours) = (new List<ReadingFlag>(), 0);
        foreach (var flag in chosen.Where(flag => flag.MeterId > 0 && flag.CheckName != LimitChecks.Contract.Name && FamilyOf(flag.CheckName) != CheckFamily.AcrossMeters))
        {
            hours += (int)(flag.UntilHour - flag.Hour).TotalHours;
            if (hours > ResolveExceptions.MostHours && fitting.Count > 0)
            {
                break;
            }

            if (hours <= ResolveExceptions.MostHours)
            {
                fitting.Add(flag);
            }
        }

        return fitting;
    }

    private static CheckFamily? FamilyOf(string checkName) => SeriesValidation.All.FirstOrDefault(check => check.Name == checkName)?.Family;

    private async Task<int> EstimateAsync(ResolveExceptions request, List<ReadingFlag> chosen, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var ids = chosen.Select(flag => flag.MeterId).ToHashSet();
        var meters = await work.Db.Meters.AsNoTracking().Where(meter => meter.LoopId == loopId && ids.Contains(meter.Id)).ToDictionaryAsync(meter => meter.Id, cancellationToken);
        var asked = chosen.GroupBy(flag => flag.MeterId)
            .Select(ofMeter => new HoursToEstimate(
                meters[ofMeter.Key],
                ofMeter.SelectMany(flag => new Interval(flag.Hour, flag.UntilHour).Steps(MarketHour.Length)).ToHashSet()))
            .ToList();
        if (asked.Count == 0)
        {
            return 0;
        }

        var estimates = await ladder.OfAsync(loop, asked, cancellationToken);
        var kept = new List<(NewReading Reading, Estimate Estimate)>();
        foreach (var one in asked)
        {
            var before = await store.RevisionsAsync(loopId, [one.Meter.Id], [.. one.Hours.Order()], cancellationToken);
            foreach (var (hour, estimate) in estimates[one.Meter.Id])
            {
                var revisions = before.GetValueOrDefault((one.Meter.Id, hour)) ?? [];
                if (revisions is [.., { Quality: ReadingQuality.Estimated } last] && last.Energy == estimate.Energy)
                {
                    continue;
                }

                var note = $"{EstimateNotes.NoteOf(estimate)}; decided by the operator: {request.Reason.Trim()}";
                kept.Add((new NewReading(one.Meter.Id, one.Meter.Code, one.Meter.MemberId, hour, estimate.Energy, ReadingQuality.Estimated, note, revisions), estimate));
            }
        }

        if (kept.Count > 0)
        {
            var now = await marketTime.NowAsync(loopId, cancellationToken);
            var key = FormattableString.Invariant($"estimates/flags/{chosen.Min(flag => flag.Id)}/{chosen.Count}/{Instants.Iso(now)}");
            await store.AddAsync(loopId, loop.Slug, key, kept.ConvertAll(one => one.Reading), [], cancellationToken);
            await work.Db.BulkInsertAsync([.. kept.Select(one => EstimateNotes.Kept(loopId, one.Reading, one.Estimate))], cancellationToken);
            work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
        }

        return kept.Count;
    }
}
