namespace Marketplace.Web.Features.Accounts;

/// <summary>Lets an answer about an account take no less than a set time, so that a stopwatch tells nobody whether there is
/// such an account. The work itself is even to a few milliseconds; this hides the rest.</summary>
internal static class EvenPace
{
    private static readonly TimeSpan s_least = TimeSpan.FromMilliseconds(400);

    public static async Task<T> KeepAsync<T>(TimeProvider time, Func<Task<T>> work)
    {
        var started = time.GetTimestamp();
        var result = await work();
        var left = s_least - time.GetElapsedTime(started);
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, time);
        }

        return result;
    }
}
