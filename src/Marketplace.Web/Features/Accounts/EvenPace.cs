using System.Diagnostics;

namespace Marketplace.Web.Features.Accounts;

/// <summary>Lets an answer about an account take no less than a set time, so that a stopwatch tells nobody whether there is
/// such an account. The work itself is even to a few milliseconds; this hides the rest.</summary>
internal static class EvenPace
{
    private static readonly TimeSpan s_least = TimeSpan.FromMilliseconds(400);

    // A stopwatch, not the clock of the host: what counts is how long the person who asks has waited.
    public static async Task<T> KeepAsync<T>(Func<Task<T>> work)
    {
        var started = Stopwatch.GetTimestamp();
        var result = await work();
        var left = s_least - Stopwatch.GetElapsedTime(started);
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left);
        }

        return result;
    }
}
