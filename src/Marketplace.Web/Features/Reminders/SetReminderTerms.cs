using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Reminders;

/// <summary>Says from which day on the loop reminds of what is overdue, after how many days and at which fee; and how long an answer to a dispute and an
/// instalment may take.</summary>
/// <param name="LevelDays">Days after a document is due, rising; none: nobody is reminded.</param>
/// <param name="LevelFeeCents">The fee of each level.</param>
public sealed record SetReminderTerms(
    int LoopId, DateOnly ValidFrom, IReadOnlyList<int> LevelDays, IReadOnlyList<long> LevelFeeCents, long LeastCents, int AnswerDays, int GraceDays) : IRequest<int>, IOperatorAct
{
    public const int MostLevels = 3;

    string IOperatorAct.Subject => string.Create(
        CultureInfo.InvariantCulture,
        $"from {ValidFrom:yyyy-MM-dd}: reminders after {string.Join(", ", LevelDays)} days at {string.Join(", ", LevelFeeCents)} cents, answers within {AnswerDays} days, grace {GraceDays} days");
}

public sealed class SetReminderTermsValidator : AbstractValidator<SetReminderTerms>
{
    public SetReminderTermsValidator()
    {
        RuleFor(request => request.LevelDays).Must(days => days.Count <= SetReminderTerms.MostLevels).WithMessage("Use at most three levels.");
        RuleFor(request => request.LevelDays).Must(days => days.All(day => day is >= 1 and <= 365)).WithMessage("Remind 1 to 365 days after the due date.");
        RuleFor(request => request.LevelDays).Must(days => days.Zip(days.Skip(1)).All(pair => pair.First < pair.Second)).WithMessage("Each level has to come later than the one before.");
        RuleFor(request => request.LevelFeeCents).Must((request, fees) => fees.Count == request.LevelDays.Count && fees.All(fee => fee is >= 0 and <= 10_000)).WithMessage("Use fees of 0 to 100.");
        RuleFor(request => request.LeastCents).InclusiveBetween(0, 100_000).WithMessage("Use 0 to 1,000.");
        RuleFor(request => request.AnswerDays).InclusiveBetween(1, 180).WithMessage("Use 1 to 180 days.");
        RuleFor(request => request.GraceDays).InclusiveBetween(0, 30).WithMessage("Use 0 to 30 days.");
    }
}

/// <summary>The terms by their days.</summary>
internal static class ReminderTermsOn
{
    /// <summary>Those that hold on a day; none before the first.</summary>
    public static Task<ReminderTerms?> DayAsync(MarketplaceDb db, int loopId, DateOnly day, CancellationToken cancellationToken) => db.ReminderTerms.AsNoTracking()
        .Where(terms => terms.LoopId == loopId && terms.ValidFrom <= day)
        .OrderByDescending(terms => terms.ValidFrom).ThenByDescending(terms => terms.Version).FirstOrDefaultAsync(cancellationToken);
}

internal sealed class SetReminderTermsHandler(Work work, MarketTime market, CurrentActor current, TimeProvider time) : IRequestHandler<SetReminderTerms, int>
{
    public async Task<int> Handle(SetReminderTerms request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"reminder-terms/" + loopId}, 0))", cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        if (request.ValidFrom < loop.Calendar.DayOf(await market.NowAsync(loopId, cancellationToken)))
        {
            throw new RefusedException(nameof(request.ValidFrom), "That day has passed. Choose today or a later day.");
        }

        var version = (await db.ReminderTerms.Where(terms => terms.LoopId == loopId).MaxAsync(terms => (int?)terms.Version, cancellationToken) ?? 0) + 1;
        db.ReminderTerms.Add(new ReminderTerms
        {
            LoopId = loopId, Version = version, ValidFrom = request.ValidFrom, LevelDays = [.. request.LevelDays], LevelFeeCents = [.. request.LevelFeeCents], LeastCents = request.LeastCents,
            AnswerDays = request.AnswerDays, GraceDays = request.GraceDays, SetBy = current.Actor.AccountId, SetAt = time.GetUtcNow(),
        });
        await db.SaveChangesAsync(cancellationToken);
        return version;
    }
}
