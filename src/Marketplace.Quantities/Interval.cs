using System.Globalization;

namespace Marketplace.Quantities;

/// <summary>A span of time in UTC: start included, end excluded, never empty.</summary>
public readonly record struct Interval
{
    /// <summary>Creates an interval.</summary>
    /// <exception cref="ArgumentException">A bound is not UTC, or the end is not after the start.</exception>
    public Interval(DateTimeOffset start, DateTimeOffset end)
    {
        if (start.Offset != TimeSpan.Zero || end.Offset != TimeSpan.Zero)
        {
            throw new ArgumentException("Intervals are kept in UTC");
        }

        if (end <= start)
        {
            throw new ArgumentException("An interval ends after it starts");
        }

        Start = start;
        End = end;
    }

    /// <summary>The first instant inside.</summary>
    public DateTimeOffset Start { get; }

    /// <summary>The first instant after.</summary>
    public DateTimeOffset End { get; }

    /// <summary>How long it lasts.</summary>
    public TimeSpan Length => End - Start;

    /// <summary>Whether the instant lies inside.</summary>
    public bool Contains(DateTimeOffset instant) => instant >= Start && instant < End;

    /// <summary>The starts of the consecutive steps of this length that lie inside.</summary>
    public IEnumerable<DateTimeOffset> Steps(TimeSpan step)
    {
        for (var at = Start; at < End; at += step)
        {
            yield return at;
        }
    }

    /// <summary>ISO 8601 with a slash between the bounds.</summary>
    public override string ToString() => $"{Instants.Iso(Start)}/{Instants.Iso(End)}";
}

/// <summary>How instants are written in records and files.</summary>
public static class Instants
{
    /// <summary>ISO 8601 in UTC to the second, as in <c>2019-12-03T00:00:00Z</c>.</summary>
    public static string Iso(DateTimeOffset instant) =>
        instant.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
