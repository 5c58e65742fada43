using Marketplace.Quantities;

namespace Marketplace.Web.Features.Loops;

/// <summary>The part of an earlier period that goes with what has passed of a running one.</summary>
public static class EarlierSpans
{
    /// <summary>As many days from the earlier beginning, and as much of the last one; a whole period goes with a whole one.</summary>
    /// <param name="now">From the period's start to where it has come.</param>
    /// <param name="next">The first day after the period.</param>
    /// <param name="thenFirst">The first day of the earlier period.</param>
    /// <param name="thenNext">The first day after it: no more than it has is compared.</param>
    public static Interval SameSoFar(this LoopCalendar calendar, Interval now, DateOnly next, DateOnly thenFirst, DateOnly thenNext)
    {
        ArgumentNullException.ThrowIfNull(calendar);
        var whole = new Interval(calendar.StartOf(thenFirst), calendar.StartOf(thenNext));
        if (now.End >= calendar.StartOf(next))
        {
            return whole;
        }

        var last = calendar.DayOf(now.End.AddTicks(-1));
        var then = thenFirst.AddDays(last.DayNumber - calendar.DayOf(now.Start).DayNumber);
        // The end of a day goes with the end of a day, also where the clock is set forward or back.
        var end = now.End == calendar.StartOf(last.AddDays(1)) ? calendar.StartOf(then.AddDays(1)) : calendar.StartOf(then) + (now.End - calendar.StartOf(last));
        return new Interval(whole.Start, end < whole.End ? end : whole.End);
    }
}
