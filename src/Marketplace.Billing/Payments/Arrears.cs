using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>When a document that is overdue is reminded of.</summary>
public static class Reminding
{
    /// <summary>The level that is due, counted from 1; none where none is. No level is left out, and each comes as many days after the one before as
    /// the levels lie apart, so that a late start does not send them on days in a row.</summary>
    /// <param name="levelDays">For each level, so many days after the document is due; rising.</param>
    /// <param name="dueOn">When the document was due.</param>
    /// <param name="lastLevel">The highest level so far; 0 for none.</param>
    /// <param name="lastOn">The day of that reminder; meaningless without one.</param>
    /// <param name="today">The day on which it is asked.</param>
    public static int? LevelDue(IReadOnlyList<int> levelDays, DateOnly dueOn, int lastLevel, DateOnly lastOn, DateOnly today)
    {
        ArgumentNullException.ThrowIfNull(levelDays);
        ArgumentOutOfRangeException.ThrowIfNegative(lastLevel);
        if (lastLevel >= levelDays.Count || today < dueOn.AddDays(levelDays[lastLevel]))
        {
            return null;
        }

        return lastLevel == 0 || today >= lastOn.AddDays(levelDays[lastLevel] - levelDays[lastLevel - 1]) ? lastLevel + 1 : null;
    }
}

/// <summary>An instalment.</summary>
/// <param name="DueOn">Its day.</param>
/// <param name="Cents">Above zero.</param>
public sealed record Instalment(DateOnly DueOn, long Cents);

/// <summary>How an agreement to pay in instalments stands.</summary>
public enum InstalmentStanding
{
    /// <summary>What was due has come.</summary>
    Kept = 1,

    /// <summary>What was due has not come in time.</summary>
    Broken = 2,

    /// <summary>All of it has come.</summary>
    Completed = 3,
}

/// <summary>Divides what is owed into instalments and judges whether they come.</summary>
public static class Instalments
{
    /// <summary>Equal parts in cents; what does not divide goes to the first parts (largest remainder). Their sum is the total.</summary>
    /// <param name="totalCents">What is owed.</param>
    /// <param name="days">The day of each part, rising.</param>
    /// <exception cref="ArgumentException">There is no day, the days do not rise, or a part would be nothing.</exception>
    public static IReadOnlyList<Instalment> Divide(long totalCents, IReadOnlyList<DateOnly> days)
    {
        ArgumentNullException.ThrowIfNull(days);
        if (days.Count == 0 || totalCents < days.Count || days.Zip(days.Skip(1)).Any(pair => pair.First >= pair.Second))
        {
            throw new ArgumentException("Instalments need rising days and at least a cent each", nameof(days));
        }

        var weights = new long[days.Count];
        Array.Fill(weights, 1);
        var parts = LargestRemainder.Split(totalCents, weights);
        return [.. days.Select((day, i) => new Instalment(day, parts[i]))];
    }

    /// <summary>The same day of each following month; the last day where a month has no such day.</summary>
    public static IReadOnlyList<DateOnly> Monthly(DateOnly first, int count) => [.. Enumerable.Range(0, count).Select(first.AddMonths)];

    /// <summary>What has to have come by the end of a day.</summary>
    public static long DueCents(IEnumerable<Instalment> parts, DateOnly day) => parts.Where(part => part.DueOn <= day).Sum(part => part.Cents);

    /// <summary>How it stands on a day.</summary>
    /// <param name="parts">The instalments.</param>
    /// <param name="paidCents">What has come of them in all.</param>
    /// <param name="today">The day.</param>
    /// <param name="graceDays">An instalment may come so many days late.</param>
    public static InstalmentStanding Judge(IReadOnlyList<Instalment> parts, long paidCents, DateOnly today, int graceDays)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return paidCents >= parts.Sum(part => part.Cents) ? InstalmentStanding.Completed
            : paidCents >= DueCents(parts, today.AddDays(-graceDays - 1)) ? InstalmentStanding.Kept
            : InstalmentStanding.Broken;
    }
}
