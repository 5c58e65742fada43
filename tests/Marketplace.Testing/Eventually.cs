namespace Marketplace.Testing;

/// <summary>Waits for something another process does. It looks often and gives up late, so it is neither slow nor a matter of luck.</summary>
public static class Eventually
{
    public static async Task HoldsAsync(Func<Task<bool>> condition, string what, TimeSpan? limit = null)
    {
        using var patience = new CancellationTokenSource(limit ?? TimeSpan.FromSeconds(60));
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        try
        {
            while (!await condition())
            {
                await looks.WaitForNextTickAsync(patience.Token);
            }
        }
        catch (OperationCanceledException gaveUp) when (patience.IsCancellationRequested)
        {
            throw new TimeoutException($"It did not come to pass that {what}", gaveUp);
        }
    }
}
