using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Deals;

/// <summary>What somebody wishes of a deal, in days and hours of the loop.</summary>
/// <param name="Quantity">In each hour.</param>
/// <param name="FirstDay">A local day; where it is today, its hours still open.</param>
/// <param name="LastDay">A local day, itself included.</param>
/// <param name="HourFrom">On the loop's clocks, 0 to 23.</param>
/// <param name="HourUntil">On the loop's clocks, 1 to 24; not after <paramref name="HourFrom"/> means over midnight.</param>
/// <param name="AnswerBy">On the market clock; null is the gate of the first hour.</param>
/// <param name="PlantCode">Where the seller wishes it: the plant that delivers.</param>
/// <param name="Note">A few words to the other.</param>
public sealed record DealWish(
    Energy Quantity, Price Price, DateOnly FirstDay, DateOnly LastDay, short HourFrom, short HourUntil,
    DateTimeOffset? AnswerBy = null, string? PlantCode = null, string? Note = null);

/// <summary>The terms of a deal: from when to when, which hours of the day, how much, at what price.</summary>
public sealed record DealTerms(
    Energy Quantity, Price Price, DateTimeOffset StartsAt, DateTimeOffset EndsAt, short HourFrom, short HourUntil, DateTimeOffset ExpiresAt, string? PlantCode)
{
    public const int MostDays = 366;

    public static DealTerms Of(DealAct act)
    {
        ArgumentNullException.ThrowIfNull(act);
        return new DealTerms(act.Quantity, act.Price, act.StartsAt, act.EndsAt, act.HourFrom, act.HourUntil, act.ExpiresAt, act.PlantCode);
    }

    /// <summary>The hours in which the deal delivers, in order.</summary>
    public IEnumerable<DateTimeOffset> Hours(LoopCalendar calendar) =>
        new Interval(StartsAt, EndsAt).Steps(MarketHour.Length).Where(hour => IsIn(calendar.ToLocal(hour).Hour));

    /// <summary>Whether the deal delivers in this hour.</summary>
    public bool Holds(LoopCalendar calendar, DateTimeOffset hour) => hour >= StartsAt && hour < EndsAt && IsIn(calendar.ToLocal(hour).Hour);

    private bool IsIn(int hourOfDay) => HourFrom < HourUntil ? hourOfDay >= HourFrom && hourOfDay < HourUntil : hourOfDay >= HourFrom || hourOfDay < HourUntil;

    /// <summary>Turns a wish into terms that can still be met.</summary>
    /// <param name="firstOpen">The first hour whose gate is open.</param>
    /// <exception cref="RefusedException">No hour is left, or the answer would come too late.</exception>
    public static DealTerms Of(Loop loop, DealWish wish, DateTimeOffset now, DateTimeOffset firstOpen)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(wish);
        var calendar = loop.Calendar;
        var starts = WholeHour(calendar.StartOf(wish.FirstDay));
        var ends = WholeHour(calendar.StartOf(wish.LastDay.AddDays(1)));
        // What lies before the next gate or after the market's end is left out.
        starts = starts < firstOpen ? firstOpen : starts;
        ends = ends > loop.EndsAt ? loop.EndsAt.Value : ends;
        var none = new RefusedException([new Problem(
            nameof(DealWish.FirstDay),
            $"No hour of these terms is still open: the next gate is that of {Gate.Local(loop, firstOpen)}. Choose later days or other hours of the day.", "gate")]);
        if (ends <= starts)
        {
            throw none;
        }

        if (ends > now.AddDays(MostDays + 1))
        {
            throw new RefusedException([new Problem(nameof(DealWish.LastDay), "A deal can reach at most 366 days ahead.", "too-far")]);
        }

        var terms = new DealTerms(
            wish.Quantity, wish.Price, starts, ends, wish.HourFrom, wish.HourUntil, default, string.IsNullOrEmpty(wish.PlantCode) ? null : wish.PlantCode);
        var first = terms.Hours(calendar).Select(hour => (DateTimeOffset?)hour).FirstOrDefault() ?? throw none;
        var gate = MarketHour.GateOf(loop, first);
        return wish.AnswerBy is not { } answerBy ? terms with { ExpiresAt = gate }
            : answerBy <= now ? throw new RefusedException(nameof(DealWish.AnswerBy), $"This is over: it is {Gate.Local(loop, now)} on the market clock. Choose a later time.")
            : answerBy > gate ? throw new RefusedException([new Problem(
                nameof(DealWish.AnswerBy), $"The gate of the first hour closes at {Gate.Local(loop, gate)}; an answer after it comes too late. Choose an earlier time.", "gate")])
            : terms with { ExpiresAt = answerBy };
    }

    private static DateTimeOffset WholeHour(DateTimeOffset instant) =>
        MarketHour.IsStart(instant) ? instant : MarketHour.Containing(instant) + MarketHour.Length;
}

internal sealed class DealWishValidator : AbstractValidator<DealWish>
{
    public DealWishValidator()
    {
        RuleFor(wish => wish.Quantity).QuantityWithinBounds();
        RuleFor(wish => wish.Price).Must(price => price >= OrderBounds.LowestPrice && price <= OrderBounds.HighestPrice)
            .WithMessage("Enter a price between −1,000 and 1,000 hundredths of the currency per kWh.");
        RuleFor(wish => wish.LastDay).GreaterThanOrEqualTo(wish => wish.FirstDay).WithMessage("The last day cannot come before the first.");
        RuleFor(wish => wish.HourFrom).InclusiveBetween((short)0, (short)23).WithMessage("Choose an hour from 0 to 23.");
        RuleFor(wish => wish.HourUntil).InclusiveBetween((short)1, (short)24).WithMessage("Choose an hour from 1 to 24.");
        RuleFor(wish => wish.Note).MaximumLength(500).WithMessage("A note can have at most 500 characters.");
    }
}
